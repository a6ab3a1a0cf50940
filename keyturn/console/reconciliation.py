"""Do the registry and the CIS hold the same, and whose word counts where they do not?"""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_safe

from keyturn import flow
from keyturn.console import kept, repairing
from keyturn.console.access import DECIDERS, STAFF, acting, actor_of, may_see_protected, only, role_of
from keyturn.console.differing import beside
from keyturn.console.meanwhile import DONE_BY_YOU
from keyturn.console.people import refused
from keyturn.console.queue import number_of_page, page
from keyturn.console.told_apart import called
from keyturn.console.vocabulary import say
from keyturn.look.parts import Problem
from keyturn.records.queries import persons, reconciliation, shelter
from keyturn.records.queries.reconciliation import AT_ONCE
from keyturn.terms.address import Address
from keyturn.terms.errors import Invalid, NotAllowed, StaleVersion
from keyturn.terms.words import gettext_noop

FIELDS = {
    "name": gettext_noop("Name"), "date_of_birth": gettext_noop("Date of birth"), "language": gettext_noop("Language"),
    "email": gettext_noop("E-mail"), "phone": gettext_noop("Phone"), "identifier": gettext_noop("Document"),
    "mailing": gettext_noop("Mailing address"), "account": gettext_noop("Balance and class"),
    "agreement": gettext_noop("Agreement"), "main_customer": gettext_noop("Main customer"),
}  # fmt: skip
WHY = {
    "both_changed": gettext_noop("Changed on both sides since they last agreed."),
    "identifier_in_use": gettext_noop("This document stands on somebody else’s file here."),
    "protected": gettext_noop("The address is protected. Nothing is taken over before a supervisor has looked."),
    "unfit": gettext_noop("What the CIS holds cannot be right, or cannot be stored here."),
    "unknown_reference": gettext_noop("The CIS names somebody or some place that is not on file here."),
    "against_the_rules": gettext_noop("What the CIS holds cannot stand beside what is on file here."),
    "gone_there": gettext_noop("The CIS has nobody and nothing under this reference any more."),
    "missing_in_cis": gettext_noop("The CIS has nobody and nothing under this reference any more."),
    "merged_there": gettext_noop("In the CIS this person was made part of another."),
    "merged_in_cis": gettext_noop("In the CIS this person was made part of another."),
    "effect_missing": gettext_noop("The CIS had confirmed something to us that it no longer knows of."),
    "effect_without_request": gettext_noop("The CIS did something under a key of ours that no request has."),
    "not_understood": gettext_noop("What the CIS says of it could not be taken in, however often it was tried."),
    "agreement_missing_in_cis": gettext_noop("An agreement is live here that the CIS does not have."),
}
NOUNS = {
    "person": gettext_noop("Person"), "account": gettext_noop("Account"), "premise": gettext_noop("Premise"),
    "request": gettext_noop("Request"),
}  # fmt: skip
STATES = {
    "ours": gettext_noop("Ours stays"), "theirs": gettext_noop("Theirs was taken over"),
    "seen": gettext_noop("Seen to by hand"), "gone": gettext_noop("Differs no longer"),
}  # fmt: skip
CHOICES = {
    "ours": (gettext_noop("Ours is right"), gettext_noop("It stays as it is, and the CIS is told.")),
    "theirs": (gettext_noop("The CIS is right"), gettext_noop("It is taken over here, with its history.")),
    "seen": (gettext_noop("I have seen to it"), gettext_noop("It was put right by hand, here or in the CIS.")),
}
REFUSED = {
    "changed_meanwhile": gettext_noop("What is on file here has changed since. Look again."),
    "delivery_under_way": gettext_noop("Something about them is on its way to the CIS. Wait until it has arrived."),
    "not_possible": gettext_noop("This cannot be done with what the two hold."),
    "own_request": gettext_noop("This is about yourself: a colleague decides it."),
    "settled_already": gettext_noop("A colleague has settled this already."),
}
REPAIRS = {
    "look": gettext_noop("Staff look"), "take": gettext_noop("Can be taken over"), "take_in": gettext_noop("Can be taken in"),
    "tell": gettext_noop("The CIS can be told"), "review": gettext_noop("Staff look"),
}  # fmt: skip


