"""How does what is changed in the CIS reach us (phase 9; issue of two masters)?

Two halves, so that neither holds up the other. What has changed is heard and noted (`flow.hearing`). Here each thing that is
noted is read from the CIS, with no transaction open, and merged under the lock of whom it is about; then the note goes.
Whoever dies in between, and whoever does it twice, does no harm.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.db import IntegrityError, transaction

from keyturn.connectors.cis import cis
from keyturn.flow import duplicates, gate, hearing, moves
from keyturn.records import acts, cis_news
from keyturn.records.models import Account, CisNews, Person
from keyturn.records.models.inbound import LONGEST_FIELD
from keyturn.steps.maintain import step as maintain
from keyturn.steps.maintain.inbound import base, persons, rules, step
from keyturn.steps.maintain.inbound.step import Compared
from keyturn.steps.sync import rules as sync_rules
from keyturn.terms.cis import Changed
from keyturn.terms.errors import KeyturnError, Rejected, Unavailable
from keyturn.terms.policy import Policy
from keyturn.terms.request import MACHINE
from keyturn.work import queue

log = structlog.get_logger("keyturn.inbound")

LOOKED_AT_ONCE = 500
TAKEN_AT_ONCE = 20
"""So many things one worker takes, and no other looks at them meanwhile."""
IN_VAIN = 3
GIVES_UP_AFTER = 12
"""So often something is looked at that fails for a reason of its own; then staff see it. For the CIS, and for a delivery
that is on its way, it waits as long as it takes."""

SOON = timedelta(seconds=5)
WHILE_WAITING = timedelta(minutes=1)


class Later(Exception):
    """It cannot be looked at yet; `code` says for what it waits."""

    def __init__(self, code: str, wait: timedelta = WHILE_WAITING) -> None:
        super().__init__(code)
        self.code, self.wait = code, wait


is_from_the_cis = rules.is_from_the_cis


@queue.job("hear_cis")
def hear_job(*, now: datetime) -> None:
    hear_cis(now=now, policy=moves.policy())


def hear_cis(*, now: datetime, policy: Policy) -> int:
    """Ask the CIS what has changed, and look at what is due; how many things were looked at. What is left is a job's."""
    if gate.is_open():
        return 0  # it does not answer: a probe finds out when it does again (S-07)
    hearing.hear(now=now, policy=policy)
    done = look(now=now, policy=policy)
    if done and CisNews.objects.filter(due_at__lte=now).exists():
        queue.later("hear_cis", once="due:hear_cis")
    return done


