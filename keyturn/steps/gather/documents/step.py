"""How does a document get into a request's answers, and out of them?"""

from keyturn.journeys import JOURNEYS
from keyturn.records.models import Document, Request
from keyturn.steps.gather.documents import rules


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
