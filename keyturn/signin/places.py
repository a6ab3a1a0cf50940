"""From which address does somebody try to sign in, and does it try too often?

axes counts wrong guesses at one name from one address. Somebody who tries another name each time is slowed down here: a
guess costs a password hash of ours, right or wrong (quality.md section 4).
"""

import ipaddress
import threading
import time
from collections import deque

from django.conf import settings
from django.http import HttpRequest

SECONDS = 60.0
MOST = 30
"""Tries from one address in `SECONDS`, in each process: an office that comes to work together stays below."""
MOST_PLACES = 10_000


def address_of(request: HttpRequest) -> str:
    """The caller's address. Behind our proxy it is the last of X-Forwarded-For: those before are the caller's own words."""
    direct = str(request.META.get("REMOTE_ADDR", ""))
    if not settings.KEYTURN_BEHIND_PROXY:
        return direct
    told = request.headers.get("X-Forwarded-For", "").rpartition(",")[2].strip()
    try:
        return str(ipaddress.ip_address(told))
    except ValueError:
        return direct


class Pace:
    """When each address tried last. Kept in the process: losing it costs nothing."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._tries: dict[str, deque[float]] = {}

    def is_kept(self, place: str) -> bool:
        """Enter a try. False where this address has tried `MOST` times in the last `SECONDS`."""
        now = time.monotonic()
        with self._lock:
            if len(self._tries) >= MOST_PLACES:
                self._tries = {each: tries for each, tries in self._tries.items() if now - tries[-1] < SECONDS}
            tries = self._tries.setdefault(place, deque(maxlen=MOST))
            if len(tries) == MOST and now - tries[0] < SECONDS:
                return False
            tries.append(now)
            return True

    def forget(self) -> None:
        """Begin anew (tests)."""
        with self._lock:
            self._tries.clear()


pace = Pace()
