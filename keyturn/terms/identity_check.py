"""What do we ask an outside identity check, and what may it answer?"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from keyturn.terms.person import PersonDetails


class IdentityOutcome(StrEnum):
    PASSED = "passed"
    FAILED = "failed"  # the details do not belong together (ER-14)
    UNSURE = "unsure"  # no answer could be given: a frozen file, too little known (ER-15)


@dataclass(frozen=True, slots=True)
class IdentityAnswer:
    """What the check found. `level` is an identity assurance level as in NIST SP 800-63A (0: none).

    `reference` is the other side's own, for a later question; `reasons` are its codes, never personal data.
    """

    outcome: IdentityOutcome
    level: int = 0
    reference: str = ""
    reasons: tuple[str, ...] = ()


class IdentityCheck(Protocol):
    """An outside party that says whether somebody is who they say they are."""

    name: str

    def check(self, details: PersonDetails, *, key: str) -> IdentityAnswer:
        """Ask once under `key`; asking again under the same key gives the same answer and costs nothing.

        Raises Unavailable (not reached), InDoubt (asked, but no readable answer: ask again under the same key) or
        Rejected (our question was refused: a person must look).
        """
        ...
