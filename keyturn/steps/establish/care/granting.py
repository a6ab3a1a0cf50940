"""What does it write when staff give somebody access to another's account?"""

from datetime import datetime, timedelta

from keyturn.records import acts
from keyturn.records.models import AccountAccess, Request, User
from keyturn.terms.days import day_begins, day_of
from keyturn.terms.policy import Policy
from keyturn.terms.request import Actor, Role, Verdict


def run(request: Request, *, now: datetime, policy: Policy) -> Verdict:
    """The access; one that the login has to this account already ends. It is the utility's own: only staff end it."""
    answers = request.answers
    user = User.objects.get(pk=answers["user_id"])
    last = day_of(answers.get("delegate_until"))
    AccountAccess.objects.filter(user=user, account=request.account, ended_at=None).update(
        ended_at=now, ended_by="replaced"
    )
    access = AccountAccess.objects.create(
        user=user, account=request.account, level=answers["level"], capacity=answers["capacity"], proof="staff",
        owned_by="cis", since=now, until=day_begins(last + timedelta(days=1), policy) if last else None,
        granted_by=request.begun_by, request=request,
    )  # fmt: skip
    acts.note(
        subject=f"account:{request.account.pk if request.account else 0}", what="access_given",
        actor=Actor(Role.STAFF, request.begun_by.partition(":")[2]), now=now,
        data={"access": str(access.pk), "level": access.level, "capacity": access.capacity},
    )  # fmt: skip
    request.established_at = now
    request.written = [{"relationship": "delegate", "name": answers["delegate_name"], "email": user.email}]
    return Verdict(data={"access": str(access.pk), "level": access.level, "capacity": access.capacity})
