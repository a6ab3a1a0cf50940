"""What does an import of persons, premises or accounts write, and what does it keep out?

The file is the word of the utility's CIS: by `ref`, what it says replaces what is on file, and what it does not say
stays. Importing the same file again changes nothing. Rows go in by blocks, a transaction each, so that a file of
millions neither holds locks for long nor starts over after an interruption.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from decimal import Decimal
from itertools import islice
from typing import Any
from uuid import UUID

from django.db import IntegrityError, connection, transaction

from keyturn.connectors import cis
from keyturn.matching.decide import decide
from keyturn.matching.pairs import Pair, weigh
from keyturn.matching.score import Scored
from keyturn.records import deciding, person_index
from keyturn.records.bulk import accounts, persons, premises
from keyturn.records.models import Person
from keyturn.steps.maintain import rules, silence
from keyturn.steps.maintain.duplicates import meanwhile
from keyturn.steps.maintain.duplicates import step as duplicates
from keyturn.steps.maintain.intake import Intake, Lookalike, Objection
from keyturn.steps.maintain.merge.rules import is_nobody_merged
from keyturn.steps.maintain.privacy.rules import was_not_erased
from keyturn.steps.maintain.somebody import details_of
from keyturn.terms.address import Address
from keyturn.terms.days import day_of, local_date
from keyturn.terms.errors import InDoubt, Rejected, Unavailable
from keyturn.terms.finding import Effect, Finding
from keyturn.terms.policy import Policy
from keyturn.terms.premise import AgreementStatus
from keyturn.terms.rows import COLUMNS

BLOCK = 25_000
TOLD_EVERY = 1_000

NumberedRow = tuple[int, Mapping[str, Any] | Finding]
"""A row's number in its file, and its cells by column, or why they could not be read."""

Accepted = list[tuple[int, rules.Row]]


def take_in(
    kind: str,
    rows: Iterable[NumberedRow],
    *,
    now: datetime,
    policy: Policy,
    dry_run: bool = False,
    progress: Callable[[int], None] | None = None,
    tell: bool = True,
    remember: Callable[[UUID], None] | None = None,
) -> Intake:
    """Take over "persons", "premises" or "accounts". `progress` is called with the number of rows done so far; not
    `tell`: the rows come from the CIS itself, which need not hear of them. `remember` is called in the transaction of each
    block that wrote persons, so that the look back at it is made though this process is killed.

    Raises Unavailable when somebody else wrote the same at the same moment (run it again), and what the CIS raises.
    """
    terms = rules.Terms(policy, local_date(now, policy))
    taking = _KINDS[kind](kind, terms, now, progress or _quietly)
    left = iter(rows)
    while block := list(islice(left, BLOCK)):
        began = deciding.mark()
        try:
            with transaction.atomic():
                _take_block(taking, block, dry_run=dry_run, tell=tell)
                if remember is not None and not dry_run and taking.written:
                    remember(began)
        except IntegrityError:
            raise Unavailable("changed_meanwhile", "Somebody wrote the same records just now. Run it again.") from None
        if not dry_run:
            taking.look_back(began)
    return taking.intake


def _quietly(_done: int) -> None: ...


def _take_block(taking: "_Taking", block: list[NumberedRow], *, dry_run: bool, tell: bool) -> None:
    with connection.cursor() as cursor:  # one import of a kind at a time
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"keyturn import {taking.kind}"])
    accepted = taking.judge(block)
    if accepted and (dry_run or not tell):
        taking.write(accepted)
    elif accepted:
        with ThreadPoolExecutor(1) as beside:  # the CIS has a database connection of its own, and time is short
            told = beside.submit(_tell_cis, taking.kind, accepted)
            taking.write(accepted)
            told.result()
    if dry_run:
        transaction.set_rollback(True)


def _tell_cis(kind: str, accepted: Accepted) -> None:
    """Before the transaction ends: where the CIS does not take the block over, nothing of it is written here either."""
    try:
        cis.adopt(kind, (row for _, row in accepted))
    except Rejected as problem:
        first, last = accepted[0][0], accepted[-1][0]
        text = f"The CIS refused rows {first} to {last} ({problem}). Nothing of them was written."
        raise Rejected(problem.code, text) from None
    except (Unavailable, InDoubt) as problem:
        raise type(problem)(problem.code, f"The CIS did not answer ({problem}). Run it again.") from None


