"""Do the registry and the CIS hold the same, what differs, and what can be put right by machine?

A comparison goes through the registry page by page and keeps where it is, so that it can be stopped at any moment and go
on. It writes nothing but its own report. Each kind of drift has a repair, which looks again before it does anything.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import structlog
from django.db import transaction
from django.db.models import Count, QuerySet

from keyturn.connectors.cis import cis
from keyturn.flow import differing, gate, hearing, inbound, moves
from keyturn.records import dated
from keyturn.records.models import Account, CisDifference, Delivery, Drift, Person, Reconciliation
from keyturn.records.models.inbound import LONGEST_FIELD, LONGEST_REF
from keyturn.steps.maintain.inbound import base, rules, step
from keyturn.steps.maintain.inbound.drift import KINDS, PARTS
from keyturn.steps.maintain.inbound.rules import Verdict, kind_of
from keyturn.terms.cis import Changed
from keyturn.terms.errors import KeyturnError, Rejected
from keyturn.terms.policy import Policy
from keyturn.terms.request import Actor
from keyturn.work import queue

__all__ = ["KINDS", "PARTS", "Found", "go_on", "repair_drift", "start_reconciliation"]

log = structlog.get_logger("keyturn.reconcile")

PAGE = 100
PAGES_IN_A_JOB = 5
GOES_ON_WITHIN = timedelta(hours=24)
TRIED_AGAIN = timedelta(minutes=5)
REPORTS_KEPT = timedelta(days=60)


@dataclass(frozen=True, slots=True)
class Found:
    """One thing that differs."""

    kind: str
    noun: str
    ref: str
    field: str = ""


# ---------------------------------------------------------------- the nightly run


@queue.job("reconcile")
def reconcile_job(*, now: datetime) -> None:
    """Some pages; then a job for the next ones, until the whole registry has been compared."""
    forget_reports(now=now, policy=moves.policy())
    run = start_reconciliation(by="machine:", parts=PARTS, now=now)
    if gate.is_open():
        queue.later("reconcile", at=now + TRIED_AGAIN, once="reconcile:again")
        return
    try:
        for _ in range(PAGES_IN_A_JOB):
            if go_on(run.pk, now=now, policy=moves.policy()).ended_at:
                return
    except KeyturnError as problem:
        log.warning("the comparison with the CIS pauses", code=problem.code)
        queue.later("reconcile", at=now + TRIED_AGAIN, once="reconcile:again")
        return
    queue.later("reconcile", once="reconcile:next")


def start_reconciliation(
    *, by: str, parts: tuple[str, ...] = PARTS, fresh: bool = False, now: datetime
) -> Reconciliation:
    """Begin a comparison of these parts, or go on with one of the same parts that was interrupted within a day."""
    wanted = [each for each in PARTS if each in parts]
    rows = Reconciliation.objects.filter(ended_at=None, moved_at__gt=now - GOES_ON_WITHIN).order_by("-started_at")
    going = next((row for row in rows if row.kinds == wanted), None)
    if going is not None and not fresh:
        return going
    return Reconciliation.objects.create(
        begun_by=by, kinds=wanted, started_at=now, moved_at=now, position={"part": wanted[0], "after": ""}
    )


@transaction.atomic
def forget_reports(*, now: datetime, policy: Policy) -> int:
    """Old reports go, and the values of cases that were settled long ago: that they were is in the history. How many."""
    gone, _ = Reconciliation.objects.filter(started_at__lt=now - REPORTS_KEPT).delete()
    settled = CisDifference.objects.exclude(state="open")
    cases, _ = settled.filter(decided_at__lt=now - timedelta(days=policy.message_days)).delete()
    return gone + cases


# ---------------------------------------------------------------- one page


def go_on(run_id: UUID, *, now: datetime, policy: Policy, most: int = PAGE) -> Reconciliation:
    """Compare the next page; the run as it stands then. Raises what the CIS raises: the same page is compared again."""
    run = Reconciliation.objects.get(pk=run_id)
    if run.ended_at:
        return run
    part, after = run.position["part"], run.position["after"]
    found, behind, compared = _PARTS[part](after, most, now, policy)
    return _keep(run, found, part, behind, compared, now=now)


@transaction.atomic
def _keep(
    seen: Reconciliation, found: list[Found], part: str, behind: str, compared: int, *, now: datetime
) -> Reconciliation:
    """Write what a page came to, unless another worker has done so."""
    run = Reconciliation.objects.select_for_update().get(pk=seen.pk)
    if run.position != seen.position or run.ended_at:
        return run
    rows = [
        Drift(reconciliation=run, kind=f.kind, noun=f.noun, ref=f.ref[:LONGEST_REF], field=f.field[:LONGEST_FIELD])
        for f in found
    ]
    Drift.objects.bulk_create(rows, ignore_conflicts=True)
    run.compared = {**run.compared, part: run.compared.get(part, 0) + compared}
    run.moved_at = now
    rest = run.kinds[run.kinds.index(part) + 1 :]
    if behind:
        run.position = {"part": part, "after": behind}
    elif rest:
        run.position = {"part": rest[0], "after": ""}
    else:
        run.ended_at = now
    run.drift = dict(Drift.objects.filter(reconciliation=run).values_list("kind").annotate(Count("pk")))
    run.save()
    return run


Page = tuple[list[Found], str, int]
"""What a page came to, where the next begins ("": there is none), and how many were compared."""


def _persons(after: str, most: int, now: datetime, policy: Policy) -> Page:
    rows = Person.objects.filter(redirect_to=None, ref__isnull=False).exclude(flags__contains=["erased"])
    return _page(rows, after, most, lambda person: _understood("person", person.ref, _person(person, now, policy)))


def _page(rows: QuerySet[Any], after: str, most: int, differs: Callable[[Any], Iterable[Found]]) -> Page:
    """The next of these rows, by their ids, each looked at by `differs`."""
    page = list((rows.filter(pk__gt=UUID(after)) if after else rows).order_by("pk")[:most])
    found = [each for row in page for each in differs(row)]
    return found, str(page[-1].pk) if len(page) == most else "", len(page)


def _understood(noun: str, ref: str | None, found: Iterable[Found]) -> list[Found]:
    """What was found of one record. What the CIS refuses to show, or shows of another, holds up nobody else's."""
    try:
        return list(found)
    except Rejected:
        return [Found("not_understood", noun, str(ref))]


