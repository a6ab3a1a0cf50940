"""How does a journey's question become a field on a page, and what was typed its answer?

Nothing is judged here: the steps' rules do that, for every door alike. A form only reads and shows.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import get_language, gettext, pgettext

from keyturn.journeys import JOURNEYS
from keyturn.journeys.journey import Ask, Page, Question
from keyturn.look.parts import Choice, Part
from keyturn.portal import addresses, dates, uploads
from keyturn.records.queries import documents
from keyturn.terms.words import gettext_noop as _

Posted = Mapping[str, Any]
OWN_NAMES = {"en": "English", "es": "Español"}
WAYS = {"mail_elsewhere": (("no", _("To the service address")), ("yes", _("To another address")))}
"""Where "yes" and "no" would make people think twice, the choices say what they mean."""
CAPITALS = {
    "given_name": "words", "middle_name": "words", "family_name": "words", "organisation_name": "words",
    "id_value": "characters",
}  # fmt: skip
ICONS = {"electric": "bolt", "gas": "flame", "water": "drop", "person": "person", "organisation": "building"}


@dataclass(frozen=True, slots=True)
class Setting:
    """What surrounds a page: which choices the utility and the premise leave open."""

    only: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # question -> values that are offered
    required: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    choices: Mapping[str, tuple[Choice, ...]] = field(default_factory=dict)  # question -> what it offers instead
    hints: Mapping[str, str] = field(default_factory=dict)  # question -> what today adds to its hint


def answers_in(page: Page, posted: Any, so_far: Mapping[str, Any]) -> dict[str, Any]:
    """The page's answers as they were typed. None takes an answer away. `posted` is the request's POST."""
    typed = [question for question in page.questions if question.ask is not Ask.DOCUMENTS]  # those are `uploads`' work
    found = {question.name: _read(question, posted) for question in typed}
    together = {**so_far, **found}
    for question in page.questions:
        if not question.asked_if(together):
            found[question.name] = None
    return found


def only_offered(typed: dict[str, Any], setting: Setting) -> dict[str, Any]:
    """Without what was not on the page to be chosen: the check page would show it, whosever it is (T-31)."""
    found = dict(typed)
    for name, offered in setting.choices.items():
        if isinstance(found.get(name), list):
            found[name] = [each for each in found[name] if each in {choice.value for choice in offered}]
    return found


def _read(question: Question, posted: Any) -> Any:
    name = question.name
    match question.ask:
        case Ask.CHOICES:
            return posted.getlist(name)
        case Ask.YES_NO:
            return {"yes": True, "no": False}.get(posted.get(name, ""))
        case Ask.DATE:
            return dates.typed({piece: posted.get(f"{name}-{piece}", "") for piece in dates.PIECES}) or None
        case Ask.DAY_OF_YEAR:
            return dates.typed_day_of_year({piece: posted.get(f"{name}-{piece}", "") for piece in dates.PIECES}) or None
        case Ask.ADDRESS:
            return addresses.read(name, posted)
        case _:
            return posted.get(name, "").strip() or None


def parts_of(page: Page, answers: Mapping[str, Any], errors: Mapping[str, str], setting: Setting) -> tuple[Part, ...]:
    """The page's fields with what was said so far and what is wrong with it.

    A page with one question makes that question its heading; so does one whose second question only follows from the first. Questions that another answer on the same page leads to
    are always there; the style sheet hides them until that answer is chosen, and the server ignores them until then.
    """
    return tuple(
        _part(
            question, answers.get(question.name), errors, setting, heading=question.name == heading_of(page), page=page
        )
        for question in page.questions
    )


def heading_of(page: Page) -> str:
    """The question whose label is the page's heading; "" where the page has a heading of its own."""
    first = page.questions[0].name
    return first if len(page.questions) == 1 or first in WAYS else ""