class _Taking(ABC):
    """One run over one file: what is known of the file so far, and what came of it."""

    def __init__(self, kind: str, terms: rules.Terms, now: datetime, progress: Callable[[int], None]) -> None:
        self.kind = kind
        self.terms = terms
        self.now = now
        self.progress = progress
        self.intake = Intake(kind)
        self.seen: set[str] = set()
        self.written: dict[UUID, tuple[int, str]] = {}  # persons whom the last block wrote: row and reference

    def judge(self, block: list[NumberedRow]) -> Accepted:
        """The rows that may be taken over, cleaned; everything else is entered as kept out."""
        accepted = []
        columns = COLUMNS[self.kind]
        for number, cells in block:
            self.intake.rows += 1
            if self.intake.rows % TOLD_EVERY == 0:
                self.progress(self.intake.rows)
            if isinstance(cells, Finding):
                self.object_to(number, "", [cells])
                continue
            row = {name: rules.clean(cells[name]) if cells[name] else "" for name in columns if name in cells}
            found = rules.check(self.kind, row, self.terms)
            if ref := row.get("ref", ""):
                found += rules.reference_is_new_in_file(ref, self.seen)
                self.seen.add(ref)
            if self.object_to(number, ref, found):
                accepted.append((number, row))
        return self.judge_together(accepted)

    def object_to(self, number: int, ref: str, found: list[Finding]) -> bool:
        """Enter findings; True where none of them keeps the row out."""
        if not found:
            return True
        self.intake.objections += [Objection(number, ref, each) for each in found]
        fine = all(each.effect is not Effect.FIX for each in found)
        self.intake.rejected += not fine
        return fine

    def count(self, accepted: int, created: int, changed: int) -> None:
        self.intake.created += created
        self.intake.changed += changed
        self.intake.unchanged += accepted - created - changed

    def look_back(self, began: UUID) -> None:
        """The block that began then is committed: what did others write meanwhile?"""
        return

    @abstractmethod
    def judge_together(self, accepted: Accepted) -> Accepted:
        """Keep out the rows that do not go with what is on file or with each other."""

    @abstractmethod
    def write(self, accepted: Accepted) -> None:
        """Write what is new or different."""


def _erased(known: Mapping[str, UUID]) -> frozenset[str]:
    """Of these references, those whose persons were forgotten."""
    gone = Person.objects.filter(flags__contains=["erased"], pk__in=list(known.values()))
    return frozenset(gone.values_list("ref", flat=True))


