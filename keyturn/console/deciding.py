"""How do staff act on a request: decide, take, open an identifier, let the machine try again?

Each is a posted form and one verb of `flow`; nothing happens on opening a page.
"""

from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters

from keyturn import flow
from keyturn.console import story
from keyturn.console.access import DECIDERS, RETRIERS, STAFF, SUPERVISORS, acting, actor_of, only
from keyturn.console.case import Typed, case_page, find, text_of, typed_in, uuid_or_none
from keyturn.console.maintained import STAYS
from keyturn.console.meanwhile import CHANGED, did, events_since, number
from keyturn.console.queue import address_of_next
from keyturn.console.vocabulary import say
from keyturn.flow import cases
from keyturn.flow.sentences import sentence
from keyturn.look.parts import Problem
from keyturn.records.queries import console
from keyturn.terms.errors import Invalid, NotAllowed, StaleVersion
from keyturn.terms.finding import Finding
from keyturn.terms.words import gettext_noop

DONE = {
    "same_person": gettext_noop("%(reference)s: same person. It has moved on."),
    "new_person": gettext_noop("%(reference)s: new person. It has moved on."),
    "approve": gettext_noop("%(reference)s is approved. It has moved on."),
    "refuse": gettext_noop("%(reference)s is refused. The applicant is being told why."),
    "ask": gettext_noop("Your question about %(reference)s is on its way. It waits for the customer."),
}
ANCHORS = {"reason": "#reason", "decision": "#decision-1", "person_id": "#decision-1"}


@acting
@only(DECIDERS)
@sensitive_post_parameters()
def decide(request: HttpRequest, reference: str) -> HttpResponse:
    """Staff's word. Then the next request opens; where the word could not be taken, this one again, nothing lost."""
    case = find(reference)
    typed = typed_in(request.POST)
    decision = typed.decision
    if not decision:
        return _again(request, case, typed, [(_("Choose what to do."), "decision")])
    reason = typed.reason.strip() or text_of(case, decision, typed.template)
    try:
        flow.review(
            request_id=case.pk,
            decision=decision,
            reason=reason,
            person_id=typed.person or None,
            actor=actor_of(request),
            email_digest=console.email_digest_of(request.user),
            now=timezone.now(),
            policy=settings.KEYTURN_POLICY,
            version=number(request.POST.get("version", "")),
        )
    except Invalid as problem:
        return _again(request, case, typed, [(_sentence(each), each.field) for each in problem.findings])
    except StaleVersion:
        return _changed(request, reference, typed, status=412)
    except NotAllowed as problem:
        if problem.code == "own_request":
            return _own(request, case)
        if not did(case, request.POST.dict(), actor_of(request), "reviewed", decision=decision):
            return _changed(request, reference, typed, status=409)
    messages.success(request, _(DONE[decision]) % {"reference": case.reference})
    return redirect(address_of_next(request, besides=case.reference))


def _sentence(found: Finding) -> str:
    return sentence(found, for_staff=True)


def _again(request: HttpRequest, case: Any, typed: Typed, problems: Iterable[tuple[str, str]]) -> HttpResponse:
    """The page again, with what was typed and what is wrong."""
    found = list(problems)
    lines = tuple(Problem(text, ANCHORS.get(name, "#decision-1")) for text, name in found)
    errors = {("reason" if name == "reason" else "decision"): text for text, name in found}
    kept = Typed(typed.decision, typed.reason, typed.template, typed.person, lines, errors)
    return case_page(request, case, kept, status=422)


def _changed(request: HttpRequest, reference: str, typed: Typed, *, status: int) -> HttpResponse:
    """Somebody else changed it, or decided it, meanwhile (ER-21): show what, keep what was typed."""
    case = find(reference)
    events = events_since(case, request.POST.dict())
    text = _(CHANGED)
    if status == 409:
        text = _("Nothing was done: a colleague or the machine has moved this request on meanwhile.")
    kept = Typed(
        typed.decision, typed.reason, typed.template, typed.person, (Problem(text, "#changed"),), {},
        story.told(events, journey=case.journey, names=story.names_in(events)),
    )  # fmt: skip
    return case_page(request, case, kept, status=status)


def _own(request: HttpRequest, case: Any) -> HttpResponse:
    """R-01: nobody decides their own request."""
    line = Problem(_sentence(Finding("R-01")))
    return case_page(request, case, Typed(problems=(line,)), status=403)


