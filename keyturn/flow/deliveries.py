"""What may staff do about what the CIS is told: send it now, have it corrected, settle it by hand, discard it?

Each is an act of one member of staff with a reason, never about their own request. Nothing is done while a call is under
way: its outcome comes first.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction

from keyturn.connectors.cis import cis
from keyturn.flow import counting, gate, moves, outside, taking_back
from keyturn.flow.customer import lacking
from keyturn.flow.handling import is_own
from keyturn.flow.paths import way_of
from keyturn.journeys import JOURNEYS, Kind
from keyturn.records.models import Delivery, Person, Request
from keyturn.steps.confirm.rules import News
from keyturn.steps.gather import rules as gather
from keyturn.steps.gather import step as gather_step
from keyturn.steps.review import rules as review_rules
from keyturn.steps.review import step as review
from keyturn.steps.review.rules import Decision
from keyturn.steps.sync import rules as sync_rules
from keyturn.steps.sync import step as sync
from keyturn.steps.sync.settle import rules
from keyturn.terms.cis import Answer, Command, EstablishService
from keyturn.terms.errors import InDoubt, Invalid, NotAllowed, Rejected, Unavailable
from keyturn.terms.finding import Finding
from keyturn.terms.policy import Policy
from keyturn.terms.request import Actor, Outcome, Role, Standing, Step
from keyturn.work import clock, queue

STAYS_WITH = (Standing.STAFF, Standing.ENGINEER, Standing.MACHINE)


@dataclass(frozen=True, slots=True)
class Hand:
    """Who acts, what their own requests are known by (R-01), and the version of the request that they have looked at."""

    actor: Actor
    email_digest: str = ""
    version: int | None = None


def common_time() -> datetime:
    """What time it is for the workers, who write the leases of calls that are under way (S-05); for the door."""
    return clock.now()


@transaction.atomic
def send_now(*, request_id: UUID, by: Hand, now: datetime) -> Request:
    """Do not wait for the next try of a delivery that waits; while nobody calls the CIS it waits on."""
    request, delivery = _held(request_id, by, now, (Standing.MACHINE,))
    delivery.parked_at, delivery.next_try_at = None, now
    delivery.save(update_fields=["parked_at", "next_try_at"])
    moves.record(request, "retried", actor=by.actor, now=now)
    queue.later("tell_cis", request_id=str(request.pk))
    return request


@transaction.atomic
def ask_cis_now(*, by: Hand, now: datetime) -> None:
    """Do not wait for the next probe of a CIS that was left alone."""
    _is_staff(by)
    if gate.is_open():
        queue.later(gate.PROBE, once=f"{gate.PROBE}:now")


@transaction.atomic
def not_there(*, request_id: UUID, reason: str, by: Hand, now: datetime) -> Request:
    """Staff have looked: the CIS does not have it. It is sent again, under the same key (S-10)."""
    request, delivery = _held(request_id, by, now, (Standing.STAFF, Standing.ENGINEER))
    if not sync_rules.must_look_up(delivery.state):
        raise NotAllowed("not_in_doubt")
    _say_why(request, reason, by, now)
    _send(request, delivery, state="intended")
    moves.record(request, "sent_anew", actor=by.actor, now=now, data={"why": "not_there"})
    return request


@transaction.atomic
def same_person(*, request_id: UUID, person_ref: str, reason: str, by: Hand, now: datetime) -> Request:
    """The person whom the CIS has already is this one (S-12): it is told of them by its own reference."""
    request, delivery = _held(request_id, by, now, (Standing.STAFF,))
    if problems := [*rules.was_shown(person_ref, request.findings)]:
        raise Invalid(problems)
    _say_why(request, reason, by, now)
    is_anothers = Person.objects.filter(ref=person_ref).exists()
    if is_anothers or not Person.objects.filter(pk=request.person_id, ref=None).update(ref=person_ref):
        raise NotAllowed("has_a_reference")
    _send(request, delivery, state="intended")
    moves.record(request, "sent_anew", actor=by.actor, now=now, data={"why": "same_person"})
    return request


def _send(request: Request, delivery: Delivery, *, state: str) -> None:
    delivery.state, delivery.problem, delivery.tries = state, "", 0
    delivery.in_doubt_since = delivery.next_try_at = delivery.parked_at = delivery.leased_until = None
    delivery.save()
    moves.move(request, Step.SYNC, Standing.MACHINE)
    queue.later("tell_cis", request_id=str(request.pk))


def settle(
    *, request_id: UUID, refs: Mapping[str, str], reason: str, by: Hand, now: datetime, policy: Policy
) -> Request:
    """Staff say that it is done in the CIS, under these references (S-11): "person_ref", "account_ref", "agreement_electric".

    Looked at there where the CIS can be asked, with no lock held. Invalid names the fields that the CIS does not bear out;
    NotAllowed("cis_away") where it does not answer now.
    """
    with transaction.atomic():
        request, delivery = _held(request_id, by, now, STAYS_WITH)
        command = way_of(request).command(request, policy)
    said = _answer(command, refs)
    person: Mapping[str, Any] | None
    account: Mapping[str, Any] | None
    checked = True
    try:
        under_the_key = _done_under(delivery.key)
        person, account = _shown("person", said.person_ref), _shown("account", said.account_ref)
    except Rejected:  # it cannot show what it has: staff's word stands
        person, account, checked = {}, {}, False
    except (Unavailable, InDoubt):
        raise NotAllowed("cis_away") from None
    finally:
        counting.keep_counts()
    elsewhere = sync.elsewhere(request, said)
    problems = [*rules.is_there(command, said, person=person, account=account, elsewhere=elsewhere)]
    done = rules.is_what_was_done(said, under_the_key)
    if found := [*rules.has_a_reason(reason), *(problems or done)]:
        raise Invalid(found)
    with transaction.atomic():
        settled = _settled(request_id, said, reason, checked=checked, by=by, now=now)
        if under_the_key is None:  # a try that was sent may arrive yet (S-17)
            gate.make_sure(settled, now=now, policy=policy)
    return settled


def _settled(request_id: UUID, said: Answer, reason: str, *, checked: bool, by: Hand, now: datetime) -> Request:
    request, delivery = _held(request_id, by, now, STAYS_WITH)
    _say_why(request, reason, by, now)
    outside.complete(request, delivery, said, now=now)
    moves.record(request, "settled", actor=by.actor, now=now, data={"checked": checked})
    outside.said(request, now=now)
    return request


def _answer(command: Command, refs: Mapping[str, str]) -> Answer:
    given = {name: text.strip()[:64] for name, text in refs.items()}
    services = command.services if isinstance(command, EstablishService) else ()
    return Answer(
        person_ref=given.get("person_ref", ""),
        account_ref=given.get("account_ref", ""),
        agreement_refs={each: given[f"agreement_{each}"] for each in services if given.get(f"agreement_{each}")},
    )


def _done_under(key: str) -> Answer | None:
    try:
        return cis().find(key)
    except Rejected:  # it cannot say
        return None


def _shown(noun: str, ref: str) -> Mapping[str, Any] | None:
    try:
        return cis().read(noun, ref) if ref else None
    except Rejected as refused:
        if refused.code == "names_another":
            return None
        raise


@transaction.atomic
def discard(*, request_id: UUID, reason: str, by: Hand, now: datetime, policy: Policy) -> Request:
    """It will not be done: what was written here is taken back, the customer reads the reason, and what the CIS did after
    all is looked for there and cancelled (S-06)."""
    request, _delivery = _held(request_id, by, now, STAYS_WITH)
    words = gather.clean_text(reason)[:4000]
    if problems := [*review_rules.words_are_given(Decision.REFUSE, words)]:
        raise Invalid(problems)
    review.say(request, "reason", words, actor=by.actor, now=now)
    stays = taking_back.take_back(request, actor=by.actor, now=now, policy=policy)
    moves.end(request, Outcome.REFUSED, now)
    Delivery.objects.filter(request=request).update(parked_at=None)
    _unsay_who_it_is(request)
    gate.make_sure(request, now=now, policy=policy)
    moves.tell(request, News.REFUSED, now=now, values={"text": words})
    moves.record(request, "discarded", actor=by.actor, now=now, data=stays)
    taking_back.list_untold(request, now=now)
    return request


def _unsay_who_it_is(request: Request) -> None:
    """Who of the CIS's persons it is was said for this request (`same_person`); while nothing that the CIS has done bears
    it out, it goes with it (I6)."""
    if request.events.filter(what="sent_anew", data__why="same_person").exists():
        borne_out = Delivery.objects.filter(request__person=request.person, state="done")
        Person.objects.filter(pk=request.person.pk).exclude(pk__in=borne_out.values("request__person")).update(ref=None)


@transaction.atomic
def correct(
    *, request_id: UUID, answers: Mapping[str, Any], reason: str, by: Hand, now: datetime, policy: Policy
) -> Request:
    """Staff mend what the CIS refused, on the customer's word, and it goes on: searched, decided and sent anew.

    What was written here is taken back first; the person stays, and the request keeps its key. Of requests for service
    only, and only what is `CORRECTABLE`. Invalid names the answers that are not good enough.
    """
    request = _refused(request_id, by, now)
    before = dict(request.answers)
    _say_why(request, reason, by, now)
    _open_again(request, by, now)
    wanted = {name: value for name, value in answers.items() if name in CORRECTABLE}
    problems = gather_step.take(request, wanted) or lacking(request=request, now=now, policy=policy)
    if problems:
        raise Invalid(problems)
    moves.move(request, Step.MATCH, Standing.MACHINE)
    changed = sorted(name for name in wanted if before.get(name) != request.answers.get(name))
    moves.record(request, "corrected", actor=by.actor, now=now, data={"fields": changed})
    queue.later("advance", request_id=str(request.pk))
    return request


@transaction.atomic
def send_back(*, request_id: UUID, words: str, by: Hand, now: datetime, policy: Policy) -> Request:
    """What the CIS refused goes back to whoever sent it: they read `words`, change the answers and send it again.

    For a partner, who has the form; a customer of the portal is asked in words (`review`), and staff `correct`.
    """
    request = _refused(request_id, by, now)
    words = gather.clean_text(words)[:4000]
    if problems := [*review_rules.words_are_given(Decision.ASK, words)]:
        raise Invalid(problems)
    review.say(request, "question", words, actor=by.actor, now=now)
    _open_again(request, by, now)
    moves.move(request, Step.REVIEW, Standing.CUSTOMER, due_at=now + timedelta(days=policy.answer_days))
    moves.tell(request, News.QUESTION, now=now, values={"text": words, "days": policy.answer_days})
    moves.record(request, "sent_back", actor=by.actor, now=now)
    return request


CORRECTABLE = (
    "start_date", "given_name", "middle_name", "family_name", "suffix", "organisation_name", "date_of_birth", "phone",
    "id_value",
)  # fmt: skip
"""Answers that staff may mend on the customer's word. Another e-mail address would need another proof."""


