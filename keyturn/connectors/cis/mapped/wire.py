"""What does a transport take, and what does it give back?"""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from keyturn.terms.errors import Unavailable


@dataclass(frozen=True, slots=True)
class Reply:
    """What the CIS answered, as far as it can be read. A SOAP fault has status 500 and `fault`: code, message, detail."""

    status: int
    body: Any = None
    fault: Any = None

    @property
    def good(self) -> bool:
        return 200 <= self.status < 300 and self.fault is None

    @property
    def scope(self) -> dict[str, Any]:
        return {"status": self.status, "body": self.body, "fault": self.fault}


@dataclass(frozen=True, slots=True)
class Deadline:
    """When a whole call of `Cis`, all its exchanges together, must be over."""

    seconds: float
    begun: float = field(default_factory=time.monotonic)

    def left(self) -> float:
        """Seconds; Unavailable where none are left: nothing more has been sent."""
        left = self.begun + self.seconds - time.monotonic()
        if left <= 0:
            raise Unavailable("cis_too_slow")
        return left


Exchanged = tuple[int, Mapping[str, str], bytes]
"""Status, headers (names in small letters) and body."""


class Way(Protocol):
    """What a transport needs of a line."""

    base: str

    def exchange(
        self, verb: str, path: str, *, headers: Mapping[str, str], content: bytes | None, deadline: Deadline
    ) -> Exchanged: ...

    def close(self) -> None: ...


class Transport(Protocol):
    """One exchange with the CIS.

    Raises Unavailable where not one byte has left, and InDoubt where some have and no whole, readable answer came.
    """

    @property
    def line(self) -> Way: ...

    def exchange(self, target: str, body: Any, *, deadline: Deadline) -> Reply: ...

    def close(self) -> None: ...
