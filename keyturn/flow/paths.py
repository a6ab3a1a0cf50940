"""Which way does each kind of journey take: what is looked at before it is decided, what is written, what the CIS hears?

The verbs are the same for all; what differs stands here. A step's module for another kind of journey lies in a folder
of its own in that step (`steps/decide/change`), beside the one for starting service.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Protocol

from keyturn.journeys import JOURNEYS, Kind
from keyturn.records.models import Delivery, Message, Request
from keyturn.steps.confirm import step as confirm
from keyturn.steps.confirm.care import granted
from keyturn.steps.confirm.care import step as confirm_care
from keyturn.steps.confirm.change import step as confirm_change
from keyturn.steps.confirm.claim import step as confirm_claim
from keyturn.steps.confirm.delegate import step as confirm_delegate
from keyturn.steps.confirm.privacy import step as confirm_privacy
from keyturn.steps.confirm.rules import News
from keyturn.steps.decide import step as decide
from keyturn.steps.decide.care import step as decide_care
from keyturn.steps.decide.change import step as decide_change
from keyturn.steps.decide.claim import step as decide_claim
from keyturn.steps.decide.delegate import step as decide_delegate
from keyturn.steps.establish import step as establish
from keyturn.steps.establish.care import correcting, granting
from keyturn.steps.establish.care import step as establish_care
from keyturn.steps.establish.change import step as establish_change
from keyturn.steps.establish.claim import step as establish_claim
from keyturn.steps.establish.delegate import step as establish_delegate
from keyturn.steps.establish.ending import step as ending
from keyturn.steps.establish.undoing import step as undoing
from keyturn.steps.gather import step as gather
from keyturn.steps.maintain.inbound import repair
from keyturn.steps.maintain.merge import step as merge
from keyturn.steps.maintain.privacy import step as privacy
from keyturn.steps.match import step as match
from keyturn.steps.match.claim import step as match_claim
from keyturn.steps.sync import step as sync
from keyturn.steps.sync.care import step as sync_care
from keyturn.steps.sync.change import step as sync_change
from keyturn.steps.sync.claim import step as sync_claim
from keyturn.steps.sync.delegate import step as sync_delegate
from keyturn.steps.validate import step as validate
from keyturn.steps.validate.care import step as validate_care
from keyturn.steps.validate.change import step as validate_change
from keyturn.steps.validate.claim import step as validate_claim
from keyturn.steps.validate.delegate import step as validate_delegate
from keyturn.steps.verify import step as verify
from keyturn.steps.verify.change import step as verify_change
from keyturn.steps.verify.claim import step as verify_claim
from keyturn.steps.verify.delegate import step as verify_delegate
from keyturn.terms.cis import Answer, CancelService, Command
from keyturn.terms.days import local_date
from keyturn.terms.finding import Finding
from keyturn.terms.policy import Policy
from keyturn.terms.request import Actor, Step, Verdict


class Looks(Protocol):
    """A step that looks at a request and answers with a verdict."""

    def run(self, request: Request, *, now: datetime, policy: Policy) -> Verdict: ...


class Tells(Protocol):
    """Writes the messages for a piece of news."""

    def __call__(
        self, request: Request, news: News, *, now: datetime, values: Mapping[str, Any] | None = None
    ) -> list[Message]: ...


class Keeps(Protocol):
    """Keeps what the CIS answered."""

    def __call__(self, request: Request, delivery: Delivery, answer: Answer, *, now: datetime) -> None: ...


@dataclass(frozen=True, slots=True)
class Pause:
    """Until when a request rests, and who hears of it meanwhile."""

    until: datetime
    news: News | None = None
    values: Mapping[str, Any] = field(default_factory=dict)


def _always(request: Request) -> bool:
    return True


@dataclass(frozen=True, slots=True)
class Undoing:
    """What undoes in the CIS what was done there for a request that is over; `left`: what nothing undoes (S-13)."""

    command: Command | None
    left: frozenset[str] = frozenset()


def _cancel(request: Request, done: Answer, *, now: datetime, policy: Policy) -> Undoing:
    return Undoing(CancelService(request_reference=request.reference, account_ref=done.account_ref))


def _told(request: Request, done: Answer, *, now: datetime, policy: Policy) -> Undoing:
    """What the CIS was told holds here: there is nothing to undo."""
    return Undoing(None)


def _end_role(request: Request, done: Answer, *, now: datetime, policy: Policy) -> Undoing:
    return Undoing(sync_delegate.undo(request, now=now))


def _end_web_access(request: Request, done: Answer, *, now: datetime, policy: Policy) -> Undoing:
    return Undoing(sync_claim.undo(request, now=now))


def _end_care(request: Request, done: Answer, *, now: datetime, policy: Policy) -> Undoing:
    return Undoing(sync_care.undo(request, now=now, policy=policy))


def _nothing(request: Request, *, now: datetime) -> frozenset[str]:
    return frozenset()


def _an_end(request: Request, *, now: datetime) -> frozenset[str]:
    return frozenset({"end"})


def _an_end_untold(request: Request, *, now: datetime) -> frozenset[str]:
    return frozenset({"end"}) if sync_delegate.differs(request, now=now) else frozenset()


def _own_data(request: Request, *, now: datetime) -> frozenset[str]:
    """A copy is a copy; what else was done about one's own data holds, whatever the CIS says."""
    return frozenset({"privacy"}) if privacy.kind_of(request) in privacy.HOLDS else frozenset()


