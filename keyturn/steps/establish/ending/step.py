"""How does somebody's access end at once, and what is the CIS told of it?"""

from datetime import datetime
from typing import Any

from keyturn.records import acts, dated
from keyturn.records.models import AccountAccess, AccountPerson, Designee, Invitation, Request
from keyturn.records.queries import access as accesses
from keyturn.terms.policy import Policy
from keyturn.terms.request import Actor, Verdict


def held(*, now: datetime, **which: Any) -> AccountAccess | None:
    """An access that holds, locked with its account and who is on it, in the order of `dated.hold`.

    So two owners who leave at one moment see each other, and whoever makes one file of two people waits for us, while
    we never wait for them.
    """
    seen = AccountAccess.objects.filter(accesses.live(now), **which).first()
    if seen is None:
        return None
    people = set(AccountPerson.objects.filter(account=seen.account_id).values_list("person_id", flat=True))
    people |= {seen.person_id} - {None}
    dated.hold(persons=people, accounts=[seen.account_id] if seen.account_id else [])
    return AccountAccess.objects.select_for_update().filter(accesses.live(now), pk=seen.pk).first()


def end(access: AccountAccess, *, actor: Actor, now: datetime, what: str = "access_ended") -> None:
    """From this moment on they can do nothing; the row stays. `what`: how it is called in the audit."""
    access.ended_at, access.ended_by = now, actor.origin
    access.save(update_fields=["ended_at", "ended_by"])
    subject = f"account:{access.account_id}" if access.account_id else f"group:{access.group_id}"
    acts.note(
        subject=subject, what=what, actor=actor, now=now, data={"access": str(access.pk), "login": str(access.user_id)}
    )


def end_designee(designee: Designee, *, actor: Actor, now: datetime) -> None:
    designee.ended_at = now
    designee.save(update_fields=["ended_at"])
    acts.note(
        subject=f"account:{designee.account_id}", what="designee_ended", actor=actor, now=now,
        data={"designee": str(designee.pk)},
    )  # fmt: skip


def run(request: Request, *, now: datetime, policy: Policy) -> Verdict:
    """The access has ended when the request began; here is noted who it was, for the CIS."""
    request.written = [{**_who(request), "ends": True}]
    request.established_at = now
    return Verdict(data={"ended": True})


def _who(request: Request) -> dict[str, str]:
    """As they were invited; who came otherwise, the CIS knows by their e-mail if at all."""
    invitation = _invitation(request)
    if invitation is None:
        login = AccountAccess.objects.select_related("user").get(pk=request.answers["access_id"]).user
        return {"relationship": "delegate", "name": "", "email": login.email}
    return {"relationship": "designee" if invitation.kind == "designee" else "delegate", **invitation.invitee}


def _invitation(request: Request) -> Invitation | None:
    answers = request.answers
    if answers.get("designee_id"):
        return Invitation.objects.filter(designee=answers["designee_id"]).first()
    return Invitation.objects.filter(access=answers["access_id"]).first()
