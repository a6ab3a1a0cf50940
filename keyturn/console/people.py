"""What do staff see of somebody on file, and what can be done there?"""

from collections.abc import Mapping
from datetime import datetime
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
from keyturn.console import vocabulary
from keyturn.console.access import (
    DECIDERS,
    SEE_PROTECTED,
    SUPERVISORS,
    acting,
    actor_of,
    may_see_protected,
    only,
    role_of,
)
from keyturn.console.comparison import masked
from keyturn.console.maintained import CAPACITIES, CARE_STATES, DETAILS, LEVELS, PROOFS, SLOTS
from keyturn.console.meanwhile import DONE_BY_YOU
from keyturn.console.queue import page
from keyturn.console.vocabulary import say
from keyturn.flow import cases, protection
from keyturn.flow.sentences import sentence
from keyturn.look.parts import Problem
from keyturn.records.queries import files, red_flags
from keyturn.terms.errors import Invalid, NotAllowed


def find(person_id: Any, *, now: datetime, with_protected: bool = False) -> files.File:
    found = files.read(person_id, at=now, with_protected=with_protected)
    if found is None:
        raise Http404
    return found


@require_safe
@only(DECIDERS)
def show(request: HttpRequest, person: UUID) -> HttpResponse:
    return person_page(request, person)


def person_page(
    request: HttpRequest,
    person: UUID,
    *,
    typed: Mapping[str, Any] | None = None,
    with_protected: bool = False,
    status: int = 200,
) -> HttpResponse:
    """The whole page; `typed` is what could not be taken, with its `problems`."""
    now, said = timezone.now(), typed or {}
    held = find(person, now=now, with_protected=with_protected)
    return page(
        request, "console/keep.html", status=status, file=held, name=held.name, person_id=str(held.person.pk),
        flags=[say(vocabulary.FLAGS, each) for each in held.person.flags],
        names=[(say(DETAILS, kind), text) for kind, text in held.names],
        contacts=[{"row": each, "kind": say(vocabulary.FIELDS, each.channel), "type": say(DETAILS, each.kind)}
                  for each in held.contacts],
        identifiers=[(say(vocabulary.IDENTIFIERS, each.id_type), masked(each.last_four))
                     for each in held.person.identifiers.all()],
        addresses=[_address(each) for each in held.addresses],
        accesses=[access_row(each) for each in held.accesses],
        proposals=[proposal_row(each, hidden=held.protected and not with_protected) for each in held.proposals],
        protections={each.account_id: say(CARE_STATES, each.state) for each in held.medical},
        cases=red_flags.of_person(held.person.pk), typed=said, problems=said.get("problems", ()),
        may_see=may_see_protected(request), shown_protected=with_protected and held.protected,
        may_supervise=role_of(request) in SUPERVISORS,
    )  # fmt: skip


def proposal_row(each: Any, *, hidden: bool) -> dict[str, Any]:
    """What an applicant said otherwise than the file."""
    value = masked(each.value) if each.field in vocabulary.IDENTIFIERS else each.value.replace("\n", ", ")
    if each.field in ("language", "paperless"):
        value = say(DETAILS, value)
    hidden = hidden and each.field == "address"
    if hidden:
        value = _("Protected: not shown")
    label = say(vocabulary.PROPOSED, each.field)
    return {
        "id": str(each.pk),
        "person_id": str(each.person_id),
        "label": label,
        "value": value,
        "reference": each.request.reference,
        "at": each.created_at,
        "hidden": hidden,
    }


def _address(row: Any) -> dict[str, Any]:
    season = f"{row.season_from:04}–{row.season_to:04}" if row.season_from is not None else ""
    return {
        "lines": row.address.lines(), "what": say(SLOTS, "season" if season else "mailing"), "season": season,
        "account": row.account.ref if row.account else "", "from": row.valid_from, "until": row.valid_to,
    }  # fmt: skip


def access_row(row: Any) -> dict[str, Any]:
    return {
        "id": str(row.pk), "email": row.user.email, "account": row.account.ref or "–", "level": say(LEVELS, row.level),
        "capacity": say(CAPACITIES, row.capacity), "proof": say(PROOFS, row.proof), "since": row.since,
        "until": row.until, "portal": row.owned_by == "portal",
    }  # fmt: skip


