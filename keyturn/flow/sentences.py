"""In which words do a customer and a reviewer read a finding?

A step's `words.py` has a sentence for each rule: "V-03.minor" by the finding's parameter `why` (or the parameter's own
name), "G-05.email" by its field, "V-03" for every other. What staff reads stands there too, as STAFF_WORDS.
"""

from collections.abc import Iterable, Mapping
from datetime import date
from functools import lru_cache
from typing import Any

from django.utils.formats import date_format
from django.utils.translation import gettext, pgettext

from keyturn import steps
from keyturn.terms.finding import Finding
from keyturn.terms.words import gettext_noop as _

OTHER = _("This answer cannot be used. Check it, or call us.")


@lru_cache(maxsize=1)
def _customers() -> Mapping[str, str]:
    return steps.words()


@lru_cache(maxsize=1)
def _staffs() -> Mapping[str, str]:
    return {**steps.words(), **steps.staff_words()}


def sentence(found: Finding, *, for_staff: bool = False) -> str:
    """The sentence for a finding, in the language being shown, its dates as people write them."""
    known = _staffs() if for_staff else _customers()
    why = str(found.params.get("why", ""))
    keys = [
        f"{found.rule}.{each}" for each in (why, found.field, found.field.rpartition(".")[2], *found.params) if each
    ]
    text = next((known[key] for key in [*keys, found.rule] if key in known), OTHER)
    return gettext(text) % {name: _shown(value) for name, value in found.params.items()}


def by_field(findings: Iterable[Finding]) -> dict[str, str]:
    """The first sentence for each field."""
    said: dict[str, str] = {}
    for found in findings:
        said.setdefault(found.field, sentence(found))
    return said


def _shown(value: Any) -> Any:
    if isinstance(value, str):
        try:
            written = pgettext("the format of a date, as Django's date filter has it", "F j, Y")
            return date_format(date.fromisoformat(value), written)
        except ValueError:
            return value
    return value