def _person(person: Person, now: datetime, policy: Policy) -> Iterator[Found]:
    """What differs of one person. Whoever has something on its way, or was changed just now, is left for another time."""
    ref = str(person.ref)
    if not rules.may_be_compared(step.open_deliveries(person_id=person.pk)):
        return
    read = cis().read("person", ref)
    if read is None or read.get("merged_into"):
        yield Found("missing_in_cis" if read is None else "merged_in_cis", "person", ref)
        return
    compared = step.compare_person(person, read, now=now, policy=policy)
    if not compared.differs or _moved(person, person_id=person.pk):
        return
    if inbound.lost(person, now=now):
        yield Found("effect_missing", "person", ref)
        return
    for field, verdict in compared.verdicts.items():
        if kind := kind_of(verdict):
            yield Found(kind, "person", ref, field)


def _accounts(after: str, most: int, now: datetime, policy: Policy) -> Page:
    rows = Account.objects.filter(ref__isnull=False)
    return _page(rows, after, most, lambda account: _understood("account", account.ref, _account(account, now, policy)))


def _account(account: Account, now: datetime, policy: Policy) -> Iterator[Found]:
    ref = str(account.ref)
    if not rules.may_be_compared(step.open_deliveries(account_id=account.pk)):
        return
    read = cis().read("account", ref)
    if read is None:
        yield Found("missing_in_cis", "account", ref)
        return
    compared = step.compare_account(account, read, now=now, policy=policy)
    if _moved(account, account_id=account.pk):
        return
    for field, verdict in compared.verdicts.items():
        kind = kind_of(verdict)
        if kind and not step.is_known(field, compared.said[field]):
            kind = "unknown_reference"
        if kind:
            yield Found(kind, "account", ref, field)
    for field in step.only_ours(compared):
        yield Found("agreement_missing_in_cis", "account", ref, field)


def _moved(row: Any, **whom: Any) -> bool:
    """Was it changed, or is something on its way, since it was read?"""
    there = type(row).objects.filter(pk=row.pk, version=row.version).exists()
    return not there or not rules.may_be_compared(step.open_deliveries(**whom))


def _deliveries(after: str, most: int, now: datetime, policy: Policy) -> Page:
    """What the CIS has confirmed to us of late: does it still know of it?"""
    rows = Delivery.objects.filter(state="done", answered_at__gt=now - rules.REMEMBERED).exclude(answer={})
    rows = rows.exclude(answer__person_ref="").exclude(request__events__what="settled")  # by hand: under no key
    return _page(rows.select_related("request"), after, most, _forgotten)


def _forgotten(delivery: Delivery) -> Iterator[Found]:
    if _is_forgotten(delivery.key):
        yield Found("effect_missing", "request", delivery.request.reference)


