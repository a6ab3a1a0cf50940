"""What would become of two persons if they were made one, what of a merge if it were undone, and which are there?"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Q

from keyturn.records.models import (
    Account,
    AccountAccess,
    Delivery,
    Event,
    NotSamePerson,
    Person,
    PersonAddress,
    PersonContact,
    PersonIdentifier,
    PersonMerge,
    PersonName,
    Request,
)
from keyturn.records.models.dated import holds_at
from keyturn.records.queries import shelter
from keyturn.records.queries.joining import file, labels
from keyturn.records.queries.joining.plan import parting
from keyturn.records.queries.joining.tables import MOVES
from keyturn.terms import merging
from keyturn.terms.merging import FIELDS, FIRST_CONTACTS, MAILING, NAME_FIELDS, Facts, Side
from keyturn.terms.words import gettext_noop as _

SHOWN = 50
"""Of each kind of row so many labels are given; the count says how many there are."""

FIELD_LABELS = {
    "given_name": _("Given name"), "middle_name": _("Middle name"), "family_name": _("Family name"),
    "suffix": _("Suffix"), "organisation_name": _("Organisation"), "date_of_birth": _("Date of birth"),
    "language": _("Language"), "formats": _("Formats"), "email": _("First e-mail address"),
    "phone": _("First phone number"), MAILING: _("Mailing address for all accounts"),
}  # fmt: skip
LOGIN = _("A login that was given accounts of both")
FILE_LABELS = {
    "person_name": _("Names"), "person_identifier": _("Identity documents"), "person_contact": _("Contacts"),
    "person_address": _("Addresses"), "person_person": _("Relations"), "account_person": _("Accounts"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Field:
    """A field of which one value can stay. Values are texts ("" where there is none); `label` is still to be translated."""

    name: str
    label: str
    survivor: str
    loser: str
    default: Side

    @property
    def differs(self) -> bool:
        return self.survivor != self.loser


@dataclass(frozen=True, slots=True)
class Rows:
    """How many rows of a kind go over, or go back, and what the first of them say."""

    table: str
    label: str
    count: int
    items: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Preview:
    """What a merge would do. `obstacles` and `warnings` are codes (terms/merging.py); `versions` what was looked at."""

    survivor: Person
    loser: Person
    fields: tuple[Field, ...]
    moves: tuple[Rows, ...]
    obstacles: tuple[str, ...]
    warnings: tuple[str, ...]
    versions: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Item:
    """Something that came since the merge and that nobody but staff can give to one of the two. `id` names it in a choice.

    Not chosen it stays with the survivor; a login (`is_held`) then has the accounts of neither, until somebody says.
    """

    id: str
    table: str
    label: str
    text: str
    is_held: bool = False


@dataclass(frozen=True, slots=True)
class Undoing:
    """What undoing a merge would do now. `ends`: access that a login was given as who it is not; `on_both`: warnings that came
    since and will stand on both files; `obstacles`: codes of why it cannot be."""

    merge: PersonMerge
    goes_back: tuple[Rows, ...] = ()
    undecided: tuple[Item, ...] = ()
    ends: tuple[str, ...] = ()
    on_both: tuple[str, ...] = ()
    obstacles: tuple[str, ...] = ()


def preview(
    survivor: Person, loser: Person, *, at: datetime, may_see: bool = False, but: UUID | None = None
) -> Preview:
    """Look, and change nothing. `may_see`: the reader has the right to protected addresses; `but`: a merge of these two
    that is proposed and is no obstacle to itself."""
    found = facts(survivor, loser, may_see=may_see, but=but, at=at)
    hidden = found.is_protected and not may_see
    return Preview(
        survivor, loser, fields(survivor, loser, at=at, hidden=hidden), _moves(loser, at=at, hidden=hidden),
        merging.obstacles(found), merging.warnings(found), versions(survivor, loser),
    )  # fmt: skip


def fields(survivor: Person, loser: Person, *, at: datetime, hidden: bool = False) -> tuple[Field, ...]:
    """Every field, with the value of each file and whose stays where nobody chooses."""
    mine, theirs = _values(survivor, at), _values(loser, at)
    if hidden:
        mine, theirs = {**mine, MAILING: ""}, {**theirs, MAILING: ""}
    return tuple(
        Field(name, FIELD_LABELS[name], mine[name], theirs[name], _default(name, mine[name], theirs[name]))
        for name in FIELDS
        if mine[name] or theirs[name]
    )


def _default(name: str, mine: str, theirs: str) -> Side:
    """The survivor's; where that is empty, the loser's. A name is one thing: its parts are not mixed unasked. The one
    address for all accounts is nobody's by default: accounts without any are mailed at the place that is served."""
    if mine or not theirs or name in (*NAME_FIELDS, MAILING):
        return Side.SURVIVOR
    return Side.LOSER