def _too_late(request: HttpRequest, case: Any) -> HttpResponse:
    """It does not stand where this is possible any more."""
    line = Problem(_("This is not possible any more: a colleague or the machine has moved the request on."))
    return case_page(request, find(case.reference), Typed(problems=(line,)), status=409)


@acting
@only(STAFF)
@sensitive_post_parameters()
def identifier(request: HttpRequest, reference: str) -> HttpResponse:
    """Open one identifier for a reason. It is shown in this answer only, and the opening is in the history."""
    case = find(reference)
    which, person = request.POST.get("of", "applicant"), request.POST.get("person", "")
    try:
        value = flow.reveal(
            request_id=case.pk,
            identifier_id=None if which == "applicant" else uuid_or_none(which) or case.pk,
            reason=request.POST.get("why", ""),
            actor=actor_of(request),
            now=timezone.now(),
        )
    except Invalid as problem:
        lines = tuple(Problem(_sentence(each), f"#why-{which}") for each in problem.findings)
        errors = {f"why-{which}": lines[0].text}
        return case_page(request, case, Typed(person=person, problems=lines, errors=errors), status=422)
    except NotAllowed:
        text = _("This identifier is not here.")
        return case_page(
            request, case, Typed(person=person, problems=(Problem(text),), errors={f"why-{which}": text}), status=409
        )
    return case_page(request, find(reference), Typed(person=person, revealed={which: value}))


@acting
@only(DECIDERS)
def take(request: HttpRequest, reference: str) -> HttpResponse:
    """Tell colleagues that one is looking at it."""
    case = find(reference)
    try:
        taken = flow.take(request_id=case.pk, actor=actor_of(request), now=timezone.now())
    except NotAllowed:
        return _too_late(request, case)
    if not taken:
        messages.warning(request, _("A colleague is looking at it already."))
    return redirect("console:request", case.reference)


@acting
@only(DECIDERS)
def put_back(request: HttpRequest, reference: str) -> HttpResponse:
    """Let colleagues have it again."""
    case = find(reference)
    flow.put_back(request_id=case.pk, actor=actor_of(request), now=timezone.now())
    return redirect("console:queue")


@acting
@only(DECIDERS)
def look_again(request: HttpRequest, reference: str) -> HttpResponse:
    """The CIS or the registry was put right meanwhile: let the machine look anew."""
    case = find(reference)
    if flow.is_own(request=case, actor=actor_of(request), email_digest=console.email_digest_of(request.user)):
        return _own(request, case)
    try:
        flow.look_again(request_id=case.pk, actor=actor_of(request), now=timezone.now())
    except NotAllowed:
        return _too_late(request, case)
    messages.success(request, _("%(reference)s is being looked at again.") % {"reference": case.reference})
    return redirect("console:request", case.reference)


@acting
@only(RETRIERS)
def retry(request: HttpRequest, reference: str) -> HttpResponse:
    """Let a request that gave up try again."""
    case = find(reference)
    try:
        flow.retry(request_id=case.pk, actor=actor_of(request), now=timezone.now())
    except NotAllowed:
        return _too_late(request, case)
    messages.success(request, _("%(reference)s is being tried again.") % {"reference": case.reference})
    return redirect("console:request", case.reference)


@acting
@only(SUPERVISORS)
@sensitive_post_parameters()
def undo_link(request: HttpRequest, reference: str) -> HttpResponse:
    """The request was not this person after all (I6): take back what can be, and say what cannot."""
    case = find(reference)
    try:
        stays = cases.undo_link(
            request_id=case.pk, reason=request.POST.get("why", ""), actor=actor_of(request), now=timezone.now(),
            email_digest=console.email_digest_of(request.user),
        )  # fmt: skip
    except Invalid as problem:
        lines = tuple(Problem(_sentence(each), "#why-undo") for each in problem.findings)
        return case_page(request, case, Typed(problems=lines, errors={"why-undo": lines[0].text}), status=422)
    except NotAllowed as problem:
        return _own(request, case) if problem.code == "own_request" else _too_late(request, case)
    left = " ".join(say(STAYS, each) for each in stays)
    messages.success(request, _("The link is undone.") + (f" {left}" if left else ""))
    return redirect("console:request", case.reference)
