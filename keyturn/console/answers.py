"""What did the applicant answer, section by section, as staff may see it?"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from keyturn.console.comparison import masked
from keyturn.console.vocabulary import ANSWERS, SECTIONS
from keyturn.journeys import JOURNEYS
from keyturn.journeys.journey import Ask, Question
from keyturn.records.queries import documents
from keyturn.terms.address import Address

SEALED = frozenset({"id_value"})
"""Answers of which only the last four characters are shown."""


@dataclass(frozen=True, slots=True)
class Said:
    """One answer. `lines` are shown one below the other; `name` is the answer's public name."""

    name: str
    label: str
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Section:
    title: str
    said: tuple[Said, ...]


def sections_of(request: Any, *, hidden: bool = False) -> list[Section]:
    """Every answer in the journey's order; what was not answered is left out. `hidden`: addresses are protected."""
    answers = request.answers
    found: dict[str, list[Said]] = {}
    for page in JOURNEYS[request.journey].pages_for(answers):
        for question in page.questions:
            lines = _lines(question, answers, request.premise)
            if lines and hidden and question.ask in (Ask.ADDRESS, Ask.PREMISE):
                lines = [_("Protected: not shown")]
            if lines:
                found.setdefault(page.section, []).append(Said(question.name, _label(question), tuple(lines)))
    return [Section(_(SECTIONS.get(title, title)) if title else "", tuple(said)) for title, said in found.items()]


def _label(question: Question) -> str:
    """What staff call it, without the "(optional)" that only concerns who fills in the form."""
    return _(ANSWERS.get(question.name, question.label)).replace(_("(optional)"), "").strip()


def _lines(question: Question, answers: Mapping[str, Any], premise: Any) -> list[str]:
    value = answers.get(question.name)
    if value in (None, "", [], {}):
        return []
    if question.name in SEALED:
        return [masked(str(value))]
    match question.ask:
        case Ask.CHOICE | Ask.CHOICES:
            chosen = value if isinstance(value, list) else [value]
            words = {choice.value: choice.label for choice in question.choices}
            return [", ".join(_(words[each]) if each in words else str(each) for each in chosen)]
        case Ask.YES_NO:
            return [_("Yes") if value is True else _("No")]
        case Ask.DATE:
            return [day(value)]
        case Ask.DOCUMENTS:
            return documents.names(value)
        case Ask.PREMISE | Ask.ADDRESS:
            if isinstance(value, dict) and value.get("premise_id"):
                return premise.address.lines() if premise else [_("Chosen from the list")]
            return Address.from_mapping(value).lines() if isinstance(value, dict) else []
        case _:
            return [str(value)]


def day(value: Any, form: str = "DATE_FORMAT") -> str:
    """A date as people write it; what is none is shown as it was typed."""
    try:
        return date_format(value if isinstance(value, date) else date.fromisoformat(str(value)), form)
    except ValueError:
        return str(value)
