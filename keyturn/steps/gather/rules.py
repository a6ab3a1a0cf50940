"""Is each answer something that can be kept, and what must still be asked?"""

import unicodedata
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Any

from keyturn.journeys.journey import Ask, Journey, Question
from keyturn.terms.finding import Finding, rule

ADDRESS_PARTS = {
    "line1": 200,
    "line2": 200,
    "city": 100,
    "state": 50,
    "postal_code": 20,
    "country": 2,
    "premise_id": 64,
}
LONGEST_LIST = 20


@rule("G-01", "Only the journey's own questions are answered")
def questions_are_known(journey: Journey, answers: Mapping[str, Any]) -> Iterator[Finding]:
    """Anything else is refused rather than dropped in silence, so that a caller's typing error is seen (T-40)."""
    for name in answers:
        if name not in journey.questions:
            yield no_question(journey, str(name)[:60])


def no_question(journey: Journey, name: str) -> Finding:
    """With what a program may have meant: the questions that are asked whose names are like it, or all of them."""
    asked = sorted(journey.questions.keys() - {each.name for each in journey.given})
    return Finding("G-01", name, params={"names": ", ".join(get_close_matches(name, asked, n=3, cutoff=0.7) or asked)})


@rule("G-02", "Text is kept in composed form, without control characters or blanks around it")
def clean_text(text: str) -> str:
    """NFC; control characters, lone surrogates and direction overrides removed; runs of blanks folded to one."""
    composed = unicodedata.normalize("NFC", text)
    kept = "".join(" " if char in "\t\n\r" else char for char in composed if char in "\t\n\r" or _may_stay(char))
    return " ".join(kept.split())


def _may_stay(char: str) -> bool:
    kind = unicodedata.category(char)
    # Cf holds joiners that some scripts need inside words, but also overrides that make a name read as another.
    return kind not in ("Cc", "Cs", "Cn", "Co") and not ("\u202a" <= char <= "\u202e" or "\u2066" <= char <= "\u2069")


@rule("G-03", "Each answer has the shape of its question")
def shapes_are_right(journey: Journey, answers: Mapping[str, Any]) -> Iterator[Finding]:
    for name, value in answers.items():
        question = journey.questions.get(name)
        if question is not None and value is not None and not _has_shape(question, value):
            yield Finding("G-03", name, params={"form": form_of(question)})


def form_of(question: Question) -> str:
    """What a program must send, as JSON: pages cannot go wrong here."""
    match question.ask:
        case Ask.CHOICES | Ask.DOCUMENTS:
            return '["…", "…"]'
        case Ask.YES_NO:
            return "true"
        case Ask.ADDRESS | Ask.PREMISE:
            return "{" + ", ".join(f'"{part}": "…"' for part in ADDRESS_PARTS) + "}"
        case _:
            return '"…"'


def _has_shape(question: Question, value: Any) -> bool:
    match question.ask:
        case Ask.CHOICES | Ask.DOCUMENTS:
            return (
                isinstance(value, list) and len(value) <= LONGEST_LIST and all(isinstance(each, str) for each in value)
            )
        case Ask.YES_NO:
            return isinstance(value, bool)
        case Ask.ADDRESS | Ask.PREMISE:
            return isinstance(value, dict) and set(value) <= set(ADDRESS_PARTS) and all(
                part is None or isinstance(part, str) for part in value.values()
            )  # fmt: skip
        case _:
            return isinstance(value, str)


@rule("G-04", "No answer is longer than its question allows")
def lengths_are_right(journey: Journey, answers: Mapping[str, Any]) -> Iterator[Finding]:
    for name, value in answers.items():
        question = journey.questions.get(name)
        if question is None:
            continue
        if isinstance(value, str) and len(value) > question.longest:
            yield Finding("G-04", name, params={"longest": question.longest})
        if isinstance(value, list) and any(isinstance(each, str) and len(each) > question.longest for each in value):
            yield Finding("G-04", name, params={"longest": question.longest})
        if isinstance(value, dict):
            for part, text in value.items():
                longest = ADDRESS_PARTS.get(part, 0)
                if isinstance(text, str) and len(text) > longest:
                    yield Finding("G-04", f"{name}.{part}", params={"longest": longest})


def cleaned(value: Any) -> Any:
    """An answer as it is kept: every text in it cleaned (G-02); what is chosen twice is chosen once."""
    if isinstance(value, str):
        return clean_text(value)
    if isinstance(value, list):
        return _once([cleaned(each) for each in value])
    if isinstance(value, dict):
        return {name: cleaned(each) for name, each in value.items()}
    return value


def _once(values: list[Any]) -> list[Any]:
    """Without repetitions; a list that is too long to be kept anyway (G-03) is left alone."""
    if len(values) > LONGEST_LIST:
        return values
    return [each for place, each in enumerate(values) if each not in values[:place]]


@rule("G-05", "Every question that must be answered has an answer", implements=("ER-01", "BR-50"))
def answers_are_complete(journey: Journey, answers: Mapping[str, Any], *, strict: bool) -> Iterator[Finding]:
    """`strict` is the portal, which asks everything; a partner may not know a birth date, and staff then look (D-07)."""
    for page in journey.pages_for(answers):
        for question in page.questions:
            asked = question.required and question.asked_if(answers)
            if asked and answers.get(question.name) in (None, "", [], {}) and (strict or question.name in ESSENTIAL):
                yield Finding("G-05", question.name)


ESSENTIAL = frozenset({"service_address", "services", "start_date"})
"""Without these there is nothing to ask the CIS for, whoever asks."""


@rule("G-06", "A draft is forgotten when nobody came back to it in time", implements=("ER-21",))
def draft_has_expired(due: Any, now: Any) -> bool:
    return due is not None and due <= now
