"""How do staff have many differences with the CIS put right at once: one proposes it, another agrees?"""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _

from keyturn import flow
from keyturn.console.access import DECIDERS, SUPERVISORS, acting, actor_of, only, role_of
from keyturn.console.told_apart import called
from keyturn.console.vocabulary import say
from keyturn.records.queries import reconciliation
from keyturn.terms.errors import KeyturnError, NotAllowed
from keyturn.terms.words import gettext_noop

REFUSED = {
    "own_proposal": gettext_noop("You have proposed it: a supervisor who is not you agrees to it."),
    "only_a_supervisor": gettext_noop("A supervisor agrees to it."),
    "changed_meanwhile": gettext_noop(
        "More of it has been found since it was proposed. Refuse it, and propose it anew."
    ),
    "not_the_newest": gettext_noop("Something newer has been compared since. Look at that first."),
    "proposed_already": gettext_noop("A colleague has just proposed it."),
    "decided_already": gettext_noop("A colleague has just decided it."),
    "nothing_to_repair": gettext_noop("Nothing of it is left."),
    "unknown_repair": gettext_noop("Nothing of it is left."),
}
BECAME = {
    "repaired": gettext_noop("It is put right."), "review": gettext_noop("It is before staff, below."),
    "gone": gettext_noop("It differs no longer."),
    "found": gettext_noop("It cannot be put right yet: something about it is on its way to the CIS. Try it later."),
}  # fmt: skip
TO_STAFF = ("look", "review")
"""Repairs that put it before staff."""


def of(run: Any, *, left: Mapping[str, int], request: HttpRequest) -> dict[str, dict[str, Any]]:
    """Kind -> what stands about putting it right, and what this reader may do about it now."""
    standing = reconciliation.repairs(run)
    me, supervises = actor_of(request).origin, role_of(request) in SUPERVISORS
    names = called({who for each in standing.values() for who in (each.proposed_by, each.decided_by)})
    found = {}
    for code, number in left.items():
        held = standing.get(code)
        if held is None:
            found[code] = {"acts": _to_begin(code, number), "repair_id": ""}
            continue
        is_open, mine = held.state == "proposed", held.proposed_by == me
        found[code] = {
            "state": held.state, "repair_id": str(held.pk), "number": held.number, "left": number, "mine": mine,
            "who": names[held.proposed_by if is_open else held.decided_by],
            "at": held.proposed_at if is_open else held.decided_at, "acts": _to_decide(mine, supervises) if is_open else [],
        }  # fmt: skip
    return found


def _to_begin(code: str, number: int) -> list[tuple[str, str]]:
    """Acts, each with the words on its button."""
    to_staff = flow.DRIFT_KINDS[code].repair in TO_STAFF
    if number == 1:
        return [("alone", _("Put it before staff") if to_staff else _("Put it right"))]
    words = _("Propose to put all %(n)s before staff") if to_staff else _("Propose to put all %(n)s right")
    return [("propose", words % {"n": number})] if number else []


def _to_decide(mine: bool, supervises: bool) -> list[tuple[str, str]]:
    if mine:
        return [("refuse", _("Take it back"))]
    return [*([("agree", _("Agree: do it"))] if supervises else []), ("refuse", _("Refuse it"))]


@acting
@only(DECIDERS)
def repair(request: HttpRequest) -> HttpResponse:
    """Propose, agree, refuse, or put right the only one; then the page again."""
    form, kind = request.POST, request.POST.get("kind", "")
    acts = {"propose": _propose, "agree": _agree, "refuse": _refuse, "alone": _alone}
    act = acts.get(form.get("act", ""))
    try:
        if act is None or kind not in flow.DRIFT_KINDS:
            raise NotAllowed("unknown_repair")
        messages.success(request, act(request, kind))
    except NotAllowed as problem:
        messages.warning(request, say(REFUSED, problem.code))
    except KeyturnError:
        messages.warning(request, _("The CIS does not answer now. Try it later."))
    return redirect("console:reconciliation")


def _propose(request: HttpRequest, kind: str) -> str:
    flow.propose_repair(run_id=_uuid(request, "run"), kind=kind, actor=actor_of(request), now=timezone.now())
    return _("Proposed. A supervisor must agree.")


def _agree(request: HttpRequest, kind: str) -> str:
    flow.agree_repair(
        repair_id=_uuid(request, "repair"), is_supervisor=role_of(request) in SUPERVISORS, actor=actor_of(request),
        now=timezone.now(),
    )  # fmt: skip
    return _("Agreed. The worker does it now, one after the other; open this page again in a while.")


def _refuse(request: HttpRequest, kind: str) -> str:
    flow.refuse_repair(repair_id=_uuid(request, "repair"), actor=actor_of(request), now=timezone.now())
    return _("It is not done.")


def _alone(request: HttpRequest, kind: str) -> str:
    run = reconciliation.newest()
    found = list(reconciliation.drift(run, kind=kind, state="found"))[:2] if run else []
    if len(found) != 1:
        raise NotAllowed("proposed_already" if found else "nothing_to_repair")
    state = flow.repair_one(
        drift_id=found[0].pk, actor=actor_of(request), now=timezone.now(), policy=settings.KEYTURN_POLICY
    )
    return say(BECAME, state)


def _uuid(request: HttpRequest, name: str) -> UUID:
    try:
        return UUID(request.POST.get(name, ""))
    except ValueError:
        raise NotAllowed("unknown_repair") from None
