"""How do staff open a document? For a reason that is written down first, in a page of its own in which nothing can run."""

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from keyturn import flow
from keyturn.console.access import DECIDERS, acting, actor_of, only
from keyturn.console.case import Typed, case_page, find, uuid_or_none
from keyturn.flow.sentences import sentence
from keyturn.look import files
from keyturn.look.parts import Problem
from keyturn.records.queries import documents
from keyturn.terms.errors import Invalid, NotAllowed


@acting
@only(DECIDERS)
def show(request: HttpRequest, reference: str) -> HttpResponse:
    """The file itself, where its reason is good; otherwise the request's page with what is wrong."""
    case = find(reference)
    named = request.POST.get("document", "")
    ident = uuid_or_none(named)
    if ident is None or str(ident) not in {each.id for each in documents.of_request(case)}:
        return _not_here(request, case)
    try:
        found = flow.open_document(
            document_id=ident, reason=request.POST.get("why", ""), actor=actor_of(request), now=timezone.now()
        )
    except Invalid as problem:
        lines = tuple(Problem(sentence(each, for_staff=True), f"#open-{ident}") for each in problem.findings)
        return case_page(request, case, Typed(problems=lines, errors={f"open-{ident}": lines[0].text}), status=422)
    except NotAllowed:
        return _not_here(request, case)
    return files.answer(found.name, found.media_type, found.content, inline=True)


def _not_here(request: HttpRequest, case: object) -> HttpResponse:
    """Another request's document, or one that was forgotten meanwhile."""
    line = Problem(_("This document is not here any more."), "#documents-title")
    return case_page(request, case, Typed(problems=(line,)), status=409)