class _Persons(_Taking):
    def __init__(self, kind: str, terms: rules.Terms, now: datetime, progress: Callable[[int], None]) -> None:
        super().__init__(kind, terms, now, progress)
        self.compares = persons.anybody_on_file()  # a first load is taken as it is
        self.incoming: dict[str, persons.Incoming] = {}
        self.holders: dict[str, str] = {}  # digest of a full identifier: whose it is, in this file
        self.created: set[UUID] = set()
        self.alike: list[tuple[str, str, Pair]] = []  # a new row's reference, and the id of whom it may be

    def judge_together(self, accepted: Accepted) -> Accepted:
        known = persons.ids_by_ref([row["ref"] for _, row in accepted])
        erased = _erased(known)
        if erased:
            accepted = [
                (number, row)
                for number, row in accepted
                if self.object_to(number, row["ref"], list(was_not_erased(row["ref"], erased)))
            ]
        accepted = self._without_merged(accepted, known)
        incoming = {row["ref"]: self._incoming(row, known.get(row["ref"])) for _, row in accepted}
        on_file = persons.holders_by_digest([_digest(each) for each in incoming.values() if each.unique_identifier])
        fine = []
        for number, row in accepted:
            ref = row["ref"]
            if incoming[ref].unique_identifier:
                digest = _digest(incoming[ref])
                holders = {self.holders.setdefault(digest, ref), on_file.get(digest, ref)}
                if not self.object_to(number, ref, list(rules.identifier_is_free(ref, holders))):
                    continue
            fine.append((number, row))
        self.incoming = {row["ref"]: incoming[row["ref"]] for _, row in fine}
        return fine

    def _without_merged(self, accepted: Accepted, known: Mapping[str, UUID]) -> Accepted:
        """Whoever was merged into another is neither made anew nor brought up to date: said, and left aside."""
        merged = persons.merged(known.values())
        for number, row in accepted:
            self.object_to(number, row["ref"], list(is_nobody_merged(row["ref"], merged)))
        left = [(number, row) for number, row in accepted if row["ref"] not in merged]
        self.intake.unchanged += len(accepted) - len(left)
        return left

    def write(self, accepted: Accepted) -> None:
        if self.compares:
            for number, row in accepted:
                self._compare(number, self.incoming[row["ref"]])
        written = persons.write(list(self.incoming.values()), now=self.now)
        self.created.update(written.created.values())
        self._enter_pairs(written)
        ids = {**{ref: each.person_id for ref, each in self.incoming.items()}, **written.created}
        touched = {*written.created.values(), *written.changed}
        self.written = {ids[row["ref"]]: (number, row["ref"]) for number, row in accepted if ids[row["ref"]] in touched}
        self.count(len(accepted), len(written.created), len(written.changed))

    def _enter_pairs(self, written: persons.Written) -> None:
        """New rows who may be somebody on file, and persons on file whom the block made alike to somebody, are looked at
        by staff (K-20)."""
        policy = self.terms.policy
        found = [
            duplicates.Found(written.created[ref], UUID(other), each.zone, each.ranked)
            for ref, other, each in self.alike
        ]
        self.alike = []
        if self.compares:
            model = person_index.model(policy)
            for ident in sorted(written.changed):
                found += duplicates.near(ident, model=model, policy=policy)
        if found:
            duplicates.note(found, source="import", now=self.now)
            duplicates.open_more(now=self.now, policy=policy)

    def look_back(self, began: UUID) -> None:
        """Requests that decided while this block was written saw none of it, and it saw none of them (T-08)."""
        policy = self.terms.policy
        model = person_index.model(policy)
        if not self.written:
            return
        found = meanwhile.unseen(lambda some: self.written.keys() & set(some), since=began, model=model, policy=policy)
        if not found:
            return
        with transaction.atomic():
            duplicates.note(found, source="import", now=self.now)
            duplicates.open_more(now=self.now, policy=policy)
        told = {(each.ref, each.person_id) for each in self.intake.lookalikes}
        for each in found:
            number, ref = self.written[UUID(each.ranked.person_id)]
            if (ref, str(each.one)) not in told:
                self._report(number, ref, str(each.one), each.zone, each.ranked.scored)

    def _report(self, row: int, ref: str, person_id: str, zone: str, scored: Scored) -> None:
        weight, probability = scored.weight, scored.probability
        person_ref = persons.ref_of(person_id)
        self.intake.lookalikes.append(Lookalike(row, ref, person_ref, person_id, zone, weight, probability))

    def _incoming(self, row: dict[str, str] | rules.Row, person_id: UUID | None) -> persons.Incoming:
        details = details_of(row)
        features = person_index.features(details)
        unique = bool(features.identifiers) and row["id_type"] in self.terms.policy.unique_identifiers
        return persons.Incoming(row["ref"], details, features, person_id, unique)

    def _compare(self, number: int, new: persons.Incoming) -> None:
        """Is a new row perhaps somebody who was on file before this file? It is taken over all the same, and said."""
        if new.person_id is not None:
            return
        policy = self.terms.policy
        model = person_index.model(policy)
        alike = person_index.candidates(new.features)
        before = {ident: form for ident, form in alike.items() if UUID(ident) not in self.created}
        decision = decide(new.features, before, model=model, verified=frozenset(), policy=policy)
        best = decision.best
        if best is None:
            return
        for each in decision.ranked:
            pair = weigh(new.features, before[each.person_id], other_id=each.person_id, model=model, policy=policy)
            if pair and pair.likely:
                self.alike.append((new.ref, each.person_id, pair))
        other = persons.ref_of(best.person_id) or best.person_id
        found = list(rules.is_nobody_on_file(decision.matcher_zone, best.scored.odds, other))
        self.object_to(number, new.ref, found)
        if found:
            self._report(number, new.ref, best.person_id, decision.matcher_zone, best.scored)


