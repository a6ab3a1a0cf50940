"""A request that was written down ends in nothing: what is undone here, and what stays, for staff to see?

In the CIS it is undone by a job (`outside.undo_in_cis`), once a late effect has arrived. What nothing undoes is listed: on
the move that ended the request ("stays") and, where the CIS and we hold different things now, as `left_in_cis`.
"""

from datetime import datetime
from typing import Any

from keyturn.flow import moves
from keyturn.flow.delegation import tell_of_the_end
from keyturn.flow.paths import way_of
from keyturn.records.models import AccountAccess, Invitation, Request
from keyturn.records.queries import access
from keyturn.steps.establish.ending import step as ending
from keyturn.terms.levels import Level
from keyturn.terms.policy import Policy
from keyturn.terms.request import MACHINE, Actor, Role

LAPSED = Actor(Role.CUSTOMER, "lapsed")
"""By whom it ends that nobody answered about."""


def take_back(request: Request, *, actor: Actor, now: datetime, policy: Policy) -> dict[str, Any]:
    """Undo here what the request wrote; what stays, as data of the move that ends it. Done twice it is done once."""
    given = let_in(request)
    way_of(request).take_back(request, actor=actor, now=now)
    if request.established_at is None:
        return {}
    for each in given:
        end_let_in(each, actor=actor, now=now, policy=policy)
    stays = way_of(request).stays(request, now=now)
    return {"stays": sorted(stays)} if stays else {}


def let_in(request: Request) -> list[AccountAccess]:
    """Accesses that this request gave, under which others may have been let in."""
    return list(AccountAccess.objects.filter(request=request, ended_at=None, level=Level.OWNER, account__isnull=False))


def end_let_in(given: AccountAccess, *, actor: Actor, now: datetime, policy: Policy) -> None:
    """Whom a login let in that was not the owner's goes with it, whom those let in too, and the CIS is told of each; no
    invitation of theirs holds. `given` is over already. Where the login owns the account by another right, theirs is right."""
    seen = access.to_account(given.user_id, given.account_id, at=now)
    if seen is not None and seen.level == Level.OWNER:
        return
    sent = Invitation.objects.filter(account=given.account_id, invited_by=given.user_id, state="sent")
    sent.update(state="revoked", answered_at=now)
    theirs = AccountAccess.objects.filter(account=given.account_id, request__user=given.user_id, ended_at=None)
    for each in theirs.filter(since__gte=given.since).exclude(capacity="self").exclude(pk=given.pk):
        held = ending.held(now=now, pk=each.pk)
        if held is None:
            continue
        ending.end(held, actor=actor, now=now, what="taken_back")
        by = LAPSED if actor.role is Role.MACHINE else actor
        said = {"access_id": str(held.pk), "account_id": str(held.account_id)}
        tell_of_the_end(held.account_id, None, said, None, by, now, policy)
        if held.level == Level.OWNER:
            end_let_in(held, actor=actor, now=now, policy=policy)


def list_untold(request: Request, *, now: datetime) -> None:
    """After the move that ends it: what holds here although it came to nothing, and the CIS is to be told of by hand."""
    if request.established_at is None or not hasattr(request, "delivery"):
        return
    untold = way_of(request).untold(request, now=now)
    if untold and not request.events.filter(what="left_in_cis").exists():
        data = {"code": "not_told", "families": sorted(untold)}
        moves.record(request, "left_in_cis", actor=MACHINE, now=now, data=data)
