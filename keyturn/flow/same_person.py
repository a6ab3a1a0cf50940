"""Two files are one person, or two after all: who proposes it, who agrees, and who takes it back?

A merge is a request begun by one member of staff and agreed to by another (quality.md section 2, point 4); undoing it is
a request, too. Both are carried out in the transaction of whoever decides, and the CIS is told by the request's
delivery. What a file holds goes over, and comes back, in `steps/maintain/merge`.
"""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction

from keyturn.flow import duplicates, machine, moves
from keyturn.flow.customer import new_request
from keyturn.flow.handling import not_about_themselves
from keyturn.journeys.merge_persons import MERGE_PERSONS, UNMERGE_PERSONS
from keyturn.records import acts, dated, history
from keyturn.records.merge import locks
from keyturn.records.models import NotSamePerson, Person, PersonMerge, Request
from keyturn.records.queries import merging
from keyturn.records.queries.joining.plan import parting
from keyturn.steps.gather.rules import clean_text
from keyturn.steps.maintain.merge import rules, step
from keyturn.steps.review import step as review
from keyturn.terms.errors import Invalid, NotAllowed
from keyturn.terms.policy import Policy
from keyturn.terms.request import Actor, Outcome, Role, Standing, Step
from keyturn.work import queue

STAFF = (Role.STAFF,)
DECIDERS = (Role.STAFF, Role.PARTNER)
"""Who says that two are two: staff, and a program of theirs. That two are one is said by two people (K-91)."""


LATE = timedelta(minutes=2)
"""After so long whoever wrote for one of the two at the moment of the merge has committed."""


@transaction.atomic
def propose_merge(
    *,
    survivor_id: UUID,
    loser_id: UUID,
    choices: Mapping[str, str],
    reason: str,
    actor: Actor,
    now: datetime,
    policy: Policy,
    may_see: bool = False,
) -> PersonMerge:
    """Say that two files are one person; a colleague must agree. `choices`: field -> "survivor" or "loser".

    `may_see`: the actor has the right `see_protected`. Invalid (K-94, K-95); NotAllowed with a code of
    `terms.merging.OBSTACLES`, ("unknown_person"), ("own_request").
    """
    words = _words(reason, rules.choices_are_known(choices), actor)
    survivor, loser = _two(survivor_id, loser_id, actor, now)
    PersonMerge.objects.filter(loser=loser, state="proposed", request__ended_at__isnull=False).update(state="refused")
    for found in rules.may_be_one(merging.facts(survivor, loser, may_see=may_see, at=now)):
        raise NotAllowed(found.params["why"])
    request = _request(MERGE_PERSONS.name, survivor, actor, now, policy)
    request.answers = {
        "survivor": str(survivor.pk), "loser": str(loser.pk), "choices": dict(choices),
        "versions": merging.versions(survivor, loser),
    }  # fmt: skip
    moves.begin(request, actor=actor, now=now)
    review.say(request, "internal", words, actor=actor, now=now)
    merge = PersonMerge.objects.create(
        request=request, survivor=survivor, loser=loser, proposed_by=actor.origin, proposed_at=now
    )
    moves.hand_in(request, actor=actor, now=now)
    machine.advance(request_id=request.pk, now=now, policy=policy)
    return PersonMerge.objects.get(pk=merge.pk)


def agree_merge(
    *, merge_id: UUID, reason: str, actor: Actor, now: datetime, policy: Policy, may_see: bool = False
) -> PersonMerge:
    """The second pair of eyes agrees: the two are one, now; the CIS is told by a job.

    NotAllowed("own_proposal") for who proposed it, ("decided_already"), ("unknown_merge"), and as for a proposal.
    NotAllowed("changed_meanwhile") where either file changed since it was proposed: the next agreement of who was told so
    is to what it is now.
    """
    with transaction.atomic():
        agreed = _agree(merge_id, reason, actor=actor, now=now, policy=policy, may_see=may_see)
    if not agreed:  # outside: that it was seen has been written down
        raise NotAllowed("changed_meanwhile")
    return PersonMerge.objects.get(pk=merge_id)