@require_safe
@only(STAFF)
def show(request: HttpRequest) -> HttpResponse:
    """The newest report, counted by kind, and what waits to be settled."""
    run, (heard, problem) = reconciliation.newest(), reconciliation.heard()
    decides, waiting, number = role_of(request) in DECIDERS, reconciliation.waiting(), number_of_page(request)
    start, total = (number - 1) * AT_ONCE, waiting["differences"]
    found = reconciliation.open_differences(start=start) if decides else []
    if decides and total and not found:  # the last of the last page was settled meanwhile
        return redirect(_address(-(-total // AT_ONCE)))
    return page(
        request, "console/reconciliation.html", run=run, kinds=_kinds(run, request) if run else [], heard=heard, problem=problem,
        waiting=waiting, rows=[_line(each) for each in found], decides=decides,
        first=start + 1, last=start + len(found), total=total, before=_address(number - 1) if number > 1 else "",
        after=_address(number + 1) if start + AT_ONCE < total else "",
        compared=[(part, run.compared[part]) for part in run.kinds if part in run.compared] if run else [],
    )  # fmt: skip


def _address(number: int) -> str:
    return reverse("console:reconciliation") + (f"?page={number}" if number > 1 else "")


def _kinds(run: Any, request: HttpRequest) -> list[dict[str, Any]]:
    states = reconciliation.by_state(run)
    mend = repairing.of(run, left={code: states[code].get("found", 0) for code in states}, request=request)
    return [
        {
            "code": code, "label": _(kind.label), "total": sum(states[code].values()),
            "left": states[code].get("found", 0), "review": states[code].get("review", 0),
            "repair": say(REPAIRS, kind.repair), "mend": mend[code],
        }
        for code, kind in flow.DRIFT_KINDS.items()
        if code in states
    ]  # fmt: skip


def _line(case: Any) -> dict[str, Any]:
    return {
        "id": str(case.pk), "noun": say(NOUNS, case.noun), "ref": case.ref, "at": case.opened_at,
        "field": say(FIELDS, case.field.partition(".")[0]) if case.field.partition(".")[0] in FIELDS else case.field,
        "why": say(WHY, case.why),
    }  # fmt: skip


@require_safe
@only(DECIDERS)
def difference(request: HttpRequest, difference: UUID) -> HttpResponse:
    return _page(request, _find(difference))


def _find(difference: UUID) -> Any:
    found = reconciliation.difference(difference)
    if found is None:
        raise Http404
    return found


def _page(
    request: HttpRequest, case: Any, *, typed: Mapping[str, str] | None = None, problems: tuple[Problem, ...] = (),
    status: int = 200,
) -> HttpResponse:  # fmt: skip
    whose, now = reconciliation.whose(case.noun, case.ref), timezone.now()
    person_id = whose.pk if whose is not None and case.noun == "person" else None
    hidden = _is_hidden(case, person_id, now)  # each look at one is written down: on their page, not here
    shown = bool(case.field) and ("ours" in case.values or "theirs" in case.values)
    ours, theirs = beside(_text(case, "ours"), _text(case, "theirs"))
    return page(
        request, "console/difference.html", status=status, case=case, case_id=str(case.pk), line=_line(case),
        person_id=str(person_id or ""), name=persons.names_of({person_id}, at=now).get(person_id, "") if person_id else "",
        hidden=hidden, may_settle=may_see_protected(request) or not hidden, shown=shown, ours=ours, theirs=theirs,
        agreed=_text(case, "agreed") if "agreed" in case.values else "",
        choices=[(code, *(_(each) for each in CHOICES[code])) for code in flow.ways_to_settle(case)],
        is_open=case.state == "open", state=say(STATES, case.state), who=called([case.decided_by]).get(case.decided_by, ""),
        typed=typed or {}, problems=problems, errors={each.href.lstrip("#"): each.text for each in problems if each.href},
    )  # fmt: skip


def _is_hidden(case: Any, person_id: Any, now: Any) -> bool:
    return bool(case.field == "mailing" and person_id and shelter.is_protected(person_id, at=now))


def _text(case: Any, side: str) -> str:
    """One side's value as it is read out; of a document its last four."""
    value, kind = case.values.get(side), case.field.partition(".")[0]
    if not value:
        return ""
    if kind == "identifier":
        return f"…{str(value)[-4:]}"
    if kind == "mailing":
        return ", ".join(Address.from_mapping(value).lines())
    if isinstance(value, Mapping):
        return " ".join(str(each) for each in value.values() if each)
    return ", ".join(value) if isinstance(value, list) else str(value)


@acting
@only(DECIDERS)
@sensitive_post_parameters()
def settle(request: HttpRequest, difference: UUID) -> HttpResponse:
    """Whose word counts, with a reason."""
    case, keep = _find(difference), request.POST.get("keep", "")
    whose = reconciliation.whose(case.noun, case.ref)
    if not may_see_protected(request) and _is_hidden(case, whose.pk if whose else None, timezone.now()):
        raise PermissionDenied
    reason, version = request.POST.get("reason", "")[: kept.LONGEST], request.POST.get("version", "")
    typed = {"keep": keep, "reason": reason}
    if keep not in CHOICES:
        line = Problem(_("Choose what holds."), "#keep-1")
        return _page(request, case, typed=typed, problems=(line,), status=422)
    try:
        flow.settle_difference(
            difference_id=case.pk, keep=keep, reason=reason, actor=actor_of(request), now=timezone.now(),
            version=int(version) if version.isascii() and version.isdigit() and len(version) < 9 else -1,
            policy=settings.KEYTURN_POLICY,
        )  # fmt: skip
    except Invalid as problem:
        return _page(request, case, typed=typed, problems=refused(problem), status=422)
    except StaleVersion:
        line = Problem(_("The CIS has changed it again since you opened this page. Look again."), "#keep-1")
        return _page(request, _find(difference), typed=typed, problems=(line,), status=409)
    except NotAllowed as problem:
        if problem.code == "done_by_you":
            messages.info(request, _(DONE_BY_YOU))
            return redirect("console:reconciliation")
        line = Problem(say(REFUSED, problem.code), "#keep-1")
        return _page(request, _find(difference), typed=typed, problems=(line,), status=409)
    messages.success(request, _("Settled."))
    return redirect("console:reconciliation")