def _is_forgotten(key: str) -> bool:
    try:
        return cis().find(key) is None
    except Rejected:
        return False  # it cannot say


def _changes(after: str, most: int, now: datetime, policy: Policy) -> Page:
    """Everything of which the CIS has ever told: is it on file here, and was it asked for?"""
    if "changes" not in cis().offers:
        return [], "", 0
    told = cis().changes(after, limit=most)
    found = [each for item in told.items for each in _understood(item.noun, item.ref, _told(item, now, policy))]
    return found, told.cursor if told.more else "", len(told.items)


def _told(item: Changed, now: datetime, policy: Policy) -> Iterator[Found]:
    state = step.state_of_key(item.key)
    if item.key and not state and item.key != "import" and not step.is_of_ours(item.key):
        return  # another system's
    if item.key and item.key != "import" and not state:
        yield Found("effect_without_request", "request", item.key)
        return
    if state or step.is_on_file(item.noun, item.ref):
        return
    read = cis().read(item.noun, item.ref)
    if read is not None and not read.get("merged_into"):
        yield Found("missing_here", item.noun, item.ref)


_PARTS: dict[str, Callable[[str, int, datetime, Policy], Page]] = {
    "persons": _persons,
    "accounts": _accounts,
    "deliveries": _deliveries,
    "changes": _changes,
}


# ---------------------------------------------------------------- putting right


def repair_drift(drift_id: UUID, *, actor: Actor, now: datetime, policy: Policy) -> str:
    """Put one thing right, after looking again; how it stands then: "repaired", "review", "gone" or "found" (not now)."""
    drift = Drift.objects.get(pk=drift_id)
    try:
        state = _REPAIRS[KINDS[drift.kind].repair](drift, actor, now, policy)
    except inbound.Later:
        state = "found"
    Drift.objects.filter(pk=drift.pk).update(state=state)
    return state


def _take(drift: Drift, actor: Actor, now: datetime, policy: Policy) -> str:
    """What the CIS holds is taken over, as its feed would have brought it."""
    if drift.noun == "person":
        person = Person.objects.filter(ref=drift.ref, redirect_to=None).first()
        if person is not None:
            inbound.person_again(person, now=now, policy=policy)
    else:
        account = Account.objects.filter(ref=drift.ref).first()
        if account is not None:
            inbound.account_again(account, now=now, policy=policy)
    # A case about the whole of it has no field: they are gone there, say.
    is_asked = base.is_open(drift.noun, drift.ref, drift.field) or base.is_open(drift.noun, drift.ref, "")
    return "review" if is_asked else "repaired"


def _take_in(drift: Drift, actor: Actor, now: datetime, policy: Policy) -> str:
    """Whoever is missing here comes in by the next look, through the door of an import."""
    hearing.note((Changed(drift.noun, drift.ref),), now=now)
    return "repaired"


def _tell(drift: Drift, actor: Actor, now: datetime, policy: Policy) -> str:
    """The CIS is told again of what we hold of this person."""
    person = Person.objects.filter(ref=drift.ref, redirect_to=None).first() if drift.noun == "person" else None
    read = cis().read("person", drift.ref) if person else None
    if person is None or read is None:
        return _ask(drift, actor, now, policy)
    with transaction.atomic():
        dated.hold(persons=[person.pk])
        if not rules.may_be_compared(step.open_deliveries(person_id=person.pk)):
            return "found"
        compared = step.compare_person(Person.objects.get(pk=person.pk), read, now=now, policy=policy)
        wanted = compared.those(Verdict.KEEP)
        if drift.kind == "effect_missing":
            wanted += compared.those(Verdict.TAKE)
        apart = {
            field: (compared.ours.get(field), compared.said[field])
            for field in wanted
            if drift.field in ("", field) and field.partition(".")[0] in rules.TOLD
        }
        if not apart:
            return "gone"
        base.keep_agreed("person", drift.ref, {field: theirs for field, (_ours, theirs) in apart.items()}, now=now)
        differing.tell_again(person, apart, actor=actor, now=now, policy=policy)
        base.no_longer_differ("person", drift.ref, why=("effect_missing",), now=now)
    return "repaired"


@transaction.atomic
def _ask(drift: Drift, actor: Actor, now: datetime, policy: Policy) -> str:
    """No machine says what is right: staff look."""
    base.differs(drift.noun, drift.ref, field=drift.field, why=drift.kind, now=now)
    return "review"


_REPAIRS: dict[str, Callable[[Drift, Actor, datetime, Policy], str]] = {
    "take": _take,
    "look": _take,
    "take_in": _take_in,
    "tell": _tell,
    "review": _ask,
}