def _digest(incoming: persons.Incoming) -> str:
    return dict(incoming.features.identifiers)[incoming.details.identifiers[0].id_type]


class _Premises(_Taking):
    def judge_together(self, accepted: Accepted) -> Accepted:
        return accepted

    def write(self, accepted: Accepted) -> None:
        known = premises.refs_on_file(row["ref"] for _, row in accepted)
        touched = premises.write(
            [
                premises.Incoming(
                    row["ref"], Address.from_mapping(row), row.get("division", ""), rules.services_of(row)
                )
                for _, row in accepted
            ]
        )
        self.count(len(accepted), len(touched - known), len(touched & known))


class _Accounts(_Taking):
    def __init__(self, kind: str, terms: rules.Terms, now: datetime, progress: Callable[[int], None]) -> None:
        super().__init__(kind, terms, now, progress)
        self.stays: dict[str, list[rules.Stay]] = {}  # premise: who is served there, by this file

    def judge_together(self, accepted: Accepted) -> Accepted:
        self.known = accounts.on_file([row["ref"] for _, row in accepted])
        accepted = [(number, silence.filled(row, self.known.get(row["ref"]))) for number, row in accepted]
        self.customers = accounts.customers(row.get("person_ref", "") for _, row in accepted)
        self.places = accounts.places(row.get("premise_ref", "") for _, row in accepted)
        on_file = self._stays_on_file(accepted)
        fine = []
        for number, row in accepted:
            person, premise = row.get("person_ref", ""), row.get("premise_ref", "")
            found = list(
                rules.account_has_customer_and_premise(
                    row, customer=person in self.customers, premise=premise in self.places
                )
            )
            stay = self._live_stay(row)
            if stay and not found:
                found += rules.nobody_else_is_served(stay, (*on_file.get(premise, ()), *self.stays.get(premise, ())))
            if self.object_to(number, row["ref"], found):
                fine.append((number, silence.completed(row, kind=self.customers[person][1], terms=self.terms)))
                if stay:
                    self.stays.setdefault(premise, []).append(stay)
        return fine

    def _stays_on_file(self, accepted: Accepted) -> dict[str, list[rules.Stay]]:
        """Live agreements at the premises of this block, but for accounts that this file has its own word on."""
        found: dict[str, list[rules.Stay]] = {}
        for each in accounts.live_stays({row.get("premise_ref", "") for _, row in accepted} - {""}):
            if each.account_ref not in self.seen:
                stay = rules.Stay(each.account_ref, each.start_date, each.end_date)
                found.setdefault(each.premise_ref, []).append(stay)
        return found

    def _live_stay(self, row: rules.Row) -> rules.Stay | None:
        start = day_of(row.get("start_date", ""))
        if not row.get("premise_ref") or start is None:
            return None
        if rules.status_of(row, self.terms.today) is AgreementStatus.STOPPED:
            return None
        return rules.Stay(row["ref"], start, day_of(row.get("end_date", "")))

    def write(self, accepted: Accepted) -> None:
        touched = accounts.write([self._incoming(row) for _, row in accepted], now=self.now)
        self.count(len(accepted), len(touched - self.known.keys()), len(touched & self.known.keys()))

    def _incoming(self, row: rules.Row) -> accounts.Incoming:
        known = self.known.get(row["ref"])
        without = known.division if known else ""
        premise_id, division = self.places.get(row.get("premise_ref", ""), (None, without))
        return accounts.Incoming(
            ref=row["ref"],
            person_id=self.customers[row["person_ref"]][0],
            premise_id=premise_id,
            division=division,
            customer_class=row["customer_class"],
            status=row["status"],
            start_date=day_of(row.get("start_date", "")) or self.terms.today,
            end_date=day_of(row.get("end_date", "")),
            balance=rules.as_amount(row.get("balance", "")) or Decimal(0),
        )


_KINDS: dict[str, type[_Taking]] = {"persons": _Persons, "premises": _Premises, "accounts": _Accounts}


def knows_premise(ref: str) -> bool:
    return bool(premises.refs_on_file([ref]))