def _agree(merge_id: UUID, reason: str, *, actor: Actor, now: datetime, policy: Policy, may_see: bool) -> bool:
    """Carry it out; False where either file is not as this colleague was last shown it."""
    merge, request = _proposed(merge_id, actor)
    locks.hold_both(merge.survivor_id, merge.loser_id)
    if not rules.is_another(proposed_by=merge.proposed_by, who=actor.origin):
        raise NotAllowed("own_proposal")
    words = _words(reason, (), actor)
    survivor, loser = _two(merge.survivor_id, merge.loser_id, actor, now)
    answers, there = request.answers, merging.versions(survivor, loser)
    # Who was told of the last change; any other colleague's page may show what was before. None: nothing has changed.
    told = answers.get("told") if rules.is_as_shown(answers["versions"], there) else []
    if told is not None and actor.origin not in told:
        request.answers = {**answers, "versions": there, "told": [*told, actor.origin]}
        history.append(request, "changed_meanwhile", actor=actor, now=now)
        request.save(update_fields=["sealed_answers", "events_written", "chain_head"])
        return False
    request.answers = {**answers, "may_see": may_see}
    merge.decided_by, merge.decided_at = actor.origin, now
    merge.save(update_fields=["decided_by", "decided_at"])
    review.say(request, "internal", words, actor=actor, now=now)
    moves.move(request, Step.MATCH, Standing.MACHINE)
    moves.record(request, "reviewed", actor=actor, now=now, data={"decision": "approve"})
    machine.advance(request_id=request.pk, now=now, policy=policy)
    duplicates.open_more(now=now, policy=policy)
    duplicates.look_later([merge.survivor_id])  # with what both held, they may be alike to somebody else
    queue.later("gather_late", at=now + LATE, merge_id=str(merge.pk))
    return True


@queue.job("gather_late")
def gather_late_job(*, merge_id: str, now: datetime) -> None:
    gather_late(merge_id=UUID(merge_id), now=now)


@transaction.atomic
def gather_late(*, merge_id: UUID, now: datetime) -> int:
    """Move what somebody wrote for the loser at the moment of the merge, and could commit only after it; how many rows."""
    merge = _merge(merge_id, hold=True)
    if merge.state != "done" or merge.survivor.redirect_to_id:  # merged on: readers follow, and nothing is noted twice
        return 0
    locks.hold_both(merge.survivor_id, merge.loser_id)
    return step.gather_late(merge)


@transaction.atomic
def refuse_merge(*, merge_id: UUID, reason: str, actor: Actor, now: datetime) -> PersonMerge:
    """They are not one, or it is not for us to say: the proposal is over. Who proposed it may take it back so, too."""
    merge, request = _proposed(merge_id, actor)
    _not_their_own((merge.survivor, merge.loser), actor, now)
    words = _words(reason, (), actor)
    merge.state, merge.decided_by, merge.decided_at = "refused", actor.origin, now
    merge.save(update_fields=["state", "decided_by", "decided_at"])
    review.say(request, "internal", words, actor=actor, now=now)
    moves.end(request, Outcome.REFUSED, now)
    moves.record(request, "reviewed", actor=actor, now=now, data={"decision": "refuse"})
    return PersonMerge.objects.get(pk=merge.pk)


@transaction.atomic
def unmerge(
    *,
    merge_id: UUID,
    choices: Mapping[str, str],
    reason: str,
    is_supervisor: bool,
    actor: Actor,
    now: datetime,
    policy: Policy,
) -> PersonMerge:
    """Two files again, with what was edited since on the right one, and told apart: no door asks about the two again.
    `choices`: what only staff can decide (`queries.merging.undoing`) -> "survivor" or "loser"; what is not named stays
    with the survivor.

    Invalid (K-94, K-95); NotAllowed("only_a_supervisor") (K-99), ("unknown_merge"), ("not_merged"),
    ("undo_later_first"), ("cis_is_being_told"), ("erased"), ("own_request").
    """
    if not rules.is_undone_by(is_supervisor=is_supervisor):
        raise NotAllowed("only_a_supervisor")
    words = _words(reason, (), actor)
    merge = _merge(merge_id, hold=True)
    _not_their_own((merge.survivor, merge.loser), actor, now)
    for code in merging.in_the_way_of_undoing(merge):
        raise NotAllowed(code)
    plan = parting(merge, merge.survivor, merge.loser, choices=choices)
    if problems := list(rules.choices_are_known(choices, plan.items)):
        raise Invalid(problems)
    request = _request(UNMERGE_PERSONS.name, merge.survivor, actor, now, policy)
    request.answers = {"merge": str(merge.pk), "choices": dict(choices)}
    moves.begin(request, actor=actor, now=now)
    PersonMerge.objects.filter(pk=merge.pk).update(undo_request=request)
    review.say(request, "internal", words, actor=actor, now=now)
    moves.hand_in(request, actor=actor, now=now)
    machine.advance(request_id=request.pk, now=now, policy=policy)
    duplicates.look_later([merge.survivor_id, merge.loser_id])
    one, other = sorted((merge.survivor, merge.loser), key=lambda each: each.pk)
    _tell_apart(one, other, reason=words, actor=actor, now=now)
    return PersonMerge.objects.get(pk=merge.pk)


