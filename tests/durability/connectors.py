"""Which CIS do those under attack speak to?

One answers late, so that a kill often falls between an effect and our note of it, and keeps its promise about keys. The
other does not, and shows that a test would see it (the negative control).
"""

import os
import time
from typing import Any
from uuid import uuid4

from keyturn.connectors.cis.reference import ReferenceCis
from keyturn.terms.cis import Answer, Command

PAUSE_SECONDS = float(os.environ.get("KILL_ANSWER_PAUSE", "0"))


class LateCis(ReferenceCis):
    """The reference CIS; its answers take a while to come back."""

    def send(self, command: Command, *, key: str) -> Answer:
        answer = super().send(command, key=key)
        time.sleep(PAUSE_SECONDS)
        return answer


class Forgetful:
    """Any connector; but every delivery is a new one to it, and it cannot be asked, as if each try drew a fresh key."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def send(self, command: Command, *, key: str) -> Answer:
        answer: Answer = self._inner.send(command, key=f"{key[:40]}:{uuid4()}")
        return answer

    def find(self, key: str) -> Answer | None:
        return None


class ForgetfulCis(Forgetful):
    """The late one without its memory, as the setting KEYTURN_CIS builds a connector."""

    def __init__(self, url: str, *, timeout_seconds: float) -> None:
        super().__init__(LateCis(url, timeout_seconds=timeout_seconds))