def _values(person: Person, at: datetime) -> dict[str, str]:
    name = PersonName.objects.filter(holds_at(at), person=person, name_type="primary").first() or PersonName()
    first = PersonContact.objects.filter(holds_at(at), person=person, is_primary=True)
    contacts = dict(first.values_list("channel", "value"))
    general = PersonAddress.objects.filter(
        holds_at(at), person=person, purpose="mailing", account=None, season_from=None
    ).first()
    return {
        **{each: getattr(name, each) for each in NAME_FIELDS},
        "date_of_birth": person.date_of_birth.isoformat() if person.date_of_birth else "",
        "language": person.language, "formats": ", ".join(sorted(person.formats)),
        **{each: contacts.get(each, "") for each in FIRST_CONTACTS},
        MAILING: ", ".join(general.address.lines()) if general else "",
    }  # fmt: skip


def with_defaults(survivor: Person, loser: Person, choices: Mapping[str, str], *, at: datetime) -> dict[str, str]:
    """What was chosen, and the default for all else."""
    return {**{each.name: str(each.default) for each in fields(survivor, loser, at=at)}, **choices}


def versions(*persons: Person) -> dict[str, int]:
    """By which one tells that a file has changed since it was shown: of the persons and of their accounts."""
    accounts = Account.objects.filter(people__person__in=persons, people__superseded_at=None).distinct()
    found = {f"person:{each.pk}": each.version for each in persons}
    return found | {f"account:{pk}": version for pk, version in accounts.values_list("pk", "version")}


def facts(survivor: Person, loser: Person, *, may_see: bool = False, but: UUID | None = None, at: datetime) -> Facts:
    """Read what the rules need."""
    pair = {survivor.pk, loser.pk}
    both = (survivor, loser)
    flags = {*survivor.flags, *loser.flags}
    proposed = PersonMerge.objects.filter(
        Q(survivor__in=pair) | Q(loser__in=pair), state="proposed", request__ended_at=None
    )
    said = NotSamePerson.objects.filter(one__in=pair, other__in=pair, withdrawn_at=None)
    told = Delivery.objects.filter(request__person__in=pair, request__ended_at=None).exclude(state__in=_TOLD)
    births = {each.date_of_birth for each in both} - {None}
    return Facts(
        is_same=survivor.pk == loser.pk, survivor_redirected=bool(survivor.redirect_to_id),
        loser_redirected=bool(loser.redirect_to_id), kinds_differ=survivor.kind != loser.kind,
        erased="erased" in flags, is_proposed=proposed.exclude(pk=but).exists(),
        not_the_same=len(pair) == 2 and said.exists(), is_protected=bool(shelter.protected(pair, at=at)),
        may_see=may_see, deliveries=told.count(), survivor_in_cis=bool(survivor.ref), loser_in_cis=bool(loser.ref),
        deceased="deceased" in flags, flagged=bool(flags & {"fraud_flag", "restricted"}), births_differ=len(births) == 2,
        identifiers_differ=_identifiers_differ(survivor, loser, at),
    )  # fmt: skip


_TOLD = ("done", "rejected")


def _identifiers_differ(survivor: Person, loser: Person, at: datetime) -> bool:
    held = PersonIdentifier.objects.filter(holds_at(at))
    mine = dict(held.filter(person=survivor).values_list("id_type", "digest"))
    theirs = held.filter(person=loser).values_list("id_type", "digest")
    return any(mine.get(id_type, digest) != digest for id_type, digest in theirs)


def _moves(loser: Person, *, at: datetime, hidden: bool) -> tuple[Rows, ...]:
    """What goes over: what is on file first, the CIS's own numbers last."""
    found = []
    for table in reversed(file.TABLES.values()):
        name = table._meta.db_table
        held = [] if hidden and table is PersonAddress else file.believed(table, loser.pk)
        found.append(Rows(name, FILE_LABELS[name], len(held), labels.some(held, SHOWN)))
    for name, moving in MOVES.items():
        own = moving.model.objects.filter(person=loser).order_by("pk")
        found.append(Rows(name, moving.label, own.count(), labels.some(own[:SHOWN], SHOWN)))
    refs = [("person", loser.ref)] if loser.ref else []
    accounts = Account.objects.filter(people__person=loser, people__superseded_at=None).exclude(ref=None).distinct()
    refs += [("account", ref) for ref in accounts.order_by("ref").values_list("ref", flat=True)]
    said = tuple(ref for _noun, ref in refs[:SHOWN])
    found.append(Rows("cis", _("Numbers in the billing system"), len(refs), said))
    return tuple(each for each in found if each.count)


# ---------------------------------------------------------------- merges that are there