def _part(
    question: Question, value: Any, errors: Mapping[str, str], setting: Setting, *, heading: bool, page: Page
) -> Part:
    name = question.name
    label, optional = _label(question)
    common: dict[str, Any] = {
        "name": name,
        "label": gettext(page.title) if heading else label,
        "hint": " ".join(filter(None, (hint(question), setting.hints.get(name, "")))),
        "error": errors.get(name, ""),
        "optional": optional,
        "heading": heading,
    }
    match question.ask:
        case Ask.CHOICE | Ask.CHOICES:
            kind = "radios" if question.ask is Ask.CHOICE else "checkboxes"
            value = value or ((get_language() or "en")[:2] if name == "language" else "")
            return Part(kind, **common, value=value, choices=choices(question, setting))
        case Ask.YES_NO:
            said = {True: "yes", False: "no"}.get(value, "")  # type: ignore[call-overload]
            ways = WAYS.get(name, (("yes", _("Yes")), ("no", _("No"))))
            return Part(
                "radios", **common, value=said, inline=name not in WAYS,
                choices=tuple(Choice(each, gettext(words)) for each, words in ways),
            )  # fmt: skip
        case Ask.DATE:
            return Part("date", **common, value=dates.boxes(value), autocomplete=question.autocomplete)
        case Ask.DAY_OF_YEAR:
            return Part("date", **common, value=dates.boxes_of_day(value), without_year=True)
        case Ask.DOCUMENTS:
            return uploads.part(held=documents.named(value or ()), **common)
        case Ask.ADDRESS:
            return Part("group", **common, parts=addresses.parts(name, value, errors))
        case _:
            kinds = {Ask.EMAIL: ("email", "email"), Ask.PHONE: ("tel", "tel")}
            as_type, keyboard = kinds.get(question.ask, ("text", ""))
            return Part(
                "text", **common, value=value or "", type=as_type, inputmode=keyboard, autocomplete=question.autocomplete,
                capitals=CAPITALS.get(name, ""),
                width=20 if question.longest <= 40 else 0,
            )  # fmt: skip


def _label(question: Question) -> tuple[str, bool]:
    """The label without the word "(optional)", which the template adds in its own way."""
    text = gettext(question.label)
    mark = " " + gettext("(optional)")
    return (text.removesuffix(mark), True) if text.endswith(mark) else (text, False)


def label_of(question: Question) -> str:
    """The question in as few words as the check page needs."""
    return _label(question)[0]


def hint(question: Question) -> str:
    return gettext(question.hint) if question.hint else ""


def choices(question: Question, setting: Setting) -> tuple[Choice, ...]:
    """Those that the utility's policy and the premise leave open, in the journey's order."""
    if question.name in setting.choices:
        return setting.choices[question.name]
    offered = setting.only.get(question.name)
    return tuple(
        Choice(
            each.value,
            *_wording(question, each.value, each.label, each.hint),
            icon=ICONS.get(each.value, ""),
            apart=each.value == "none",
        )
        for each in question.choices
        if offered is None or each.value in offered
    )


def _wording(question: Question, value: str, label: str, hint_text: str) -> tuple[str, str, str]:
    """Label, hint and language: a language is named in its own words."""
    if question.name == "language":
        here = (get_language() or "en")[:2]
        return OWN_NAMES.get(value, gettext(label)), "", "" if value == here else value
    return gettext(label), gettext(hint_text) if hint_text else "", ""


def said(name: str, answers: Mapping[str, Any]) -> list[str]:
    """An answer by its question's name, as the check page says it."""
    question = next((journey.questions[name] for journey in JOURNEYS.values() if name in journey.questions), None)
    return shown(question, answers.get(name)) if question is not None else []


def shown(question: Question, value: Any) -> list[str]:
    """An answer as the check page says it, a line each; empty where nothing was said."""
    if value in (None, "", [], {}):
        return []
    match question.ask:
        case Ask.CHOICE | Ask.CHOICES:
            words: dict[Any, str] = {each.value: each.label for each in choices(question, Setting())}
            wanted = value if isinstance(value, list) else [value]
            return [words.get(each, str(each)) for each in wanted]
        case Ask.YES_NO:
            return [gettext("Yes") if value else gettext("No")]
        case Ask.DATE:
            return [dates.shown(value)]
        case Ask.DAY_OF_YEAR:
            return [dates.shown_day_of_year(value)]
        case Ask.ADDRESS | Ask.PREMISE:
            return addresses.shown(value)
        case Ask.DOCUMENTS:
            return documents.names(value)
        case _:
            return [_hidden(str(value)) if question.name == "id_value" else str(value)]


def _hidden(value: str) -> str:
    """An identifier as it may stand on a screen: the last four only (quality.md section 4)."""
    plain = "".join(char for char in value if char.isalnum())
    if len(plain) <= 4:
        return plain
    return pgettext("only the last characters of an identifier are shown", "ending in %(end)s") % {"end": plain[-4:]}