def look(*, now: datetime, policy: Policy) -> int:
    """Look at what is noted and due: persons, then premises, then accounts; how many are done with."""
    done = 0
    until = now + timedelta(
        seconds=TAKEN_AT_ONCE * policy.cis_timeout_seconds
    )  # whoever needs longer is joined by another
    for noun in hearing.NOUNS:
        for _turn in range(LOOKED_AT_ONCE // TAKEN_AT_ONCE):
            taken = cis_news.take(noun, most=TAKEN_AT_ONCE, now=now, until=until)
            looked_at, in_vain = _look_at_each(taken, now=now, policy=policy)
            done += looked_at
            if in_vain >= IN_VAIN:
                return done
            if len(taken) < TAKEN_AT_ONCE:
                break
    return done


def _look_at_each(taken: list[CisNews], *, now: datetime, policy: Policy) -> tuple[int, int]:
    """How many are done with, and how often in a row the CIS did not answer.

    After a few times it is left alone, and others may take what was not looked at: nobody waits out the time limit of each.
    """
    done = in_vain = 0
    for number, news in enumerate(taken, start=1):
        try:
            done += _look_at(news, now=now, policy=policy)
            in_vain = 0
        except Unavailable as problem:
            gate.heard(problem, now=now, policy=policy)
            _put_off(news, problem.code, now + sync_rules.wait(news.tries + 1, str(news.pk), policy))
            in_vain += 1
            if in_vain >= IN_VAIN:
                cis_news.give_back(taken[number:], now=now)
                break
    return done, in_vain


def _look_at(news: CisNews, *, now: datetime, policy: Policy) -> bool:
    """One thing; True where it is done with. What fails for a reason that nobody foresaw keeps no other from its turn.

    Raises Unavailable.
    """
    try:
        {"person": _person, "premise": _premise, "account": _account}[news.noun](news, now=now, policy=policy)
    except Later as later:
        _put_off(news, later.code, now + later.wait)
        return later.code in hearing.NOUNS and _given_up(news, now=now)
    except Unavailable:
        raise
    except KeyturnError as problem:
        _put_off(news, problem.code, now + sync_rules.wait(news.tries + 1, str(news.pk), policy))
        return isinstance(problem, Rejected) and _given_up(news, now=now)  # it will say no the next time, too
    except Exception as bug:
        log.error("not looked at", noun=news.noun, exc_info=bug)
        _put_off(news, type(bug).__name__, now + sync_rules.wait(news.tries + 1, str(news.pk), policy))
        return _given_up(news, now=now)
    # Told again while it was looked at: what was read may be older than that.
    return cis_news.done_with(news)


def _put_off(news: CisNews, code: str, until: datetime) -> None:
    """What has waited long for one thing has not been tried in vain for another: tries are counted in a row for one reason."""
    tries = news.tries + 1 if news.waits_for == code[:40] else 1
    rows = CisNews.objects.filter(pk=news.pk, told_again=news.told_again)
    rows.update(due_at=until, tries=tries, waits_for=code[:40])


@transaction.atomic
def _given_up(news: CisNews, *, now: datetime) -> bool:
    """Tried often enough: it goes, and staff see a case instead."""
    tried_out = CisNews.objects.filter(pk=news.pk, tries__gte=GIVES_UP_AFTER).delete()[0]
    if tried_out:
        base.differs(news.noun, news.ref, why="not_understood", now=now)
    return bool(tried_out)


# ---------------------------------------------------------------- persons


def _person(news: CisNews, *, now: datetime, policy: Policy) -> None:
    person = step.person_of(ref=news.ref)
    if person is None:
        person = _newcomer(news, now=now, policy=policy)
    if person is None or person.redirect_to is not None or "erased" in person.flags:
        return
    person_again(person, now=now, policy=policy)


def person_again(person: Person, *, now: datetime, policy: Policy) -> list[str]:
    """Read one person and merge; the fields that were taken over. Raises Later, and what the CIS raises."""
    ref = str(person.ref)
    before, on_their_way = step.before_reading(person)
    _may_be_compared(on_their_way)
    read = cis().read("person", ref)
    if read is None or read.get("merged_into"):
        _case(ref, "gone_there" if read is None else "merged_there", now=now)
        return []
    found = step.compare_person(person, read, now=now, policy=policy)
    if found.differs and lost(person, now=now):
        _case(ref, "effect_missing", now=now)
        return []
    taken = _merge_person(person, found, before, now=now, policy=policy)
    if any(field.partition(".")[0] in persons.FOUND_BY for field in taken):
        duplicates.look_later([person.pk])
    return taken


@transaction.atomic
def _merge_person(
    person: Person, found: Compared, before: datetime | None, *, now: datetime, policy: Policy
) -> list[str]:
    """Under the lock. What we changed since it was read is newer than what was read, and so may be what another worker
    has read and merged since (`before`): it is read again."""
    held, compared_at, on_their_way = step.held(person)
    if held.version != person.version or compared_at != before:
        raise Later("changed_meanwhile", SOON)
    _may_be_compared(on_their_way)
    taken = step.take_person(held, found, now=now, policy=policy)
    _write_down(f"person:{held.pk}", found, taken, now=now)
    return taken


def lost(person: Person, *, now: datetime) -> bool:
    """Does the CIS no longer know of what it has confirmed to us (a restored backup, say)?"""
    last = step.last_delivered(person.pk)
    if last is None or not rules.is_lost(known_there=False, answered_at=last.answered_at, now=now):
        return False
    try:
        known = cis().find(last.key) is not None
    except Rejected:
        return False  # it cannot say
    return rules.is_lost(known_there=known, answered_at=last.answered_at, now=now)


def _newcomer(news: CisNews, *, now: datetime, policy: Policy) -> Person | None:
    """Somebody whom only the CIS knows: taken in through the door of an import, or nobody of ours."""
    state = step.state_of_key(news.key)
    if rules.is_ours_by_the_way(our_delivery=state):
        return None
    read = cis().read("person", news.ref)
    if read is None or read.get("merged_into"):
        return None
    alike = step.may_be_on_their_way(news.ref, read, now=now, policy=policy)
    waited = now - news.told_at
    if code := rules.why_to_wait(key=news.key, our_delivery=state, alike_on_their_way=alike, waited=waited):
        raise Later(code)
    _take_in("persons", news.ref, step.newcomer_row(news.ref, read, now=now, policy=policy), now=now, policy=policy)
    return step.person_of(ref=news.ref)


def _take_in(kind: str, ref: str, row: Mapping[str, str], *, now: datetime, policy: Policy) -> bool:
    """Through the door of an import; what it keeps out is a case."""
    intake = maintain.take_in(kind, [(1, row)], now=now, policy=policy, tell=False)
    noun = kind.removesuffix("s")
    if intake.rejected:
        why = sorted({each.finding.rule for each in intake.objections if each.keeps_out})
        _case(ref, "unfit", noun=noun, field=",".join(why)[:LONGEST_FIELD], now=now)
        return False
    base.no_longer_differ(noun, ref, why=("unfit",), now=now)
    return True


# ---------------------------------------------------------------- premises and accounts


def _premise(news: CisNews, *, now: datetime, policy: Policy) -> None:
    """A place is the CIS's to say: new or changed, it comes in as by an import."""
    read = cis().read("premise", news.ref)
    if read is None:
        return
    row = step.premise_row(news.ref, read)
    if step.is_as_on_file(row):
        base.no_longer_differ("premise", news.ref, why=("unfit",), now=now)
    else:
        _take_in("premises", news.ref, row, now=now, policy=policy)


def _account(news: CisNews, *, now: datetime, policy: Policy) -> None:
    account = step.account_of(ref=news.ref)
    if account is None:
        account = _new_account(news, now=now, policy=policy)
    if account is not None:
        account_again(account, now=now, policy=policy)


def account_again(account: Account, *, now: datetime, policy: Policy) -> list[str]:
    """Read one account and merge; the fields that were taken over. Raises Later, and what the CIS raises."""
    before, on_their_way = step.before_reading(account)
    _may_be_compared(on_their_way)
    read = cis().read("account", str(account.ref))
    if read is None:
        _case(str(account.ref), "gone_there", noun="account", now=now)
        return []
    return _merge_account(account, read, before, now=now, policy=policy)


@transaction.atomic
def _merge_account(
    account: Account, read: Mapping[str, Any], before: datetime | None, *, now: datetime, policy: Policy
) -> list[str]:
    held, compared_at, on_their_way = step.held(account)
    if held.version != account.version or compared_at != before:
        raise Later("changed_meanwhile", SOON)
    _may_be_compared(on_their_way)
    found = step.compare_account(held, read, now=now, policy=policy)
    try:
        with transaction.atomic():
            taken = step.take_account(held, found, now=now, policy=policy)
    except IntegrityError:  # two live agreements at one place, say: no machine says which is right
        base.differs("account", found.ref, why="against_the_rules", now=now)
        return []
    _write_down(f"account:{held.pk}", found, taken, now=now)
    return taken


def _new_account(news: CisNews, *, now: datetime, policy: Policy) -> Account | None:
    """An account that only the CIS knows, with its customer and its premise where they are unknown, too."""
    state = step.state_of_key(news.key)
    if rules.is_ours_by_the_way(our_delivery=state):
        return None
    read = cis().read("account", news.ref)
    if read is None:
        return None
    row = step.account_row(news.ref, read)
    person = step.person_of(ref=row["person_ref"])
    if person is None:
        _first("person", row["person_ref"], now=now)
    on_their_way = bool(person and step.open_deliveries(person_id=person.pk))
    waited = now - news.told_at
    if code := rules.why_to_wait(key=news.key, our_delivery=state, alike_on_their_way=on_their_way, waited=waited):
        raise Later(code)
    if row["premise_ref"] and not maintain.knows_premise(row["premise_ref"]):
        _first("premise", row["premise_ref"], now=now)
    _take_in("accounts", news.ref, row, now=now, policy=policy)
    return step.account_of(ref=news.ref)


def _first(noun: str, ref: str, *, now: datetime) -> None:
    """Somebody or something that is not on file has to come in before; where the CIS has none, it never does."""
    if cis().read(noun, ref) is not None and not CisNews.objects.filter(noun=noun, ref=ref).exists():
        hearing.note((Changed(noun, ref),), now=now)
        raise Later(noun, SOON)
    if CisNews.objects.filter(noun=noun, ref=ref).exists():
        raise Later(noun)


# ---------------------------------------------------------------- both


def _may_be_compared(on_their_way: list[str]) -> None:
    if not rules.may_be_compared(on_their_way):
        raise Later("delivery")


@transaction.atomic
def _case(ref: str, why: str, *, noun: str = "person", field: str = "", now: datetime) -> None:
    base.differs(noun, ref, field=field, why=why, now=now)


def _write_down(subject: str, found: Compared, taken: list[str], *, now: datetime) -> None:
    if taken:
        kinds = sorted({field.partition(".")[0] for field in taken})
        acts.note(subject=subject, what="taken_from_cis", actor=MACHINE, now=now, data={"fields": kinds})