def refused(problem: Invalid) -> tuple[Problem, ...]:
    """The sentences of an Invalid, each leading to its field."""
    return tuple(Problem(sentence(each, for_staff=True), f"#{each.field}") for each in problem.findings)


# ---------------------------------------------------------------- protected addresses


@acting
@only(SEE_PROTECTED)
def address(request: HttpRequest, person: UUID) -> HttpResponse:
    """Show a protected address in this answer only; that it was looked at is written down before."""
    held = find(person, now=timezone.now())
    protection.look_at_protected(
        person_id=held.person.pk, may_see=may_see_protected(request), actor=actor_of(request), now=timezone.now()
    )
    return person_page(request, person, with_protected=True)


@acting
@only(SEE_PROTECTED)
@sensitive_post_parameters()
def protect(request: HttpRequest, person: UUID) -> HttpResponse:
    """Keep the address secret from now on, or show it again (`act` set or lift)."""
    act, reason = request.POST.get("act", ""), request.POST.get("reason", "")
    common = {"person_id": person, "reason": reason, "may_see": may_see_protected(request),
              "actor": actor_of(request), "now": timezone.now()}  # fmt: skip
    try:
        if act == "lift":
            protection.lift_protection(**common)
        else:
            protection.protect(programme=request.POST.get("programme", ""), **common)
    except Invalid as problem:
        return person_page(request, person, typed={"reason": reason, "problems": refused(problem)}, status=422)
    except NotAllowed as problem:
        if problem.code == "unknown_person":
            raise Http404 from None
        if problem.code == "own_request":
            messages.warning(request, _("This is your own file: a colleague must do it."))
            return redirect("console:keep", person)
    messages.success(request, _("The address is protected.") if act != "lift" else _("The address is shown again."))
    return redirect("console:keep", person)


# ---------------------------------------------------------------- proposals, access


@acting
@only(DECIDERS)
def proposal(request: HttpRequest, person: UUID, proposal: UUID) -> HttpResponse:
    """Take what an applicant said, or leave the file as it is."""
    accept = request.POST.get("act") == "accept"
    try:
        cases.decide_proposal(
            proposal_id=proposal, accept=accept, actor=actor_of(request), now=timezone.now(),
            policy=settings.KEYTURN_POLICY, may_see=may_see_protected(request),
        )  # fmt: skip
    except Invalid as problem:
        return person_page(request, person, typed={"problems": refused(problem)}, status=422)
    except NotAllowed as problem:
        if problem.code == "own_request":
            messages.warning(request, _("This is your own file: a colleague must do it."))
        elif problem.code == "protected":
            messages.warning(request, _("The address is protected: a supervisor decides this."))
        elif problem.code == "decided_already":
            messages.warning(request, _("A colleague has decided this already."))
        elif problem.code == "done_by_you":
            messages.info(request, _(DONE_BY_YOU))
        else:
            raise Http404 from None
        return redirect("console:keep", person)
    messages.success(request, _("Taken into the file.") if accept else _("Left as it is."))
    back = request.POST.get("back", "")
    return redirect("console:request", back) if back.startswith("KT-") else redirect("console:keep", person)


@only(SUPERVISORS)
def take_over(request: HttpRequest, person: UUID, access: UUID) -> HttpResponse:
    """Take a portal's access over for good: a page that says so, then the act (BR-21)."""
    now = timezone.now()
    held = find(person, now=now)
    row = next((each for each in held.accesses if each.pk == access), None)
    if row is None:
        raise Http404
    if request.method == "POST":
        try:
            flow.take_over_access(access_id=access, actor=actor_of(request), now=now)
        except NotAllowed as problem:
            if problem.code != "own_request":
                raise Http404 from None
            messages.warning(request, _("This is your own file: a colleague must do it."))
        else:
            messages.success(request, _("This access is the utility’s now: only staff end it."))
        return redirect("console:keep", person)
    return page(request, "console/take_over.html", name=held.name, person_id=str(person), access=access_row(row))
