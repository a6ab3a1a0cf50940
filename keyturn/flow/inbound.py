"""How does what is changed in the CIS reach us (phase 9; issue of two masters)?

Two halves, so that neither holds up the other. *Hearing*: the feed of changes is read page by page from a cursor, and each
thing that is named is noted, once, in the transaction that moves the cursor. *Looking*: each thing that is noted is read
from the CIS, with no transaction open, and merged under the lock of whom it is about; then the note goes. Whoever dies in
between, and whoever does it twice, does no harm.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.db import IntegrityError, transaction
from django.db.models import F

from keyturn.connectors.cis import cis
from keyturn.flow import duplicates, gate, moves
from keyturn.records import acts, cis_news, dated
from keyturn.records.models import Account, CisCursor, CisNews, Person
from keyturn.records.models.inbound import LONGEST_FIELD, LONGEST_REF
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

PAGE = 200
PAGES_AT_ONCE = 50
LOOKED_AT_ONCE = 500
IN_VAIN = 3
GIVES_UP_AFTER = 12
"""So often something is looked at that fails for a reason of its own; then staff see it. For the CIS, and for a delivery
that is on its way, it waits as long as it takes."""
FEED = "changes"
IMPORT = "import"
"""The key under which an import of ours brings rows to a CIS that keeps none yet."""
NOUNS = ("person", "premise", "account")
"""Whoever and whatever an account names is looked at before it."""

SOON = timedelta(seconds=5)
WHILE_WAITING = timedelta(minutes=1)


class Later(Exception):
    """It cannot be looked at yet; `code` says for what it waits."""

    def __init__(self, code: str, wait: timedelta = WHILE_WAITING) -> None:
        super().__init__(code)
        self.code, self.wait = code, wait


is_from_the_cis = rules.is_from_the_cis


# ---------------------------------------------------------------- hearing


@queue.job("hear_cis")
def hear_job(*, now: datetime) -> None:
    hear_cis(now=now, policy=moves.policy())


def hear_cis(*, now: datetime, policy: Policy) -> int:
    """Ask the CIS what has changed, and look at what is due; how many things were looked at. What is left is a job's."""
    if gate.is_open():
        return 0  # it does not answer: a probe finds out when it does again (S-07)
    hear(now=now, policy=policy)
    done = look(now=now, policy=policy)
    if done and CisNews.objects.filter(due_at__lte=now).exists():
        queue.later("hear_cis", once="due:hear_cis")
    return done


@transaction.atomic
def changed_in_cis(*, noun: str, ref: str, now: datetime) -> None:
    """Somebody outside says that something changed in the CIS: it is read there, soon. Nothing else they say counts."""
    if noun in NOUNS and ref:
        note((Changed(noun, ref),), now=now)
        queue.later("hear_cis", once="due:hear_cis")


def hear(*, now: datetime, policy: Policy) -> int:
    """Note everything that has changed in the CIS since it was last asked; how many items it told of. Safe at any time."""
    if FEED not in cis().offers:
        return 0
    told = 0
    for _ in range(PAGES_AT_ONCE):
        before = CisCursor.objects.get_or_create(name=FEED)[0].cursor
        try:
            page = cis().changes(before, limit=PAGE)
        except KeyturnError as problem:
            CisCursor.objects.filter(name=FEED).update(problem=problem.code[:80])
            log.warning("the CIS tells nothing of its changes", code=problem.code)
            return told
        if not _noted(before, page.items, page.cursor, now=now):
            return told  # another worker was quicker
        told += len(page.items)
        if not page.more:
            return told
    queue.later("hear_cis", once="due:hear_cis")  # a long absence is caught up with in turns
    return told


@transaction.atomic
def _noted(before: str, items: tuple[Changed, ...], behind: str, *, now: datetime) -> bool:
    """Note what is named and move the cursor, in one; False where somebody else has moved it since it was read."""
    row = CisCursor.objects.select_for_update().get(name=FEED)
    if row.cursor != before:
        return False
    note(items, now=now)
    row.cursor, row.asked_at, row.problem = behind, now, ""
    row.save()
    return True


