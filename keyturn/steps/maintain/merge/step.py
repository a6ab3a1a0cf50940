"""How do two persons on file become one, and two again? In one transaction, under the locks of all who could differ."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from keyturn.records import acts
from keyturn.records.bulk import persons as bulk
from keyturn.records.merge import locks, rows, writing
from keyturn.records.models import (
    Account,
    AccountAccess,
    AccountPerson,
    Delivery,
    Message,
    Person,
    PersonMerge,
    Request,
)
from keyturn.records.queries import merging as queries
from keyturn.records.queries.joining import file
from keyturn.records.queries.joining.plan import parting
from keyturn.steps.maintain.merge import rules, values
from keyturn.terms.cis import Answer, MergePersons, UnmergePersons, UpdateCustomer
from keyturn.terms.errors import NotAllowed
from keyturn.terms.merging import OWN_FIELDS, Side
from keyturn.terms.policy import Policy
from keyturn.terms.request import Actor, Role, Verdict
from keyturn.work import queue

UNMERGE, VALUES = "unmerge_persons", "merged_values"


def run(request: Request, *, now: datetime, policy: Policy) -> Verdict:
    """Whether a second member of staff has agreed. That a merge is undone, one may decide: it gives back what was."""
    if request.journey in (UNMERGE, VALUES):
        return Verdict()
    merge = PersonMerge.objects.get(request=request)
    return Verdict(tuple(rules.second_agrees(agreed=bool(merge.decided_by))), {"merge": str(merge.pk)})


def carry_out(request: Request, *, now: datetime, policy: Policy) -> Verdict:
    """Make one of two, or two of one; of what a merge changed, only the CIS is told."""
    if request.journey == VALUES:
        request.established_at = now
        return Verdict(data={"merge": request.answers["merge"], "done": "values"})
    if request.journey == UNMERGE:
        merge = PersonMerge.objects.select_for_update().get(undo_request=request)
        _undo(merge, request.answers.get("choices") or {}, by=request.begun_by, now=now, but=(request.pk,))
        done = "unmerged"
    else:
        merge = PersonMerge.objects.select_for_update().get(request=request)
        _join(merge, request, now=now)
        done = "merged"
    request.established_at = now
    data = {"merge": str(merge.pk), "survivor": str(merge.survivor_id), "loser": str(merge.loser_id)}
    return Verdict(data={**data, "done": done, "rows": sum(len(each) for each in merge.moved.values())})


def take_back(request: Request, *, actor: Actor, now: datetime) -> None:
    """A merge that the CIS would not make is no merge (I6). An undoing stands: what was wrongly one is two, for us."""
    merge = PersonMerge.objects.select_for_update().filter(request=request, state="done").first()
    if merge is not None and merge.kept:  # after an erasure there is nothing to go back to
        _undo(merge, {}, by=actor.origin, now=now, but=(request.pk,))


def tell(request: Request, news: Any, *, now: datetime, values: Mapping[str, Any] | None = None) -> list[Message]:
    """Customers hear nothing of how their files are kept: their logins, accounts and bills stay as they are."""
    return []


# ---------------------------------------------------------------- two become one


def _join(merge: PersonMerge, request: Request, *, now: datetime) -> None:
    survivor, loser = _both(merge)
    may_see = bool(request.answers.get("may_see"))
    for found in rules.may_be_one(queries.facts(survivor, loser, may_see=may_see, but=merge.pk, at=now)):
        raise NotAllowed(found.params["why"])
    choices = queries.with_defaults(survivor, loser, request.answers.get("choices") or {}, at=now)
    source = f"merge:{merge.pk}"
    before = {table: _before(table, survivor, loser) for table in _FILE}
    pair = file.pair_of(survivor, loser, choices, before)
    shown = queries.fields(survivor, loser, at=now)
    chosen = [each.name for each in shown if each.differs and choices[each.name] == Side.LOSER]
    persons = _own_fields(survivor, loser, choices, now)
    kept_file = {}
    for table in _FILE:
        mine, theirs = before[table][Side.SURVIVOR], before[table][Side.LOSER]
        wanted = file.joined(table, mine, theirs, choices, now, pair)
        there = {row.pk: row for row in (*mine, *theirs)}
        found = writing.write(there.values(), [(each, survivor.pk) for each in wanted], source=source, now=now)
        kept_file[table._meta.db_table] = {
            "survivor": [str(row.pk) for row in mine], "loser": [str(row.pk) for row in theirs],
            "after": {str(pk): str(wish.origin) for pk, wish in found.items()},
        }  # fmt: skip
    merge.moved, kept = rows.move(survivor, loser, by=merge.decided_by, now=now, request=request)
    loser.redirect_to = survivor
    loser.save(update_fields=["redirect_to"])
    bulk.reindex([survivor.pk, loser.pk], now=now)
    accounts = {str(pk): Side.SURVIVOR for pk in pair.survivor_accounts}
    accounts |= {str(pk): Side.LOSER for pk in pair.loser_accounts - pair.survivor_accounts}
    merge.kept = {
        **kept,
        "at": now.isoformat(),
        "persons": persons,
        "file": kept_file,
        "accounts": accounts,
        "chosen": chosen,
    }
    merge.state = "done"
    merge.save()
    _note(merge, "merged", by=merge.decided_by, now=now)


_FILE = tuple(file.TABLES.values())


def _before(table: Any, survivor: Person, loser: Person) -> dict[str, list[Any]]:
    """Each side's rows; a relation between the two is the survivor's."""
    mine = file.believed(table, survivor.pk)
    known = {row.pk for row in mine}
    theirs = [row for row in file.believed(table, loser.pk) if row.pk not in known]
    return {Side.SURVIVOR: mine, Side.LOSER: theirs}


def _both(merge: PersonMerge) -> tuple[Person, Person]:
    locks.hold_both(merge.survivor_id, merge.loser_id)
    return Person.objects.get(pk=merge.survivor_id), Person.objects.get(pk=merge.loser_id)


def _sides(survivor: Person, loser: Person) -> tuple[tuple[Side, Person], ...]:
    return (Side.SURVIVOR, survivor), (Side.LOSER, loser)


def _own_fields(survivor: Person, loser: Person, choices: Mapping[str, str], now: datetime) -> dict[str, Any]:
    """Date of birth, language, formats as chosen; warnings of either hold for the one person."""
    before = {str(side): _as_kept(who) for side, who in _sides(survivor, loser)}
    for name in OWN_FIELDS:
        if choices.get(name) == Side.LOSER:
            setattr(survivor, name, getattr(loser, name))
    survivor.flags = sorted({*survivor.flags, *loser.flags})
    for who in (survivor, loser):
        who.version, who.updated_at = who.version + 1, now
        who.save(update_fields=[*OWN_FIELDS, "flags", "version", "updated_at"])
    return {**before, "after": _as_kept(survivor)}


def _as_kept(who: Person) -> dict[str, Any]:
    born = who.date_of_birth.isoformat() if who.date_of_birth else None
    return {"date_of_birth": born, "language": who.language, "formats": who.formats, "flags": who.flags}


def _note(merge: PersonMerge, what: str, *, by: str, now: datetime) -> None:
    """In both persons' chains: who reads either of them later finds it (I6)."""
    actor = Actor(Role.STAFF, by.partition(":")[2])
    data = {"merge": str(merge.pk), "survivor": str(merge.survivor_id), "loser": str(merge.loser_id)}
    for ident in sorted((merge.survivor_id, merge.loser_id)):
        acts.note(subject=f"person:{ident}", what=what, actor=actor, now=now, data=data)