def find(ident: str) -> Person | None:
    """The person with this id or reference in the billing system, merged or not; None where there is none."""
    try:
        return Person.objects.filter(pk=UUID(ident)).first()
    except ValueError:
        return Person.objects.filter(ref=ident).first()


def get(merge_id: Any) -> PersonMerge | None:
    """A merge with both persons and its requests; None where there is none of that id."""
    try:
        ident = UUID(str(merge_id))
    except ValueError:
        return None
    return PersonMerge.objects.select_related("survivor", "loser", "request", "undo_request").filter(pk=ident).first()


def merges_of(person: Person) -> list[PersonMerge]:
    """Every merge that this person was, or may become, part of; the newest first."""
    rows = PersonMerge.objects.filter(Q(survivor=person) | Q(loser=person))
    return list(rows.select_related("survivor", "loser", "request").order_by("-proposed_at", "-pk"))


def open_between(one_id: Any, other_id: Any) -> PersonMerge | None:
    """The merge of these two that is proposed and not decided, whichever of them is to stay."""
    pair = [one_id, other_id]
    rows = PersonMerge.objects.filter(survivor__in=pair, loser__in=pair, state="proposed", request__ended_at=None)
    return rows.first()


def later_ones(merge: PersonMerge) -> int:
    """How many merges of either person were made after this one and stand: by the order of events, not by clocks."""
    pair = [merge.survivor_id, merge.loser_id]
    rows = PersonMerge.objects.filter(Q(survivor__in=pair) | Q(loser__in=pair), state="done").exclude(pk=merge.pk)
    written = Event.objects.filter(what="established")
    mine = written.filter(request=merge.request_id).values_list("pk", flat=True).first() or 0
    return written.filter(request__in=rows.values("request"), pk__gt=mine).count()


def undoing(
    merge: PersonMerge, *, at: datetime, choices: Mapping[str, str] | None = None, may_see: bool = False
) -> Undoing:
    """Look, and change nothing: what goes back, and what was added since that nobody else can decide.

    `may_see`: the reader has the right to protected addresses; without it they are counted and not shown.
    """
    problems = in_the_way_of_undoing(merge)
    if problems:
        return Undoing(merge, obstacles=problems)
    plan = parting(merge, merge.survivor, merge.loser, choices=choices or {})
    hidden = not may_see and bool(shelter.protected([merge.survivor_id, merge.loser_id], at=at))
    back = []
    for table, part in plan.file.items():
        name = table._meta.db_table
        theirs = [wish.row for wish, _p in part.wanted if wish.says("person_id") == merge.loser_id]
        said = () if hidden and table is PersonAddress else labels.some(theirs, SHOWN)
        back.append(Rows(name, FILE_LABELS[name], len(theirs), said))
    for name, ids in plan.came.going.items():
        rows = MOVES[name].model.objects.filter(pk__in=ids).order_by("pk")[:SHOWN]
        back.append(Rows(name, MOVES[name].label, len(ids), labels.some(rows, SHOWN)))
    ending = AccountAccess.objects.filter(pk__in=plan.came.ending).order_by("pk")
    return Undoing(
        merge, tuple(each for each in back if each.count), tuple(_items(plan, merge.survivor, hidden=hidden)),
        ends=tuple(labels.label(each) for each in ending), on_both=plan.on_both,
    )  # fmt: skip


def in_the_way_of_undoing(merge: PersonMerge) -> tuple[str, ...]:
    """Codes of `NotAllowed`."""
    if merge.state != "done":
        return ("not_merged",)
    if "erased" in {*merge.survivor.flags, *merge.loser.flags} or not merge.kept:
        return ("erased",)
    if later_ones(merge):
        return ("undo_later_first",)
    told = Request.objects.filter(person=merge.survivor, journey="merged_values", ended_at=None)
    if merge.request.ended_at is None or told.exists():
        return ("cis_is_being_told",)
    return ()


def _items(plan: Any, survivor: Person, *, hidden: bool) -> Iterable[Item]:
    for name in plan.fields:
        yield Item(f"person:{name}", "person", FIELD_LABELS[name], _text(getattr(survivor, name)))
    for part in plan.file.values():
        for each in part.open:
            unseen = hidden and each.table == PersonAddress._meta.db_table
            yield Item(each.item, each.table, FILE_LABELS[each.table], "" if unseen else labels.label(each.rows[-1]))
    for item, table, row in plan.came.open:
        yield Item(item, table, MOVES[table].label, labels.label(row))
    for user_id, user in plan.came.unclear.items():
        yield Item(f"login:{user_id}", "login", LOGIN, str(user.email or user_id), is_held=True)


def _text(value: Any) -> str:
    return ", ".join(value) if isinstance(value, list) else str(value or "")
