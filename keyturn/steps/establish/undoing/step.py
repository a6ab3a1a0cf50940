"""How is it undone that a request gave somebody access, and what does undoing a start of service leave?"""

from datetime import datetime

from keyturn.records import acts
from keyturn.records.models import AccountAccess, Designee, Request
from keyturn.steps.establish.ending import step as ending
from keyturn.terms.request import MACHINE, Actor

REPLACED = ("replaced", MACHINE.origin)
"""By whom an access ends whose place another one takes."""


def take_back(request: Request, *, actor: Actor, now: datetime) -> None:
    """What the request gave ends, and what had given way to it holds again (I6). Done twice it is done once."""
    for given in AccountAccess.objects.filter(request=request, ended_at=None):
        held = ending.held(now=now, pk=given.pk)
        if held is None:  # it has run out meanwhile
            continue
        ending.end(held, actor=actor, now=now, what="taken_back")
        _give_back(held, actor=actor, now=now)
    for designee in Designee.objects.select_for_update().filter(invitation__request=request, ended_at=None):
        ending.end_designee(designee, actor=actor, now=now)


def _give_back(given: AccountAccess, *, actor: Actor, now: datetime) -> None:
    """What ended in the moment in which this was given, to make room for it."""
    before = (
        AccountAccess.objects.select_for_update()
        .filter(user=given.user_id, account=given.account_id, group=given.group_id)
        .filter(ended_at=given.since, ended_by__in=REPLACED)
        .exclude(pk=given.pk)
        .first()
    )
    if before is None:
        return
    before.ended_at, before.ended_by = None, ""
    before.save(update_fields=["ended_at", "ended_by"])
    subject = f"account:{before.account_id}" if before.account_id else f"group:{before.group_id}"
    data = {"access": str(before.pk), "login": str(before.user_id)}
    acts.note(subject=subject, what="access_given_back", actor=actor, now=now, data=data)


def left_by_service(request: Request, *, now: datetime) -> frozenset[str]:
    """Of a request for service that came to nothing: the person and account that it entered, and what they agreed to."""
    entered = request.links.filter(created_person=True).exists()
    there = {
        "person": entered,
        "account": request.account is not None and not request.account.ref,
        "consents": bool(request.answers.get("consents")),
        "proposals": request.proposals.filter(state="accepted").exists(),
    }
    return frozenset(name for name, is_there in there.items() if is_there)