def gather_late(merge: PersonMerge) -> int:
    """Rows that were written for the loser while the merge was: they follow, and are noted as the others are."""
    kept = merge.kept
    late = rows.gather(merge.survivor, merge.loser, moved=merge.moved, kept=kept)
    merge.moved = {name: [*merge.moved.get(name, []), *ids] for name, ids in late.items()}
    merge.save(update_fields=["moved"])
    return sum(len(each) for each in late.values())


# ---------------------------------------------------------------- and two again


def _undo(merge: PersonMerge, choices: Mapping[str, str], *, by: str, now: datetime, but: tuple[UUID, ...]) -> None:
    survivor, loser = _both(merge)
    if not rules.is_the_last(later=queries.later_ones(merge)):
        raise NotAllowed("undo_later_first")
    plan = parting(merge, survivor, loser, choices=choices, but=but)
    source = f"unmerge:{merge.pk}"
    loser.redirect_to = None
    loser.save(update_fields=["redirect_to"])
    for table, part in plan.file.items():
        current = {row.pk: row for who in (survivor, loser) for row in file.believed(table, who.pk)}
        writing.write(current.values(), part.wanted, source=source, now=now)
    rows.put_back(plan.came, kept=merge.kept, now=now)
    _own_fields_back(survivor, loser, merge.kept["persons"], plan.fields, now)
    bulk.reindex([survivor.pk, loser.pk], now=now)
    merge.state, merge.undone_by, merge.undone_at = "undone", by[:80], now
    held = {str(user_id): ids for user_id, ids in plan.came.held.items()}
    merge.kept = {**merge.kept, "left": {"ended": plan.came.ending, "held": held, "on_both": list(plan.on_both)}}
    merge.save(update_fields=["state", "undone_by", "undone_at", "sealed_kept"])
    _note(merge, "unmerged", by=by, now=now)