def note(items: tuple[Changed, ...], *, now: datetime) -> None:
    """These are to be looked at. One that waits already is looked at once, and again if it is being looked at just now.

    Not what an import has just brought: it wrote both sides from one row.
    """
    told = [each for each in items if each.noun in NOUNS and 0 < len(each.ref) <= LONGEST_REF]
    named: dict[tuple[str, str], Changed] = {}
    for each in told:  # a later word without a key does not take away that a command of ours was there before
        before = named.get((each.noun, each.ref))
        is_kept = before is not None and not each.key and before.key != IMPORT
        named[each.noun, each.ref] = before if before is not None and is_kept else each
    for noun in NOUNS:
        brought = [each.ref for each in named.values() if each.noun == noun and each.key == IMPORT]
        for ref in step.on_file(noun, brought):
            del named[noun, ref]
    cis_news.note(named.values(), now=now)


# ---------------------------------------------------------------- looking


def look(*, now: datetime, policy: Policy) -> int:
    """Look at what is noted and due: persons, then premises, then accounts; how many are done with.

    A CIS that does not answer is left alone after a few readings: nobody waits out the time limit of each.
    """
    done = in_vain = 0
    for noun in NOUNS:
        due = CisNews.objects.filter(noun=noun, due_at__lte=now).order_by("due_at", "id")[:LOOKED_AT_ONCE]
        for news in list(due):
            try:
                done += _look_at(news, now=now, policy=policy)
                in_vain = 0
            except Unavailable as problem:
                gate.heard(problem, now=now, policy=policy)
                _put_off(news, problem.code, now + sync_rules.wait(news.tries + 1, str(news.pk), policy))
                in_vain += 1
                if in_vain >= IN_VAIN:
                    return done
    return done


def _look_at(news: CisNews, *, now: datetime, policy: Policy) -> bool:
    """One thing; True where it is done with. What fails for a reason that nobody foresaw keeps no other from its turn.

    Raises Unavailable.
    """
    try:
        {"person": _person, "premise": _premise, "account": _account}[news.noun](news, now=now, policy=policy)
    except Later as later:
        _put_off(news, later.code, now + later.wait)
        return later.code in NOUNS and _given_up(news, now=now)
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
    return bool(CisNews.objects.filter(pk=news.pk, told_again=news.told_again).delete()[0])


def _put_off(news: CisNews, code: str, until: datetime) -> None:
    rows = CisNews.objects.filter(pk=news.pk, told_again=news.told_again)
    rows.update(due_at=until, tries=F("tries") + 1, waits_for=code[:40])


@transaction.atomic
def _given_up(news: CisNews, *, now: datetime) -> bool:
    """Tried often enough: it goes, and staff see a case instead."""
    tried_out = CisNews.objects.filter(pk=news.pk, tries__gte=GIVES_UP_AFTER).delete()[0]
    if tried_out:
        base.differs(news.noun, news.ref, why="not_understood", now=now)
    return bool(tried_out)


# ---------------------------------------------------------------- persons


def _person(news: CisNews, *, now: datetime, policy: Policy) -> None:
    person = Person.objects.filter(ref=news.ref).first()
    if person is None:
        person = _newcomer(news, now=now, policy=policy)
    if person is None or person.redirect_to is not None or "erased" in person.flags:
        return
    person_again(person, now=now, policy=policy)


def person_again(person: Person, *, now: datetime, policy: Policy) -> list[str]:
    """Read one person and merge; the fields that were taken over. Raises Later, and what the CIS raises."""
    _may_be_compared(person_id=person.pk)
    ref = str(person.ref)
    before = base.compared_at("person", ref)
    read = cis().read("person", ref)
    if read is None or read.get("merged_into"):
        _case(ref, "gone_there" if read is None else "merged_there", now=now)
        return []
    found = step.compare_person(person, read, now=now, policy=policy)
    if found.differs and lost(person, now=now):
        _case(ref, "effect_missing", now=now)
        return []
    taken = _merge_person(person, read, before, now=now, policy=policy)
    if any(field.partition(".")[0] in persons.FOUND_BY for field in taken):
        duplicates.look_later([person.pk])
    return taken


