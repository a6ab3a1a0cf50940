"""How does somebody prove that an e-mail address is theirs, and take a draft up again elsewhere?"""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from keyturn.flow import moves
from keyturn.records.models import Request
from keyturn.steps.confirm.rules import News
from keyturn.steps.verify import step as verify
from keyturn.terms.errors import NotAllowed
from keyturn.terms.finding import Finding
from keyturn.terms.policy import Policy
from keyturn.terms.request import Actor, Outcome, Standing


@transaction.atomic
def send_code(*, request_id: UUID, purpose: str, now: datetime, policy: Policy) -> list[Finding]:
    """Send a one-time code to the request's e-mail: to `prove` it, to `resume` a draft or to see its `status`."""
    request = moves.locked(request_id)
    verify.aim(request)
    if not request.email_digest or request.outcome == Outcome.EXPIRED or not _is_asked_for(request, purpose):
        return []
    code = verify.send_code(request, purpose, now=now, policy=policy)
    if code is None:
        return [Finding("Y-05", "code")]
    news = News.STATUS_CODE if purpose == "status" else News.EMAIL_CODE
    minutes = policy.status_code_minutes if purpose == "status" else policy.email_code_minutes
    moves.tell(request, news, now=now, values={"code": code, "minutes": minutes})
    return []


@transaction.atomic
def prove_email(
    *, request_id: UUID, purpose: str, code: str, actor: Actor, now: datetime, policy: Policy
) -> list[Finding]:
    """Try a code. No finding: the e-mail is proved. Wrong guesses are counted, and kept when the page is shown again."""
    request = moves.locked(request_id)
    if not _is_asked_for(request, purpose):
        return [Finding("Y-04", "code", params={"why": "expired"})]
    problems = verify.try_code(request, purpose, code, now=now, policy=policy)
    if not problems and purpose in PROVING:
        moves.record(request, "email_proved", actor=actor, now=now)
    return problems


PROVING = ("prove", "resume")


def _is_asked_for(request: Request, purpose: str) -> bool:
    """A proof is only of use while the request waits for its customer; its status can be asked for always."""
    return purpose not in PROVING or request.standing == Standing.CUSTOMER


@transaction.atomic
def send_resume_link(*, email: str, now: datetime, policy: Policy) -> None:
    """Mail a link to the latest open draft of this address, if there is one. The caller learns nothing either way (I7)."""
    request = verify.open_draft_of(email, now=now)
    if request is None:
        return
    token = verify.make_resume_link(request, now=now, policy=policy)
    if token:
        moves.tell(request, News.RESUME_LINK, now=now, values={"token": token, "hours": policy.resume_link_hours})


def follow_resume_link(*, token: str, now: datetime) -> Request | None:
    """The draft that a link leads to, or None. The e-mail must still be proved before anything is shown."""
    return verify.resume(token, now=now)


@transaction.atomic
def take_over(*, request_id: UUID, actor: Actor, now: datetime) -> Request:
    """The draft now belongs to another browser, whose owner has proved the draft's e-mail by a code just now."""
    request = moves.locked(request_id)
    if request.step not in moves.DRAFT or request.standing != Standing.CUSTOMER:
        raise NotAllowed("not_a_draft")
    if not verify.was_proved_just_now(request, "resume", now=now):
        raise NotAllowed("not_proved")
    request.begun_by = actor.origin
    moves.record(request, "resumed", actor=actor, now=now)
    return request