def _refused(request_id: UUID, by: Hand, now: datetime) -> Request:
    """A request for service that the CIS has refused, and nobody is in doubt about."""
    request, delivery = _held(request_id, by, now, (Standing.STAFF,))
    is_refused = delivery.state == "rejected" and delivery.problem != sync_rules.Anothers.CODE
    if JOURNEYS[request.journey].kind is not Kind.START or not is_refused:
        raise NotAllowed("not_to_correct")
    return request


def _open_again(request: Request, by: Hand, now: datetime) -> None:
    """What was written is taken back, and the request can be decided anew: about the same person, where it has entered
    them or staff have said who it is. Whom the machine had found, it looks for again: the answers are others now."""
    open_still = request.proposals.filter(state="open")  # said anew, as it is corrected
    open_still.update(state="declined", decided_by=by.actor.origin, decided_at=now)
    has_entered = request.links.filter(undone_at=None, created_person=True).exists()
    way_of(request).take_back(request, actor=by.actor, now=now)
    if has_entered or "by" in request.person_decision:
        request.person_decision = {
            "by": by.actor.origin, **request.person_decision, "same": str(request.person_id),
        }  # fmt: skip
    request.established_at, request.account, request.findings = None, None, []


@transaction.atomic
def cleared(*, request_id: UUID, reason: str, by: Hand, now: datetime) -> Request:
    """What was left in the CIS of a request that is over has been put right there by hand."""
    _is_staff(by)
    request = moves.locked(request_id)
    left = request.events.filter(what="left_in_cis").exists()
    if not left or request.events.filter(what="cleared_in_cis").exists():
        raise NotAllowed("nothing_left")
    _not_own(request, by)
    _say_why(request, reason, by, now)
    moves.record(request, "cleared_in_cis", actor=by.actor, now=now)
    return request


