"""How do staff act on a delivery to the CIS: send it now, settle it by hand, send it back, discard it?

Each is a posted form and one verb of `flow.deliveries`; what could not be done brings the page again, nothing lost.
"""

from collections.abc import Callable, Mapping
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters

from keyturn.console import story
from keyturn.console.access import STAFF, acting, actor_of, only, role_of
from keyturn.console.case import Typed, case_page, find
from keyturn.console.delivery import EVENTS, ROLES_OF
from keyturn.console.meanwhile import CHANGED, DONE_BY_YOU, did, events_since, number
from keyturn.flow import deliveries
from keyturn.flow.deliveries import Hand
from keyturn.flow.sentences import sentence
from keyturn.look.parts import Problem
from keyturn.records.queries import console
from keyturn.terms.errors import Invalid, NotAllowed, StaleVersion
from keyturn.terms.finding import Finding
from keyturn.terms.words import gettext_noop

Form = Mapping[str, str]

DONE = {
    "send_now": gettext_noop("%(reference)s is being sent."),
    "not_there": gettext_noop("%(reference)s is being sent again."),
    "same_person": gettext_noop("%(reference)s is being sent for the person whom the CIS has."),
    "settle": gettext_noop("%(reference)s is settled. The customer is being told."),
    "correct": gettext_noop("%(reference)s is corrected. It has moved on."),
    "send_back": gettext_noop("%(reference)s is back with the partner, who is being told what to correct."),
    "discard": gettext_noop("%(reference)s is discarded. The applicant is being told why."),
    "cleared": gettext_noop("%(reference)s is off the list."),
}
WHY_NOT = {
    "cis_away": gettext_noop("The CIS does not answer now, so this cannot be looked up there. Try again later."),
    "under_way": gettext_noop("A call is under way at this moment. Look at what comes of it first."),
    "has_a_reference": gettext_noop("The CIS and this request name two different persons. Look at both files."),
}


def _act(request: HttpRequest, case: Any, act: str, form: Form) -> None:
    by = Hand(actor_of(request), console.email_digest_of(request.user), number(form.get("version", "")))
    now, policy, reason = deliveries.common_time(), settings.KEYTURN_POLICY, form.get("reason", "")
    refs = {name: text for name, text in form.items() if name.endswith("_ref") or name.startswith("agreement_")}
    verbs: dict[str, Callable[[], Any]] = {
        "send_now": lambda: deliveries.send_now(request_id=case.pk, by=by, now=now),
        "not_there": lambda: deliveries.not_there(request_id=case.pk, reason=reason, by=by, now=now),
        "same_person": lambda: deliveries.same_person(
            request_id=case.pk, person_ref=form.get("person_ref", ""), reason=reason, by=by, now=now
        ),
        "settle": lambda: deliveries.settle(
            request_id=case.pk, refs=refs, reason=reason, by=by, now=now, policy=policy
        ),
        "correct": lambda: deliveries.correct(
            request_id=case.pk, answers={name: form[name] for name in deliveries.CORRECTABLE if form.get(name)},
            reason=reason, by=by, now=now, policy=policy,
        ),
        "send_back": lambda: deliveries.send_back(request_id=case.pk, words=reason, by=by, now=now, policy=policy),
        "discard": lambda: deliveries.discard(request_id=case.pk, reason=reason, by=by, now=now, policy=policy),
        "cleared": lambda: deliveries.cleared(request_id=case.pk, reason=reason, by=by, now=now),
    }  # fmt: skip
    verbs[act]()


@acting
@only(STAFF)
@sensitive_post_parameters()
def deliver(request: HttpRequest, reference: str) -> HttpResponse:
    """One act; which roles may do which is in `ROLES_OF`."""
    case, form = find(reference), request.POST.dict()
    act = form.get("act", "")
    if act not in ROLES_OF:
        raise Http404
    if role_of(request) not in ROLES_OF[act]:
        raise PermissionDenied
    try:
        _act(request, case, act, form)
    except Invalid as problem:
        return _again(request, case, act, form, list(problem.findings))
    except StaleVersion:
        return _changed(request, find(reference), act, form)
    except NotAllowed as problem:
        return _refused(request, find(reference), act, form, problem)
    messages.success(request, _(DONE[act]) % {"reference": case.reference})
    return redirect("console:request", case.reference)


def _refused(request: HttpRequest, case: Any, act: str, form: Form, problem: NotAllowed) -> HttpResponse:
    """A colleague or the machine was faster, or they themselves with a press before; or it is not for them."""
    if did(case, form, actor_of(request), EVENTS[act]):
        messages.info(request, _(DONE_BY_YOU))
        return redirect("console:request", case.reference)
    text = WHY_NOT.get(problem.code) or gettext_noop(
        "This is not possible any more: a colleague or the machine has moved the request on."
    )
    if problem.code == "own_request":
        text = sentence(Finding("R-01"), for_staff=True)
    status = 403 if problem.code == "own_request" else 409
    kept = Typed(problems=(Problem(_(text)),), filled=_filled(act, form))
    return case_page(request, case, kept, status=status)


def _again(request: HttpRequest, case: Any, act: str, form: Form, findings: list[Finding]) -> HttpResponse:
    """The page again, the form open, with what was typed and what is wrong."""
    named = [(f"{act}-{each.field or 'reason'}", sentence(each, for_staff=True)) for each in findings]
    problems = tuple(Problem(text, f"#{name}") for name, text in named)
    typed = Typed(problems=problems, errors=dict(named), filled=_filled(act, form))
    return case_page(request, case, typed, status=422)


def _changed(request: HttpRequest, case: Any, act: str, form: Form) -> HttpResponse:
    """A colleague, or the machine, was faster (ER-21): what is new, and what was typed beside it. What they only had
    before them and left as it stood is not kept: it would take back what a colleague has put right."""
    events = events_since(case, form)
    typed = {name: text for name, text in form.items() if form.get(f"{name}-was") != text}
    kept = Typed(
        problems=(Problem(_(CHANGED), "#changed"),), filled=_filled(act, typed),
        changed=story.told(events, journey=case.journey, names=story.names_in(events)),
    )  # fmt: skip
    return case_page(request, case, kept, status=412)


def _filled(act: str, form: Form) -> dict[str, str]:
    fields = {name: text[:4000] for name, text in form.items() if name not in ("act", "csrfmiddlewaretoken")}
    return {"act": act, **{f"{act}-{name}": text for name, text in fields.items()}}
