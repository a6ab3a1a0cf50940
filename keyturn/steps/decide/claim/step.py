"""Which facts does the decision about a claim rest on?"""

from collections.abc import Iterable
from datetime import datetime

from keyturn.records.models import (
    Account,
    AccountAccess,
    AccountPerson,
    Person,
    Protection,
    RedFlag,
    Request,
    ServiceAgreement,
)
from keyturn.records.models.dated import holds_at
from keyturn.records.queries import access
from keyturn.records.queries.premises import LIVE
from keyturn.steps.decide.claim import rules
from keyturn.terms.days import local_date
from keyturn.terms.finding import Finding
from keyturn.terms.policy import Policy
from keyturn.terms.request import Verdict


def run(request: Request, *, now: datetime, policy: Policy) -> Verdict:
    if request.account is None or request.person is None:
        proof = str(request.answers.get("proof"))
        return Verdict(tuple(rules.desk_is_staffed(rules.Facts(proof, ""), policy)))
    return Verdict(about(request, request.account, request.person, now=now, policy=policy))


def about(request: Request, account: Account, person: Person, *, now: datetime, policy: Policy) -> tuple[Finding, ...]:
    """The findings for this account and person, whether they stand on the request yet or not; flags are raised."""
    found = rules.check(_facts(request, account, person, now, policy), policy)
    for each in found:
        if each.rule in rules.FLAGGING:
            flag(request, each.rule, account=account, person=person, now=now, codes=each.params)
    return found


def level_of(account: Account, person: Person, *, now: datetime, policy: Policy) -> str:
    """What this person's part in the account gives them; "" where they have none any more."""
    role = AccountPerson.objects.filter(holds_at(now), account=account, person=person).first()
    if role is None:
        return ""
    return rules.level_for(is_main=role.is_main, is_responsible=role.is_responsible, policy=policy)


def _facts(request: Request, account: Account, person: Person, now: datetime, policy: Policy) -> rules.Facts:
    flags = {*person.flags, *(["merged"] if person.redirect_to_id else [])}
    if Protection.objects.filter(person=person, ended_at=None).exists():
        flags.add("protected_address")
    others = AccountAccess.objects.filter(access.live(now), account=account, level="owner").exclude(
        user=request.user_id
    )
    acting = AccountAccess.objects.filter(access.live(now), account=account, user=request.user_id).exclude(
        capacity="self"
    )
    raised = RedFlag.objects.filter(request=request, trigger__in=("many_accounts", "many_logins"))
    return rules.Facts(
        proof=str(request.answers.get("proof")),
        level=level_of(account, person, now=now, policy=policy),
        flags=frozenset(flags),
        closed_days=_closed_days(account, now, policy),
        owned_by_another=others.exists(),
        is_delegate=acting.exists(),
        patterns=frozenset(raised.values_list("trigger", flat=True)),
    )


def _closed_days(account: Account, now: datetime, policy: Policy) -> int | None:
    """Since the last service ended; an account without any service yet is open (C.7)."""
    rows = ServiceAgreement.objects.filter(account=account)
    if rows.filter(status__in=LIVE).exists() or not rows.exists():
        return None
    last = rows.order_by("-end_date").exclude(end_date=None).values_list("end_date", flat=True).first()
    return (local_date(now, policy) - (last or account.set_up_on)).days


def flag(
    request: Request,
    trigger: str,
    *,
    account: Account | None = None,
    person: Person | None = None,
    now: datetime,
    codes: Iterable[str] | None = None,
) -> None:
    """Open a case, once for each trigger of a claim; who and what it is about is added as it becomes known."""
    made, is_new = RedFlag.objects.get_or_create(
        request=request, trigger=trigger,
        defaults={"account": account, "person": person, "user": request.user, "opened_at": now, "data": dict(codes or {})},
    )  # fmt: skip
    if not is_new and account is not None and made.account_id is None:
        RedFlag.objects.filter(pk=made.pk).update(account=account, person=person)