def _stands(request: Request, *, actor: Actor, now: datetime) -> None:
    """An access that has ended, and details that were erased, do not come back because the CIS would not hear of it."""


def _turn_back(request: Request, done: Answer, *, now: datetime, policy: Policy) -> Undoing:
    command, left = sync_change.turn_back(request, now=now)
    return Undoing(command, frozenset(left))


def _unmerge(request: Request, done: Answer, *, now: datetime, policy: Policy) -> Undoing:
    return Undoing(merge.undoing(request, done))


@dataclass(frozen=True, slots=True)
class Way:
    """One kind of journey. `mending` finds what the customer can settle before it is sent; `pause` says how it rests."""

    form: tuple[Looks, ...]
    deciding: Mapping[Step, Looks]
    establish: Callable[..., Verdict]
    command: Callable[[Request, Policy], Command]
    keep: Keeps
    tell: Tells
    take_back: Callable[..., None] = establish.take_back
    mending: Callable[..., list[Finding]] | None = None
    at_once: News | None = None  # told as soon as it is written down, before the CIS has answered
    pause: Callable[..., Pause] | None = None
    is_told: Callable[[Request], bool] = _always  # False: the CIS knows nothing of what this is about
    # What a call in doubt did for a request that is over.
    undoing: Callable[..., Undoing] = _told
    stays: Callable[..., frozenset[str]] = _nothing  # what `take_back` leaves here
    untold: Callable[..., frozenset[str]] = _nothing  # what holds here, and the CIS was never told


def _write_change(request: Request, *, now: datetime, policy: Policy) -> Verdict:
    """What is left after the merge, under the lock under which it was decided."""
    return establish_change.run(request, decide_change.merged(request, now=now).wishes, now=now, policy=policy)


def _write_at_desk(request: Request, *, now: datetime, policy: Policy) -> Verdict:
    """Staff have said whether the file was wrong, or has changed."""
    wishes = decide_change.merged(request, now=now).wishes
    if request.answers.get("how") == "wrong":
        return correcting.run(request, wishes, now=now, policy=policy)
    return establish_change.run(request, wishes, now=now, policy=policy)


def _grant(request: Request, *, now: datetime, policy: Policy) -> Verdict:
    """What the person's part in the account gives their login."""
    level = decide_claim.level_of(request.account, request.person, now=now, policy=policy)
    return establish_claim.run(request, level=level, now=now, policy=policy)


def _keep_privacy(request: Request, delivery: Delivery, answer: Answer, *, now: datetime) -> None:
    sync_change.keep_answer(request, delivery, answer, now=now)
    privacy.cis_told(request, now=now)


def _pause_change(request: Request, verdict: Verdict, *, now: datetime, policy: Policy) -> Pause:
    """Whoever owns what changes hears of it, with a link by which they stop it (BR-62)."""
    until = max(datetime.fromisoformat(found.params["until"]) for found in verdict.findings if "until" in found.params)
    token = verify.make_stop_link(request, until=until)
    return Pause(until, News.CHANGE_COMING, {"token": token, "until": local_date(until, policy).isoformat()})


def _pause_invitation(request: Request, verdict: Verdict, *, now: datetime, policy: Policy) -> Pause:
    """The invitation is sent once; until it is answered, or over, nothing more happens."""
    sent = request.invitations.first()
    if sent is not None:
        return Pause(sent.expires_at)
    invitation, token = establish_delegate.invite(request, now=now, policy=policy)
    days = policy.invitation_days
    return Pause(invitation.expires_at, News.INVITED, {"token": token, "days": days, "level": invitation.level})


