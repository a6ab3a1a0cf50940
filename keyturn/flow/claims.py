"""How does a login show that an account is theirs, and how does it give it up again?

Nothing that a customer can see, nor the time it takes, depends on whether there is such an account (I7, T-32): the page
only records what was typed and opens a row for a code; the worker finds the account and, where one may, sends the code.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction

from keyturn.flow import moves, taking_back
from keyturn.flow.customer import new_request
from keyturn.flow.maintain import customer
from keyturn.journeys import JOURNEYS, Kind
from keyturn.journeys.link_account import CODES, LINK_ACCOUNT
from keyturn.records import acts, attempts
from keyturn.records.crypto import fingerprint
from keyturn.records.models import AccountAccess, RedFlag, Request, ResumeLink, User
from keyturn.records.queries import access
from keyturn.signin.views import proved_address
from keyturn.steps.confirm.claim import step as confirm
from keyturn.steps.confirm.rules import News
from keyturn.steps.decide.claim import rules as decide_rules
from keyturn.steps.decide.claim import step as decide
from keyturn.steps.establish.claim import rules as establish_rules
from keyturn.steps.establish.claim import step as establish
from keyturn.steps.establish.ending import step as ending
from keyturn.steps.gather import rules as gather
from keyturn.steps.match.claim import step as match
from keyturn.steps.validate.claim import step as validate
from keyturn.steps.verify.claim import step as verify
from keyturn.terms.errors import Invalid, NotAllowed
from keyturn.terms.finding import Finding
from keyturn.terms.policy import Policy
from keyturn.terms.request import MACHINE, Actor, Role, Standing, Step
from keyturn.work import queue


def begin_claim(*, user: User, language: str, now: datetime, policy: Policy) -> Request:
    """Open a claim, or take up the one that is open. NotAllowed("email_not_proved"): a login is an e-mail that was proved."""
    actor = customer(user.pk)
    if not proved_address(user):
        attempts.note("find", [attempts.subject_of("login", user.pk)], now=now)
        raise NotAllowed("email_not_proved")
    return open_claim(user=user, now=now) or _begin(user, actor, language, now, policy)


@transaction.atomic
def _begin(user: User, actor: Actor, language: str, now: datetime, policy: Policy) -> Request:
    request = new_request(LINK_ACCOUNT.name, actor=actor, channel="portal", language=language, now=now, policy=policy)
    request.user = user
    moves.begin(request, actor=actor, now=now)
    return request


def open_claim(*, user: User, now: datetime) -> Request | None:
    """The claim that waits for this login: a draft, or one whose code is to be entered."""
    rows = Request.objects.filter(user=user, journey=LINK_ACCOUNT.name, standing=Standing.CUSTOMER, due_at__gt=now)
    return rows.order_by("-created_at", "-id").first()


def proofs_for(*, user: User, policy: Policy) -> tuple[str, ...]:
    """The proofs that this login may choose from."""
    return validate.offered(user, policy)


@transaction.atomic
def claim(*, request_id: UUID, client: str, actor: Actor, now: datetime, policy: Policy) -> Request:
    """Send a claim, or send it again for a new code. `client` is the internet address it comes from.

    Invalid says what to mend, or (Y-23) to wait: by what this login did, never by what is on file.
    """
    request = moves.locked(request_id)
    if request.journey != LINK_ACCOUNT.name:
        raise NotAllowed("unknown_request")
    moves.customers_turn(request, actor, now=now)
    problems = _lacking(request, now=now, policy=policy)
    if problems:
        raise Invalid(problems)
    subjects = verify.subjects_of(request, client, policy)
    wait = verify.pause(subjects, now=now, policy=policy)
    if wait is not None:
        raise Invalid([Finding("Y-23", "", params={"at": wait.isoformat()})])
    data = {"busy": verify.is_busy(subjects, now=now, policy=policy)}
    attempts.note("find", list(subjects.values()), now=now)
    for pattern in verify.patterns(subjects, now=now, policy=policy):
        decide.flag(request, pattern, now=now)
    _send(request, data, actor=actor, now=now, policy=policy)
    return request


def _lacking(request: Request, *, now: datetime, policy: Policy) -> list[Finding]:
    complete = list(gather.answers_are_complete(LINK_ACCOUNT, request.answers, strict=True))
    return complete or list(validate.run(request, now=now, policy=policy).findings)


def _send(request: Request, data: Mapping[str, Any], *, actor: Actor, now: datetime, policy: Policy) -> None:
    proof = request.answers["proof"]
    request.submitted_at = now
    request.approved, request.person_decision = [], {}
    if proof not in CODES:
        moves.hand_in(request, actor=actor, now=now)
        queue.later("advance", request_id=str(request.pk))
        return
    verify.open_code(request, proof, now=now, policy=policy)
    until = now + timedelta(days=max(policy.answer_days, policy.claim_letter_days + 7))
    moves.move(request, Step.VERIFY, Standing.CUSTOMER, due_at=until)
    moves.record(request, "claim_sent", actor=actor, now=now, data=data)
    queue.later("find_account", request_id=str(request.pk))


# ---------------------------------------------------------------- the worker


@queue.job("find_account")
def find_account_job(*, request_id: str, now: datetime) -> None:
    find_account(request_id=UUID(request_id), now=now, policy=moves.policy())


@transaction.atomic
def find_account(*, request_id: UUID, now: datetime, policy: Policy) -> None:
    """Look for the account that a claim names, and send its code where one may be sent. Running it again does nothing."""
    request = moves.locked(request_id)
    last = request.events.filter(what__in=("claim_sent", "looked_for")).order_by("-number").first()
    if request.standing != Standing.CUSTOMER or last is None or last.what != "claim_sent":
        return
    found = match.look(request, now=now, policy=policy)
    if found.account is not None:
        RedFlag.objects.filter(request=request, account=None).update(account=found.account, person=found.person)
    if found.account is not None and found.person is not None:
        problems = decide.about(request, found.account, found.person, now=now, policy=policy)
        is_slow = request.answers.get("proof") == "letter" or not last.data.get("busy")
        if decide_rules.may_be_sent(problems) and is_slow:
            _send_code(request, found, now=now, policy=policy)
    moves.record(request, "looked_for", actor=MACHINE, now=now)


def _send_code(request: Request, found: match.Found, *, now: datetime, policy: Policy) -> None:
    assert found.account and found.person
    to = verify.arm(request, found.account, found.person, now=now, policy=policy)
    if to is None:
        return
    values = {
        "to": to.to, "channel": to.channel, "code": to.code, "account": found.account, "person": found.person,
        "minutes": policy.claim_sms_minutes, "hours": policy.claim_email_hours, "days": policy.claim_letter_days,
    }  # fmt: skip
    moves.tell(request, News.CLAIM_CODE, now=now, values=values)


# ---------------------------------------------------------------- the proof


@transaction.atomic
def try_claim_code(
    *, request_id: UUID, code: str, client: str, actor: Actor, now: datetime, policy: Policy
) -> list[Finding]:
    """Try a code. No finding: it was right, and the machine goes on. Any other answer is the same for every cause."""
    request = moves.locked(request_id)
    if request.journey != LINK_ACCOUNT.name:
        raise NotAllowed("unknown_request")
    moves.customers_turn(request, actor, now=now)
    right = verify.try_code(request, code, actor=actor, now=now, policy=policy)
    subjects = [attempts.subject_of("login", request.user_id), attempts.subject_of("address", client)]
    attempts.note("code", subjects, now=now, failed=not right)
    if not right:
        _count_guess(request, now=now, policy=policy)
        moves.record(request, "guessed", actor=actor, now=now)
        return [Finding("Y-22", "code")]
    moves.hand_in(request, actor=actor, now=now)
    queue.later("advance", request_id=str(request.pk))
    return []


def _count_guess(request: Request, *, now: datetime, policy: Policy) -> None:
    """Whoever uses up all guesses leaves a case, whether there was a code or not."""
    row = verify.newest(request)
    if row is not None and row.tries >= policy.claim_code_tries:
        decide.flag(request, "guessing", now=now)
        case = RedFlag.objects.filter(request=request, trigger="guessing")
        case.update(account=row.account_id, person=row.person_id)  # by their keys: a miss costs as much as a hit


# ---------------------------------------------------------------- links


@transaction.atomic
def link_login(*, request_id: UUID, user: User, actor: Actor, now: datetime, policy: Policy) -> AccountAccess | None:
    """At the end of a request for service: the login with the very e-mail that it proved gets the account (2.20, 2.21).

    None where the request gives no such right; what the login can do then is to claim the account. `actor` is who holds
    the request (NotAllowed("unknown_request") for anybody else).
    """
    request = moves.locked(request_id)
    moves.may_touch(request, actor)
    made = establish.by_request(request, user, now=now, policy=policy)
    if made is None:
        return None
    if made.request_id == request.pk and made.since == now:
        _tell(request, made, News.CLAIM_DONE, now=now)
    return made


@transaction.atomic
def keep_login(*, request_id: UUID, user: User, actor: Actor, now: datetime, policy: Policy) -> None:
    """A login that was made at the end of a request follows it, and gets the account as soon as it is set up (2.20).

    Nothing happens where the request and the login did not prove the same e-mail address.
    """
    request = moves.locked(request_id)
    moves.may_touch(request, actor)
    if request.user_id is not None or not establish.may_follow(request, user):
        return
    request.user = user
    request.save(update_fields=["user"])
    acts.note(
        subject=f"login:{user.pk}", what="made_by_request", actor=customer(user.pk), now=now,
        data={"request": str(request.pk)},
    )  # fmt: skip
    link_follower(request, now=now, policy=policy)


def link_follower(request: Request, *, now: datetime, policy: Policy) -> None:
    """When a request for service is complete: the login that follows it gets the account, if it may."""
    if request.user is None or JOURNEYS[request.journey].kind is not Kind.START:
        return
    made = establish.by_request(request, request.user, now=now, policy=policy)
    if made is not None and made.since == now:
        _tell(request, made, News.CLAIM_DONE, now=now)


def _tell(request: Request, held: AccountAccess, news: News, *, now: datetime) -> None:
    """As of a claim, though the request may be one for service: whose login it is, the access says."""
    request.user = held.user
    for message in confirm.tell(request, news, now=now):
        queue.later("send_message", message_id=str(message.pk))


@transaction.atomic
def unlink(*, user: User, account_id: Any, now: datetime) -> None:
    """The login gives the account up. NotAllowed("not_yours"); Invalid (E-21) for the last owner."""
    held = establish.own_access(user, account_id, now=now)
    problems = list(establish_rules.is_not_the_last_owner(access.is_last_owner(held, at=now)))
    if problems:
        raise Invalid(problems)
    ending.end(held, actor=customer(user.pk), now=now, what="unlinked")


@transaction.atomic
def name_account(*, user: User, account_id: Any, nickname: str, now: datetime) -> None:
    """What this login calls the account; "" takes the name away."""
    held = establish.own_access(user, account_id, now=now)
    establish.rename(held, gather.clean_text(nickname)[:60])


def stoppable(*, token: str, now: datetime) -> bool:
    """Whether this link still ends an access."""
    return _linked_by(token, now) is not None


@transaction.atomic
def stop_link(*, token: str, now: datetime) -> bool:
    """Whoever was told of a new link says that it is not theirs: it ends at once, and staff look at it (BR-62)."""
    linked = _linked_by(token, now)
    if linked is None:
        return False
    request = moves.locked(linked.request_id)
    held = ending.held(now=now, pk=linked.pk)
    if held is None:
        return False
    ending.end(held, actor=Actor(Role.CUSTOMER, "stop_link"), now=now, what="stopped")
    taking_back.end_let_in(held, actor=Actor(Role.CUSTOMER, "stop_link"), now=now, policy=moves.policy())
    decide.flag(request, "not_me", account=held.account, person=held.person, now=now)
    RedFlag.objects.filter(request=request, trigger="not_me").update(user=held.user)
    _tell(request, held, News.CLAIM_STOPPED, now=now)
    return True


def _linked_by(token: str, now: datetime) -> AccountAccess | None:
    link = ResumeLink.objects.filter(fingerprint=fingerprint(token), expires_at__gt=now).first()
    return AccountAccess.objects.filter(request=link.request_id, ended_at=None).first() if link else None