@transaction.atomic
def _merge_person(
    person: Person, read: Mapping[str, Any], before: datetime | None, *, now: datetime, policy: Policy
) -> list[str]:
    """Under the lock. What we changed since it was read is newer than what was read, and so may be what another worker
    has read and merged since (`before`): it is read again."""
    dated.hold(persons=[person.pk])
    held = Person.objects.get(pk=person.pk)
    if held.version != person.version or base.compared_at("person", str(person.ref)) != before:
        raise Later("changed_meanwhile", SOON)
    _may_be_compared(person_id=person.pk)
    found = step.compare_person(held, read, now=now, policy=policy)
    taken = step.take_person(held, found, now=now, policy=policy)
    base.no_longer_differ("person", found.ref, why=("gone_there", "merged_there", "effect_missing"), now=now)
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
    return Person.objects.filter(ref=news.ref).first()


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
    if read is not None:
        _take_in("premises", news.ref, step.premise_row(news.ref, read), now=now, policy=policy)


def _account(news: CisNews, *, now: datetime, policy: Policy) -> None:
    account = Account.objects.filter(ref=news.ref).first()
    if account is None:
        account = _new_account(news, now=now, policy=policy)
    if account is not None:
        account_again(account, now=now, policy=policy)


def account_again(account: Account, *, now: datetime, policy: Policy) -> list[str]:
    """Read one account and merge; the fields that were taken over. Raises Later, and what the CIS raises."""
    _may_be_compared(account_id=account.pk)
    before = base.compared_at("account", str(account.ref))
    read = cis().read("account", str(account.ref))
    if read is None:
        _case(str(account.ref), "gone_there", noun="account", now=now)
        return []
    return _merge_account(account, read, before, now=now, policy=policy)


@transaction.atomic
def _merge_account(
    account: Account, read: Mapping[str, Any], before: datetime | None, *, now: datetime, policy: Policy
) -> list[str]:
    dated.hold(accounts=[account.pk])
    held = Account.objects.get(pk=account.pk)
    if held.version != account.version or base.compared_at("account", str(account.ref)) != before:
        raise Later("changed_meanwhile", SOON)
    _may_be_compared(account_id=account.pk)
    found = step.compare_account(held, read, now=now, policy=policy)
    try:
        with transaction.atomic():
            taken = step.take_account(held, found, now=now, policy=policy)
    except IntegrityError:  # two live agreements at one place, say: no machine says which is right
        base.differs("account", found.ref, why="against_the_rules", now=now)
        return []
    base.no_longer_differ("account", found.ref, why=("gone_there", "against_the_rules"), now=now)
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
    person = Person.objects.filter(ref=row["person_ref"]).first()
    if person is None:
        _first("person", row["person_ref"], now=now)
    on_their_way = bool(person and step.open_deliveries(person_id=person.pk))
    waited = now - news.told_at
    if code := rules.why_to_wait(key=news.key, our_delivery=state, alike_on_their_way=on_their_way, waited=waited):
        raise Later(code)
    if row["premise_ref"] and not maintain.knows_premise(row["premise_ref"]):
        _first("premise", row["premise_ref"], now=now)
    _take_in("accounts", news.ref, row, now=now, policy=policy)
    return Account.objects.filter(ref=news.ref).first()


def _first(noun: str, ref: str, *, now: datetime) -> None:
    """Somebody or something that is not on file has to come in before; where the CIS has none, it never does."""
    if cis().read(noun, ref) is not None and not CisNews.objects.filter(noun=noun, ref=ref).exists():
        note((Changed(noun, ref),), now=now)
        raise Later(noun, SOON)
    if CisNews.objects.filter(noun=noun, ref=ref).exists():
        raise Later(noun)


# ---------------------------------------------------------------- both


def _may_be_compared(**whom: Any) -> None:
    if not rules.may_be_compared(step.open_deliveries(**whom)):
        raise Later("delivery")


@transaction.atomic
def _case(ref: str, why: str, *, noun: str = "person", field: str = "", now: datetime) -> None:
    base.differs(noun, ref, field=field, why=why, now=now)


def _write_down(subject: str, found: Compared, taken: list[str], *, now: datetime) -> None:
    if taken:
        kinds = sorted({field.partition(".")[0] for field in taken})
        acts.note(subject=subject, what="taken_from_cis", actor=MACHINE, now=now, data={"fields": kinds})