WAYS: dict[Kind, Way] = {
    Kind.START: Way(
        form=(gather, validate),
        deciding={Step.MATCH: match, Step.VERIFY: verify, Step.DECIDE: decide},
        establish=establish.run,
        command=sync.command_for,
        keep=sync.keep_answer,
        tell=confirm.tell,
        undoing=_cancel,
        stays=undoing.left_by_service,
    ),
    Kind.CHANGE: Way(
        form=(gather, validate_change),
        deciding={Step.VERIFY: verify_change, Step.DECIDE: decide_change},
        establish=_write_change,
        command=sync_change.command_for,
        keep=sync_change.keep_answer,
        tell=confirm_change.tell,
        take_back=establish_change.take_back,
        mending=decide_change.to_mend,
        pause=_pause_change,
        undoing=_turn_back,
        stays=establish_change.stays,
    ),
    Kind.DELEGATE: Way(
        form=(gather, validate_delegate),
        deciding={Step.VERIFY: verify_delegate, Step.DECIDE: decide_delegate},
        establish=establish_delegate.run,
        command=sync_delegate.command_for,
        keep=sync_change.keep_answer,
        tell=confirm_delegate.tell,
        take_back=undoing.take_back,
        pause=_pause_invitation,
        undoing=_end_role,
    ),
    Kind.END: Way(
        form=(),
        deciding={},
        establish=ending.run,
        command=sync_delegate.command_for,
        keep=sync_change.keep_answer,
        tell=confirm_delegate.tell,
        take_back=_stands,
        undoing=_end_role,
        stays=_an_end,
        untold=_an_end_untold,
    ),
    Kind.CLAIM: Way(
        form=(gather, validate_claim),
        deciding={Step.MATCH: match_claim, Step.VERIFY: verify_claim, Step.DECIDE: decide_claim},
        establish=_grant,
        command=sync_claim.command_for,
        keep=sync_change.keep_answer,
        tell=confirm_claim.tell,
        take_back=undoing.take_back,
        at_once=News.CLAIM_DONE,
        undoing=_end_web_access,
    ),
    Kind.GRANT: Way(
        form=(),
        deciding={},
        establish=granting.run,
        command=sync_delegate.command_for,
        keep=sync_change.keep_answer,
        tell=granted.tell,
        take_back=undoing.take_back,
        undoing=_end_role,
    ),
    Kind.CARE: Way(
        form=(gather, validate_care),
        deciding={Step.DECIDE: decide_care},
        establish=establish_care.run,
        command=sync_care.command_for,
        keep=sync_change.keep_answer,
        tell=confirm_care.tell,
        take_back=establish_care.take_back,
        at_once=News.CARE_BEGUN,
        undoing=_end_care,
        stays=establish_care.stays,
        untold=establish_care.stays,
    ),
    Kind.PRIVACY: Way(
        form=(gather, validate_change),
        deciding={Step.VERIFY: verify_change, Step.DECIDE: privacy},
        establish=privacy.carry_out,
        command=privacy.command_for,
        keep=_keep_privacy,
        tell=confirm_privacy.tell,
        take_back=_stands,
        stays=_own_data,
        untold=_own_data,
    ),
    Kind.MERGE: Way(
        form=(),
        deciding={Step.DECIDE: merge},
        establish=merge.carry_out,
        command=merge.command_for,
        keep=merge.keep_answer,
        tell=merge.tell,
        take_back=merge.take_back,
        is_told=merge.is_told,
        undoing=_unmerge,
    ),
    Kind.REPAIR: Way(
        form=(),
        deciding={},
        establish=repair.run,
        command=sync_change.command_for,
        keep=sync_change.keep_answer,
        tell=repair.tell,
        take_back=repair.take_back,
    ),
}


AT_DESK = replace(WAYS[Kind.CHANGE], deciding={}, establish=_write_at_desk, pause=None)
"""A change that staff make on the customer's word: it is decided when it is asked for."""


def way_of(request: Request) -> Way:
    """The way that this request takes."""
    kind = JOURNEYS[request.journey].kind
    return AT_DESK if kind is Kind.CHANGE and request.begun_by.startswith("staff:") else WAYS[kind]
