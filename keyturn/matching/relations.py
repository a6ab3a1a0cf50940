"""How do two people belong together who are not the same?"""

from collections.abc import Iterable
from typing import Final

from keyturn.matching.score import Scored

CODES: Final = ("household", "twin", "shared_contact", "shared_identifier", "same_door", "namesake")
"""household: one surname, and one door or contact. twin: that, born on one day. shared_contact: somebody else's
telephone or mailbox. shared_identifier: somebody else's document (ER-12). same_door: the next tenant, a room-mate.
namesake: the same name."""

_LOOKED_AT: Final = frozenset({"twin", "shared_contact", "shared_identifier"})
_SAME_SURNAME: Final = frozenset({"exact", "part", "slip", "phonetic", "swapped", "crossed"})
_SAME_GIVEN: Final = frozenset({"exact", "nickname", "initial", "middle", "slip", "similar", "swapped"})
_SAME_DOOR: Final = frozenset({"exact", "building", "similar"})


def relations(scored: Scored) -> tuple[str, ...]:
    """The codes of all that applies if the two are two people, in the order of `CODES`."""
    contact = "contact" in scored.groups
    door = scored.level("address") in _SAME_DOOR
    family = scored.level("family") in _SAME_SURNAME
    household = family and (contact or door)
    found = {
        "household": household,
        "twin": "twin" in scored.vetoes,
        "shared_contact": contact and not household,
        "shared_identifier": scored.level("identifier") == "equal",
        "same_door": door and not household,
        "namesake": family and scored.level("given") in _SAME_GIVEN,
    }
    return tuple(code for code in CODES if found[code])


def looked_at(codes: Iterable[str]) -> bool:
    """Whether a human sees the two side by side before a second person is made (policy 3, BR-61)."""
    return not _LOOKED_AT.isdisjoint(codes)
