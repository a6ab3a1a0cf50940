"""How is it written down that a login has an account, that a request gave it one, and that it has it no more?"""

from datetime import datetime
from typing import Any

from allauth.account.models import EmailAddress

from keyturn.journeys.link_account import CODES
from keyturn.matching.contacts import normal_email
from keyturn.records import acts, attempts, dated
from keyturn.records.crypto import digest
from keyturn.records.models import Account, AccountAccess, AccountPerson, Person, Request, User
from keyturn.records.models.dated import holds_at
from keyturn.steps.establish.claim import rules
from keyturn.steps.establish.ending import step as ending
from keyturn.terms.errors import NotAllowed
from keyturn.terms.policy import Policy
from keyturn.terms.request import MACHINE, Actor, Verdict


def run(request: Request, *, level: str, now: datetime, policy: Policy) -> Verdict:
    """Give the login of a proved claim its account, once."""
    assert request.account and request.person and request.user
    proof = str(request.answers.get("proof"))
    made = grant(
        request.user, request.account, request.person, level=level or policy.claim_level_others or "view",
        proof=proof if proof in CODES or proof == "federated" else "staff", request=request, actor=MACHINE, now=now,
    )  # fmt: skip
    request.established_at = now
    login = attempts.subject_of("login", request.user_id)
    attempts.forgive("find", login, at=request.submitted_at or now)
    return Verdict(data={"access": str(made.pk), "account": str(request.account_id), "proof": made.proof})


def grant(
    user: User,
    account: Account,
    person: Person,
    *,
    level: str,
    proof: str,
    request: Request,
    actor: Actor,
    now: datetime,
) -> AccountAccess:
    """The login has the account from now on. What it has already stays; what it did for the owner ends."""
    dated.hold(persons=[person.pk], accounts=[account.pk])  # two who link at one moment see each other
    held = AccountAccess.objects.filter(user=user, account=account, ended_at=None).first()
    if held is not None and not rules.replaces(held.capacity):
        return held
    if held is not None:
        ending.end(held, actor=actor, now=now, what="replaced")
    made = AccountAccess.objects.create(
        user=user, account=account, person=person, level=level, capacity="self", proof=proof, since=now,
        granted_by=actor.origin, request=request,
    )  # fmt: skip
    data = {"access": str(made.pk), "level": level, "proof": proof, "login": str(user.pk)}
    acts.note(subject=f"account:{account.pk}", what="linked", actor=actor, now=now, data=data)
    return made


def own_access(user: User, account_id: Any, *, now: datetime) -> AccountAccess:
    """The login's own access to this account, locked; to anybody else it does not exist."""
    held = ending.held(now=now, user=user, account_id=account_id)
    if held is None:
        raise NotAllowed("not_yours")
    return held


def by_request(request: Request, user: User, *, now: datetime, policy: Policy) -> AccountAccess | None:
    """Link the login at the end of a request for service (2.20, 2.21); None where the request gives no such right."""
    link = request.links.filter(undone_at=None).first()
    if link is None or request.account is None or not rules.request_links(_ended(request, link, user), policy):
        return None
    role = AccountPerson.objects.filter(holds_at(now), account=request.account, person=link.person).first()
    if role is None:
        return None
    return grant(
        user, request.account, link.person, level="owner" if role.is_main or role.is_responsible else "view",
        proof="request", request=request, actor=MACHINE, now=now,
    )  # fmt: skip


def may_follow(request: Request, user: User) -> bool:
    """Whether the login and the request proved the same e-mail address."""
    return _email_was_proved(request) and _same_email(request, user)


def _email_was_proved(request: Request) -> bool:
    return request.evidence.filter(kind="email", source="code", subject=request.email_digest).exists()


def _same_email(request: Request, user: User) -> bool:
    emails = EmailAddress.objects.filter(user=user, verified=True).values_list("email", flat=True)
    return request.email_digest in {digest("email", normal_email(each)) for each in emails}


def _ended(request: Request, link: Any, user: User) -> rules.Ended:
    proofs = {(each.kind, each.source, each.subject) for each in request.evidence.all()}
    return rules.Ended(
        is_completed=request.outcome == "completed",
        email_was_proved=_email_was_proved(request),
        same_email=_same_email(request, user),
        person_is_new=link.created_person,
        identity_was_verified=any(kind == "identity" for kind, _source, _subject in proofs),
        flags=frozenset(link.person.flags),
    )


def rename(held: AccountAccess, nickname: str) -> None:
    """What the login calls the account; nobody else sees it."""
    AccountAccess.objects.filter(pk=held.pk).update(nickname=nickname)
