"""Which failures have a name, and who must act when one happens?

A rule's "no" is not an error: it is a `Finding` (see `finding.py`). Anything not listed here is a bug.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from keyturn.terms.finding import Finding


class KeyturnError(Exception):
    """Base of the named failures. `code` is stable and public; the text never holds personal data."""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(f"{code}: {detail}" if detail else code)
        self.code = code
        self.detail = detail


class NotAllowed(KeyturnError):
    """The request does not stand where this act is possible (HTTP 409, or 403/404 where `code` says so)."""


class StaleVersion(NotAllowed):
    """Somebody else changed it first (ER-21, ER-25; HTTP 412). `current` is the version on disk."""

    def __init__(self, current: int) -> None:
        super().__init__("stale_version", f"the current version is {current}")
        self.current = current


class Unavailable(KeyturnError):
    """The other side could not be reached and did nothing: safe to try again."""


class InDoubt(KeyturnError):
    """The other side may or may not have acted: ask what happened to the key before sending again."""


class Rejected(KeyturnError):
    """The other side understood and said no: a person must look."""


class Invalid(KeyturnError):
    """What was asked is not well formed or not possible; `findings` say what to do (HTTP 422)."""

    def __init__(self, findings: Sequence["Finding"]) -> None:
        super().__init__("invalid", ", ".join(sorted({found.rule for found in findings})))
        self.findings = tuple(findings)