def _held(request_id: UUID, by: Hand, now: datetime, standings: Collection[Standing]) -> tuple[Request, Delivery]:
    """The request and its delivery, held: it stands with the CIS, no call is under way, and nobody has changed it since it
    was looked at; perhaps the customer was asked something about it since."""
    _is_staff(by)
    request = moves.locked(request_id)
    delivery = Delivery.objects.select_for_update().filter(request=request).first()
    is_at_the_cis = request.established_at and request.step in (Step.SYNC, Step.REVIEW)
    if delivery is None or not is_at_the_cis or request.standing not in standings:
        raise NotAllowed("not_at_the_cis")
    if sync_rules.is_leased(delivery.leased_until, now):
        raise NotAllowed("under_way")
    moves.is_current(request, by.version)
    _not_own(request, by)
    return request, delivery


def _is_staff(by: Hand) -> None:
    if by.actor.role != Role.STAFF:
        raise NotAllowed("unknown_request")


def _not_own(request: Request, by: Hand) -> None:
    if is_own(request=request, actor=by.actor, email_digest=by.email_digest):
        raise NotAllowed("own_request")


def _say_why(request: Request, reason: str, by: Hand, now: datetime) -> None:
    words = gather.clean_text(reason)[:4000]
    problems: list[Finding] = [*rules.has_a_reason(words)]
    if problems:
        raise Invalid(problems)
    review.say(request, "internal", words, actor=by.actor, now=now)