def give_login(merge: PersonMerge, user_id: str, side: Side, *, actor: Actor, now: datetime) -> None:
    """A login that lost its accounts because nobody could tell whose it is gets those of one side again."""
    left = merge.kept["left"]
    held = {each: ids for each, ids in left["held"].items() if each != user_id}
    for row in AccountAccess.objects.filter(pk__in=left["held"][user_id].get(side, ())).order_by("pk"):
        if AccountAccess.objects.filter(user=row.user_id, account=row.account_id, group=row.group_id, ended_at=None):
            continue  # they have proved it again meanwhile
        again = AccountAccess(
            user_id=row.user_id, account_id=row.account_id, group_id=row.group_id, person_id=row.person_id,
            level=row.level, capacity=row.capacity, proof="staff", nickname=row.nickname, owned_by=row.owned_by,
            since=now, until=row.until, granted_by=actor.origin, request_id=row.request_id,
        )  # fmt: skip
        again.save(force_insert=True)
        subject = f"account:{row.account_id}" if row.account_id else f"group:{row.group_id}"
        data = {"access": str(again.pk), "login": user_id, "merge": str(merge.pk)}
        acts.note(subject=subject, what="access_given_back", actor=actor, now=now, data=data)
    given = left["held"][user_id].get(side, ())
    ended = [each for each in left["ended"] if each not in given]
    merge.kept = {**merge.kept, "left": {**left, "ended": ended, "held": held}}
    merge.save(update_fields=["sealed_kept"])


def _own_fields_back(
    survivor: Person, loser: Person, kept: Mapping[str, Any], fields: Mapping[str, Side], now: datetime
) -> None:
    """`fields` says of what was edited since whose it is; what nobody edited is again what it was. A warning that came
    since (an address that is secret, above all) holds for both: nobody can tell whom of them it was about."""
    mine, theirs, after = kept["survivor"], kept["loser"], kept["after"]
    there = _as_kept(survivor)
    for name in OWN_FIELDS:
        edited = there[name] != after[name]
        setattr(loser, name, there[name] if edited and fields.get(name) == Side.LOSER else theirs[name])
        setattr(survivor, name, there[name] if edited and fields.get(name) != Side.LOSER else mine[name])
    came, gone = set(there["flags"]) - set(after["flags"]), set(after["flags"]) - set(there["flags"])
    survivor.flags = sorted((set(mine["flags"]) - gone) | came)
    loser.flags = sorted((set(theirs["flags"]) - gone) | came)
    for who in (survivor, loser):
        who.version, who.updated_at = who.version + 1, now
        who.save(update_fields=[*OWN_FIELDS, "flags", "version", "updated_at"])


# ---------------------------------------------------------------- what the CIS is told


def command_for(request: Request, policy: Policy) -> MergePersons | UnmergePersons | UpdateCustomer:
    """The two by the CIS's own references. One that it does not know has nothing there to be moved: `is_told`."""
    merge = _merge_of(request)
    origin = {"channel": request.channel}
    if request.journey == VALUES:
        assert request.established_at
        told = values.changes(merge, request.answers["fields"], at=request.established_at)
        return UpdateCustomer(request.reference, merge.survivor.ref or "", tuple(told), origin)
    if request.journey != UNMERGE:
        return MergePersons(request.reference, merge.survivor.ref or "", merge.loser.ref or "", origin)
    theirs = AccountPerson.objects.filter(person=merge.loser, valid_to=None).values_list("account_id", flat=True)
    refs = Account.objects.filter(pk__in=theirs).exclude(ref=None).order_by("pk").values_list("ref", flat=True)
    return UnmergePersons(
        request.reference, merge.request.reference, merge.survivor.ref or "", merge.loser.ref or "", tuple(refs), origin
    )


def is_told(request: Request) -> bool:
    """Not of somebody whom the CIS does not know: nothing there is theirs."""
    merge = _merge_of(request)
    return bool(merge.survivor.ref if request.journey == VALUES else merge.loser.ref)


def undoing(request: Request, done: Answer) -> UnmergePersons | UpdateCustomer:
    """Of a merge that came to nothing, but not before the CIS had made it. Values that it has after all are what is on file."""
    merge = _merge_of(request)
    if request.journey == VALUES:
        at = request.ended_at or request.updated_at
        told = tuple(values.changes(merge, request.answers["fields"], at=at))
        return UpdateCustomer(request.reference, merge.survivor.ref or "", told)
    return UnmergePersons(request.reference, request.reference, merge.survivor.ref or "", merge.loser.ref or "")


def _merge_of(request: Request) -> PersonMerge:
    merges = PersonMerge.objects.select_related("survivor", "loser", "request")
    if request.journey == VALUES:
        return merges.get(pk=request.answers["merge"])
    return merges.get(undo_request=request) if request.journey == UNMERGE else merges.get(request=request)


def keep_answer(request: Request, delivery: Delivery, answer: Answer, *, now: datetime) -> None:
    """The CIS has it. What was chosen from the other file follows by a request of its own."""
    if request.journey != VALUES:
        queue.later("tell_merged_values", merge_id=str(_merge_of(request).pk))
    delivery.state, delivery.answer, delivery.answered_at = "done", {"person_ref": answer.person_ref}, now
    delivery.leased_until = delivery.next_try_at = None
    delivery.problem = ""
    delivery.save()
