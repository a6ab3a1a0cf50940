"""Whom does service keep alive, which certificates are there to read or late, and what do staff enter?"""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_safe

from keyturn import flow
from keyturn.console.access import DECIDERS, acting, actor_of
from keyturn.console.access import only as only_for
from keyturn.console.case import uuid_or_none
from keyturn.console.maintained import CARE_KINDS, CARE_STATES, CARE_TABS
from keyturn.console.people import refused
from keyturn.console.queue import page
from keyturn.console.vocabulary import say
from keyturn.look.parts import Problem
from keyturn.records.queries import asking, care, persons
from keyturn.terms.days import day_of, local_date
from keyturn.terms.errors import Invalid, NotAllowed


@require_safe
@only_for(DECIDERS)
def show(request: HttpRequest) -> HttpResponse:
    return _page(request)


def _page(request: HttpRequest, typed: Mapping[str, Any] | None = None, *, status: int = 200) -> HttpResponse:
    now, said = timezone.now(), typed or {}
    today = local_date(now, settings.KEYTURN_POLICY)
    numbers = care.counts(now=now, today=today)
    tab = request.GET.get("tab", "")
    first = "to_read" if numbers["to_read"] else "late" if numbers["late"] else "all"
    only = _only(request, said)
    tab = "all" if only else tab if tab in CARE_TABS else first
    found = care.listed(tab, now=now, today=today, **only)
    names = persons.names_of({each.person_id for each in found if each.person_id}, at=now)
    return page(
        request, "console/care.html", status=status, tab=tab,
        tabs=[(name, _(title), numbers[name]) for name, title in CARE_TABS.items()],
        rows=[_row(each, names, said, now=now, today=today) for each in found], problems=said.get("problems", ()),
        more=not only and numbers[tab] > len(found), shown=len(found), only=bool(only),
    )  # fmt: skip


def _only(request: HttpRequest, said: Mapping[str, Any]) -> dict[str, Any]:
    """The one that was just typed about, or those of the account that a file leads to: more may hold than are listed."""
    if said:
        return {"pk": said["care"]}
    account = uuid_or_none(request.GET.get("account", ""))
    return {"account_id": account} if account else {}


def _row(each: Any, names: Mapping[Any, str], said: Mapping[str, Any], *, now: Any, today: Any) -> dict[str, Any]:
    details = each.details or {}
    mine = said if said.get("care") == str(each.pk) else {}
    late = each.temporary_until <= now if each.state == "temporary" else (each.certified_until or today) < today
    return {
        "id": str(each.pk), "name": names.get(each.person_id, ""), "person_id": str(each.person_id or ""),
        "account": each.account.ref or "–", "patient": details.get("patient", ""), "device": details.get("device", ""),
        "phone": details.get("phone", ""), "kind": say(CARE_KINDS, each.kind), "state": say(CARE_STATES, each.state),
        "until": each.certified_until if each.state == "certified" else _last_day(each.temporary_until), "late": late,
        "claimed": each.claimed_at, "renewals": each.renewals, "paper": each.document_id is not None,
        "reference": each.document.request.reference if each.document and each.document.request else
                     each.request.reference if each.request else "",
        "typed": mine,
    }  # fmt: skip


def _last_day(until: datetime) -> date:
    """The last day on which it holds: it is over with that day."""
    return local_date(until - timedelta(seconds=1), settings.KEYTURN_POLICY)


@acting
@only_for(DECIDERS)
@sensitive_post_parameters()
def act(request: HttpRequest, care: UUID) -> HttpResponse:
    """Enter what stands on the certificate, or end the protection."""
    typed = request.POST
    common = {"care_id": care, "actor": actor_of(request), "now": timezone.now(), "policy": settings.KEYTURN_POLICY}
    try:
        if typed.get("act") == "end":
            flow.end_care(why=typed.get("why", ""), reason=typed.get("reason", ""), **common)
        else:
            flow.certify_care(
                first=day_of(typed.get("first", "")), last=day_of(typed.get("last", "")),
                certified_by=typed.get("certified_by", ""), **common,
            )  # fmt: skip
    except Invalid as problem:
        lines = tuple(Problem(each.text, f"#care-{care}") for each in refused(problem))
        return _page(request, {**typed.dict(), "care": str(care), "problems": lines}, status=422)
    except NotAllowed as problem:
        if problem.code != "own_request":
            raise Http404 from None
        messages.warning(request, _("This is about yourself: a colleague decides it."))
        return redirect("console:care")
    done = _("The protection has ended; the customer and the CIS are told.")
    good = _("The certificate is entered; the customer and the CIS are told.")
    messages.success(request, done if typed.get("act") == "end" else good)
    return redirect("console:care")


@only_for(DECIDERS)
@sensitive_post_parameters()
def claim(request: HttpRequest, account: UUID) -> HttpResponse:
    """Somebody has called: protect the account at once, on their word."""
    now = timezone.now()
    person = asking.main_person(account, at=now)
    if person is None:
        raise Http404
    typed: Mapping[str, str] = request.POST
    problems: tuple[Problem, ...] = ()
    if request.method == "POST":
        try:
            flow.claim_care_at_desk(
                account_id=account, answers=typed, reason=typed.get("reason", ""), actor=actor_of(request), now=now,
                policy=settings.KEYTURN_POLICY,
            )  # fmt: skip
            messages.success(request, _("Protected from now on; the CIS is told."))
            return redirect("console:keep", person.pk)
        except Invalid as problem:
            problems = refused(problem)
        except NotAllowed:
            problems = (Problem(_("This is about yourself: a colleague decides it.")),)
    return page(
        request, "console/care_claim.html", status=422 if problems else 200, person_id=str(person.pk), typed=typed,
        name=persons.names_of([person.pk], at=now).get(person.pk, ""), account=asking.account_ref(account),
        problems=problems, kinds=[(code, say(CARE_KINDS, code)) for code in CARE_KINDS],
        fields=[("patient", _("Who depends on it"), typed.get("patient", "")), ("device", _("Device"), typed.get("device", "")),
                ("phone", _("Phone to reach them"), typed.get("phone", ""))],
    )  # fmt: skip
