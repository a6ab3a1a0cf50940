"""What have people said of two records: one person or two, and for how many others does it stand?"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from keyturn.matching.compare import levels
from keyturn.matching.model import LEVELS
from keyturn.records.queries import learning
from keyturn.records.queries.learning import Said

STANDS_FOR_AT_MOST: Final = 50.0
"""Automatic links for which one blind review speaks: two in a hundred are looked at again (policy 6)."""

_KNOWN: Final = {(field, level) for section in LEVELS.values() for field, known in section.items() for level in known}


@dataclass(frozen=True, slots=True)
class Label:
    """The levels at which two records agree, whether they are one person, and how many pairs that stands for."""

    levels: Mapping[str, str]
    same: bool
    weight: float = 1.0
    source: str = "review"


def labels() -> list[Label]:
    """Everything that staff said of two records, each pair once; of two opinions the later source counts.

    A link that was looked at again stands for those that were not: else the cases that were hard enough to be shown to
    somebody would speak for all.
    """
    said = list(learning.said())
    machines = sum(each.machine for each in said)
    stands_for = min(max(learning.automatic_links() / machines, 1.0), STANDS_FOR_AT_MOST) if machines else 1.0
    found: dict[frozenset[str], Label] = {}
    for each, fields in _compared(said):
        known = {field: level for field, level in fields.items() if (field, level) in _KNOWN}
        pair = frozenset((each.one, each.other))
        if known and not (each.source == "apart" and pair in found):
            found[pair] = Label(known, each.same, stands_for if each.machine else 1.0, each.source)
    return list(found.values())


def _compared(said: Iterable[Said]) -> Iterable[tuple[Said, Mapping[str, str]]]:
    """Two of whom is only known that they are not one are compared as they stand on file now."""
    without = [each for each in said if not each.fields]
    forms = {
        str(ident): form
        for ident, form in learning.forms_of(i for each in without for i in (each.one, each.other)).items()
    }
    for each in said:
        if each.fields:
            yield each, each.fields
        elif each.one in forms and each.other in forms:
            yield each, levels(forms[each.one], forms[each.other])
