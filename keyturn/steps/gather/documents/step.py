"""How does a document get into a request's answers, and out of them?"""

from collections.abc import Iterator, Mapping
from typing import Any

from keyturn.journeys import JOURNEYS
from keyturn.journeys.journey import Journey
from keyturn.records.models import Document, Request
from keyturn.steps.gather.documents import rules
from keyturn.terms.finding import Finding


def are_its_own(request: Request, journey: Journey, given: Mapping[str, Any]) -> Iterator[Finding]:
    """G-27, for the answers that name documents; most name none, and then nobody is asked."""
    if not set(rules.purposes_of(journey).values()) & set(given):
        return iter(())
    held = Document.objects.filter(request_id=request.pk, erased_at=None).values_list("pk", flat=True)
    return rules.documents_are_its_own(journey, given, {str(each) for each in held})


def name_in_answers(request: Request, document: Document) -> None:
    """The question that asks for this purpose is answered by the document."""
    question = rules.purposes_of(JOURNEYS[request.journey]).get(document.purpose)
    if question is not None:
        named = list(request.answers.get(question) or [])
        request.answers = {**request.answers, question: [*rules.without(named, str(document.pk)), str(document.pk)]}


def take_out_of_answers(request: Request, document: Document) -> None:
    """It is no answer any more."""
    question = rules.purposes_of(JOURNEYS[request.journey]).get(document.purpose)
    if question is not None:
        named = rules.without(list(request.answers.get(question) or []), str(document.pk))
        kept = {name: value for name, value in request.answers.items() if name != question}
        request.answers = {**kept, question: named} if named else kept