@transaction.atomic
def not_same(
    *, one_id: UUID, other_id: UUID, relation: str, reason: str = "", actor: Actor, now: datetime
) -> NotSamePerson:
    """Somebody looked and says: these are two (`relation`: how they belong together, ""). Every door respects it.

    NotAllowed("unknown_person"), ("already_merged"), ("said_already"), ("merge_proposed"), ("own_request").
    """
    one, other = _two(one_id, other_id, actor, now, is_pair=True, by=DECIDERS)
    if merging.open_between(one.pk, other.pk):
        raise NotAllowed("merge_proposed")
    if NotSamePerson.objects.filter(one=one, other=other, withdrawn_at=None).exists():
        raise NotAllowed("said_already")
    return _tell_apart(one, other, relation=relation, reason=reason, actor=actor, now=now)


def _tell_apart(
    one: Person, other: Person, *, relation: str = "", reason: str, actor: Actor, now: datetime
) -> NotSamePerson:
    """The smaller id first."""
    row = NotSamePerson.objects.create(one=one, other=other, relation=relation[:20], said_by=actor.origin, said_at=now)
    duplicates.close(one=one.pk, other=other.pk, state="not_same", by=actor.origin, now=now)
    _noted((one, other), "said_not_same", reason, actor=actor, now=now)
    return row


@transaction.atomic
def take_back_not_same(*, one_id: UUID, other_id: UUID, reason: str, actor: Actor, now: datetime) -> NotSamePerson:
    """It may be one person after all. NotAllowed("not_said")."""
    one, other = _two(one_id, other_id, actor, now, is_pair=True, by=DECIDERS)
    row = NotSamePerson.objects.select_for_update().filter(one=one, other=other, withdrawn_at=None).first()
    if row is None:
        raise NotAllowed("not_said")
    row.withdrawn_at, row.withdrawn_by = now, actor.origin
    row.save(update_fields=["withdrawn_at", "withdrawn_by"])
    duplicates.reopen(one=one.pk, other=other.pk, now=now)
    _noted((one, other), "took_back_not_same", reason, actor=actor, now=now)
    return row


# ---------------------------------------------------------------- what they share


def _words(reason: str, problems: Any, actor: Actor) -> str:
    """The reason, cleaned; Invalid with everything that is wrong."""
    if actor.role != Role.STAFF:
        raise NotAllowed("unknown_person")
    words = clean_text(reason)[:4000]
    if found := [*problems, *rules.has_a_reason(words)]:
        raise Invalid(found)
    return words


def _two(
    one_id: UUID, other_id: UUID, actor: Actor, now: datetime, *, is_pair: bool = False, by: Collection[Role] = STAFF
) -> tuple[Person, Person]:
    """Both persons, held, neither of them the actor. `is_pair`: the smaller id first, and neither merged."""
    if actor.role not in by:
        raise NotAllowed("unknown_person")
    dated.hold(persons=[one_id, other_id])
    found = {each.pk: each for each in Person.objects.filter(pk__in=[one_id, other_id])}
    if UUID(str(one_id)) not in found or UUID(str(other_id)) not in found:
        raise NotAllowed("unknown_person")
    one: Any = found[UUID(str(one_id))]
    other: Any = found[UUID(str(other_id))]
    if is_pair and one.pk == other.pk:
        raise NotAllowed("same_person")
    if is_pair and (one.redirect_to_id or other.redirect_to_id):
        raise NotAllowed("already_merged")
    _not_their_own((one, other), actor, now)
    return (other, one) if is_pair and other.pk < one.pk else (one, other)


def _not_their_own(persons: tuple[Person, ...], actor: Actor, now: datetime) -> None:
    for each in persons:
        not_about_themselves(actor=actor, now=now, person_id=each.pk)


def _request(journey: str, person: Person, actor: Actor, now: datetime, policy: Policy) -> Request:
    request = new_request(journey, actor=actor, channel="console", language=person.language, now=now, policy=policy)
    request.person = person
    return request


def _merge(merge_id: UUID, *, hold: bool = False) -> Any:
    rows = PersonMerge.objects.select_related("survivor", "loser", "request")
    found = (rows.select_for_update(of=("self",)) if hold else rows).filter(pk=merge_id).first()
    if found is None:
        raise NotAllowed("unknown_merge")
    return found


def _proposed(merge_id: UUID, actor: Actor) -> tuple[Any, Request]:
    """A proposal that nobody has decided, with its request, held."""
    if actor.role != Role.STAFF:
        raise NotAllowed("unknown_merge")
    request = moves.locked(_merge(merge_id).request_id)
    merge = _merge(merge_id)
    if merge.state != "proposed" or request.standing != Standing.STAFF:
        raise NotAllowed("decided_already")
    return merge, request


def _noted(persons: tuple[Person, ...], what: str, reason: str, *, actor: Actor, now: datetime) -> None:
    """In both persons' chains. The words of a reason are nobody's to keep there: only that there was one."""
    pair = [str(each.pk) for each in persons]
    for each in persons:
        acts.note(
            subject=f"person:{each.pk}", what=what, actor=actor, now=now,
            data={"pair": pair, "reason": bool(clean_text(reason))},
        )  # fmt: skip
