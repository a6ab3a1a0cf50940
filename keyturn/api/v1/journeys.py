"""What can be asked for, and with which answers? A journey's questions as JSON Schema (draft 2020-12)."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import gettext
from ninja import Router
from pydantic import BaseModel, Field

from keyturn import flow
from keyturn.api.v1 import examples
from keyturn.api.v1.operations import operation
from keyturn.api.v1.problems import Problem
from keyturn.journeys import JOURNEYS, Journey, Kind, Page, Question
from keyturn.journeys.journey import Ask
from keyturn.terms.policy import Policy

router = Router()
TAG = "Journeys"
DIALECT = "https://json-schema.org/draft/2020-12/schema"
_LONGEST = {"line1": 200, "line2": 200, "city": 100, "state": 50, "postal_code": 20}


class JourneyOut(BaseModel):
    name: str = Field(description="What POST /requests takes as `journey`.")
    title: str
    summary: str


class JourneyPage(BaseModel):
    items: list[JourneyOut]
    next: str | None


class WholeJourneyOut(JourneyOut):
    answers: dict[str, Any] = Field(description="JSON Schema (draft 2020-12) of `answers`.")


@operation(router, "GET", "/journeys", tag=TAG, summary="List journeys", answer=JourneyPage, answered=examples.JOURNEYS)
def list_journeys(request: HttpRequest) -> dict[str, Any]:
    """What customers can ask for. Any key may read this."""
    return {"items": [_said(journey) for journey in JOURNEYS.values() if journey.kind is Kind.START], "next": None}


@operation(
    router, "GET", "/journeys/{name}", tag=TAG, summary="Read one journey", answer=WholeJourneyOut,
    problems=("unknown_journey",), answered=examples.JOURNEY,
)  # fmt: skip
def read_journey(request: HttpRequest, name: str) -> dict[str, Any]:
    """One journey, with its questions as the JSON Schema of `answers`, in the language of Accept-Language.

    `required` is what a request cannot do without, whoever sends it; a portal asks for more. Any key may read this.
    """
    journey = JOURNEYS.get(name)
    journey = journey if journey and journey.kind is Kind.START else None  # the others are for who is signed in
    if journey is None:
        raise Problem("unknown_journey")
    return {**_said(journey), "answers": schema_of(journey, policy=settings.KEYTURN_POLICY)}


def _said(journey: Journey) -> dict[str, str]:
    return {"name": journey.name, "title": gettext(journey.title), "summary": gettext(journey.summary)}


def schema_of(journey: Journey, *, policy: Policy) -> dict[str, Any]:
    """The questions in the order of the pages."""
    questions = [(page, question) for page in journey.pages for question in page.questions]
    return {
        "$schema": DIALECT,
        "title": gettext(journey.title),
        "type": "object",
        "additionalProperties": False,
        "properties": {question.name: _property(page, question, policy) for page, question in questions},
        "required": [question.name for _page, question in questions if question.name in flow.ESSENTIAL],
    }


def _property(page: Page, question: Question, policy: Policy) -> dict[str, Any]:
    said = {"title": gettext(question.label), "description": gettext(question.hint), "x-why": gettext(question.why)}
    return {
        **_form(question, policy),
        **{name: text for name, text in said.items() if text},
        "x-page": page.name,
        "x-asked-on-the-web": "required" if question.required else "optional",
    }


def _form(question: Question, policy: Policy) -> dict[str, Any]:
    match question.ask:
        case Ask.CHOICE:
            return {"type": "string", "enum": _offered(question, policy)}
        case Ask.CHOICES:
            return {"type": "array", "items": {"type": "string", "enum": _offered(question, policy)}, "maxItems": 20}
        case Ask.DOCUMENTS:
            identifier = {"type": "string", "format": "uuid"}
            return {"type": "array", "items": identifier, "maxItems": policy.documents_per_request, "uniqueItems": True}
        case Ask.YES_NO:
            return {"type": "boolean"}
        case Ask.DATE:
            return {"type": "string", "format": "date"}
        case Ask.EMAIL:
            return {"type": "string", "format": "email", "maxLength": question.longest}
        case Ask.ADDRESS:
            return _address()
        case Ask.PREMISE:
            return {"oneOf": [_premise(), _address()]}
        case _:
            return {"type": "string", "maxLength": question.longest}


def _offered(question: Question, policy: Policy) -> list[str]:
    """The choices that this utility's policy leaves, or adds."""
    offered = {
        "id_type": (*policy.identifiers_for_person, *policy.identifiers_for_organisation, "none"),
        "language": policy.languages,
        "consents": (*policy.required_consents, *policy.optional_consents),
    }.get(question.name, tuple(choice.value for choice in question.choices))
    return list(dict.fromkeys(offered))


def _premise() -> dict[str, Any]:
    return {
        "type": "object",
        "additionalProperties": False,
        "required": ["premise_id"],
        "properties": {"premise_id": {"type": "string", "maxLength": 64, "description": "From GET /premises."}},
    }


def _address() -> dict[str, Any]:
    parts: dict[str, Any] = {name: {"type": "string", "maxLength": most} for name, most in _LONGEST.items()}
    parts["country"] = {"type": "string", "pattern": "^[A-Za-z]{2}$", "default": "US"}
    return {"type": "object", "additionalProperties": False, "required": ["line1"], "properties": parts}
