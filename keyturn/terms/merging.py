"""What may be chosen when two persons on file become one, and what stands in the way of it?"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum


class Side(StrEnum):
    """Whose something is, or was, of the two files."""

    SURVIVOR = "survivor"
    LOSER = "loser"


NAME_FIELDS = ("given_name", "middle_name", "family_name", "suffix", "organisation_name")
OWN_FIELDS = ("date_of_birth", "language", "formats")
FIRST_CONTACTS = ("email", "phone")
MAILING = "mailing_address"
FIELDS = (*NAME_FIELDS, *OWN_FIELDS, *FIRST_CONTACTS, MAILING)
"""Fields of which the one file that stays can have one value only. Not named in a choice: the survivor's, or the
loser's where the survivor's is empty."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What the rules need to know about two persons who may become one. No value of theirs is here."""

    is_same: bool = False
    survivor_redirected: bool = False
    loser_redirected: bool = False
    kinds_differ: bool = False
    erased: bool = False
    is_proposed: bool = False
    not_the_same: bool = False
    is_protected: bool = False
    may_see: bool = False
    deliveries: int = 0  # requests of either that the CIS is just being told of
    survivor_in_cis: bool = True
    loser_in_cis: bool = True
    deceased: bool = False
    flagged: bool = False  # as fraud, or restricted at their own wish
    births_differ: bool = False
    identifiers_differ: bool = False


OBSTACLES: dict[str, Callable[[Facts], bool]] = {
    "same_person": lambda facts: facts.is_same,
    "already_merged": lambda facts: facts.survivor_redirected or facts.loser_redirected,
    "kinds_differ": lambda facts: facts.kinds_differ,
    "erased": lambda facts: facts.erased,
    "merge_proposed": lambda facts: facts.is_proposed,
    "said_not_same": lambda facts: facts.not_the_same,
    "protected": lambda facts: facts.is_protected and not facts.may_see,
    "cis_is_being_told": lambda facts: facts.deliveries > 0,
    "only_other_in_cis": lambda facts: facts.loser_in_cis and not facts.survivor_in_cis,
}
"""Why two persons cannot be made one, by the code of `NotAllowed`; the first that is true is said."""

WARNINGS: dict[str, Callable[[Facts], bool]] = {
    "deceased": lambda facts: facts.deceased,
    "flagged": lambda facts: facts.flagged,
    "births_differ": lambda facts: facts.births_differ,
    "identifiers_differ": lambda facts: facts.identifiers_differ,
}
"""What staff should look at twice before they go on."""


def obstacles(facts: Facts) -> tuple[str, ...]:
    return tuple(code for code, is_so in OBSTACLES.items() if is_so(facts))


def warnings(facts: Facts) -> tuple[str, ...]:
    return tuple(code for code, is_so in WARNINGS.items() if is_so(facts))


_STRICTNESS = {"off": 0, "withdrawn": 0, "pending": 1, "on": 2, "given": 2}


def stricter(one: str, other: str) -> str:
    """Of two wishes or consents the one that allows less: no beats yes."""
    return min(one, other, key=lambda each: _STRICTNESS[each])
