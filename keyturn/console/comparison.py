"""How do two who may be one person compare, field by field, with what speaks for and against?"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from keyturn.console.differing import Piece, Value, beside, lists_beside
from keyturn.console.vocabulary import AGREEMENT, AGREEMENTS, FIELDS, FLAGS, IDENTIFIERS, SERVICES, ZONES, say
from keyturn.console.weighing import Weighed, Weight, told, weigh
from keyturn.records.queries.dossier import OnFile, Owned
from keyturn.terms.address import Address
from keyturn.terms.person import Kind, PersonDetails

AGREES = frozenset({"exact", "equal", "same_mailbox", "last4"})
SIMILAR = frozenset({
    "nickname", "initial", "similar", "slip", "garbled", "swapped", "crossed", "phonetic", "part", "middle", "one_sided", "transposed",
    "day_month", "one_digit", "day_off", "building", "near_number",
})  # fmt: skip
DIFFERS = frozenset({
    "different", "different_last4", "other_initial", "conflict", "first_of_january", "year", "year_month", "month_day", "number", "neighbour", "street",
    "locality",
})  # fmt: skip
"""The matcher's levels as three words that a glance takes in."""


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two: what they are called, and which identifiers, masked to the last characters."""

    details: PersonDetails
    identifiers: tuple[tuple[str, str, str], ...] = ()  # (id, type, last four); without an id they cannot be opened
    silent: str = ""  # what it means that a value is not there
    protected: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """One field of the two. `agreement` is agrees, similar, differs or missing; `weighed` is None where it does not count."""

    field: str
    label: str
    ours: tuple[Value, ...]
    theirs: tuple[Value, ...]
    agreement: str
    word: str
    sentence: str
    weighed: Weight | None
    told: str
    identifiers: tuple[tuple[str, str], ...] = ()  # (id, label) of what can be opened on their side


@dataclass(frozen=True, slots=True)
class Comparison:
    """The whole picture of one candidate."""

    person: OnFile
    name: str
    lines: tuple[Line, ...]
    unknown: tuple[str, ...]
    flags: tuple[str, ...]
    proposal: str
    weighed: Weighed
    accounts: tuple[dict[str, Any], ...]


def compare(details: PersonDetails, person: OnFile, *, zone: str) -> Comparison:
    """Hold the applicant's words against a person on file. `zone` is the matcher's own word for the request."""
    ours = Side(
        details, tuple(("", each.id_type, each.value) for each in details.identifiers), _("The applicant did not say.")
    )
    weighed = weigh(person.candidate)
    lines, unknown = side_by_side(ours, on_file(person), weighed, person.candidate)
    return Comparison(
        person=person,
        name=person.details.display_name,
        lines=lines,
        unknown=unknown,
        flags=tuple(say(FLAGS, each) for each in person.flags),
        proposal=say(ZONES, zone) if zone else "",
        weighed=weighed,
        accounts=accounts_of(person),
    )


def on_file(person: OnFile, *, opened: bool = True) -> Side:
    """A person on file as one of the two; `opened`: their identifiers can be opened here."""
    rows = tuple((str(each.pk) if opened else "", each.id_type, each.last_four) for each in person.identifiers)
    return Side(person.details, rows, _("Not on file."), person.protected)


def side_by_side(ours: Side, theirs: Side, weighed: Weighed, judged: Any) -> tuple[tuple[Line, ...], tuple[str, ...]]:
    """The lines of what at least one of the two gave, and the names of the fields that could not be compared."""
    fields = _values(ours, theirs)
    lines = tuple(
        _line(field, left, right, weighed.weights.get(field), ours, theirs)
        for field, (left, right) in fields.items()
        if left or right or (field == "address" and (ours.protected or theirs.protected))
    )
    missing = [each for each in (judged.missing if judged else ()) if each not in weighed.weights]
    found = missing or [each.field for each in lines if each.agreement == "missing"]
    return lines, tuple(say(FIELDS, each) for each in found)


def accounts_of(person: OnFile) -> tuple[dict[str, Any], ...]:
    return tuple(_account(each) for each in person.accounts)


def _account(account: Owned) -> dict[str, Any]:
    """An account in words; services that share place, dates and state stand in one line."""
    lines: dict[tuple[Any, ...], list[str]] = {}
    for each in account.served:
        key = (say(AGREEMENTS, each.status), each.address, each.start, each.end)
        lines.setdefault(key, []).append(say(SERVICES, each.service))
    served = [
        {"service": ", ".join(services), "status": status, "address": address, "start": start, "end": end}
        for (status, address, start, end), services in lines.items()
    ]
    return {"ref": account.ref, "balance": account.balance, "live": account.live, "served": served}


def _values(ours: Side, theirs: Side) -> dict[str, tuple[Sequence[str], Sequence[str]]]:
    """Each field's values on both sides. An organisation's parts of names are one."""
    pair = (ours, theirs)
    if any(each.details.kind == Kind.ORGANISATION for each in pair):
        names = {"organisation": [_one(each.details.display_name) for each in pair]}
    else:
        parts = {"given": "given_name", "middle": "middle_name", "family": "family_name", "suffix": "suffix"}
        names = {name: [_one(getattr(each.details, part)) for each in pair] for name, part in parts.items()}
        names["birth_date"] = [_one(_day(each.details.date_of_birth)) for each in pair]
    rest = {
        "identifier": [[f"{say(IDENTIFIERS, kind)} {masked(value)}" for _id, kind, value in each.identifiers] for each in pair],
        "email": [list(each.details.emails) for each in pair],
        "phone": [list(each.details.phones) for each in pair],
        "address": [[] if each.protected else [_inline(place) for place in each.details.addresses] for each in pair],
    }  # fmt: skip
    return {field: (left, right) for field, (left, right) in {**names, **rest}.items()}


def _line(
    field: str, left: Sequence[str], right: Sequence[str], weighed: Weight | None, ours: Side, theirs: Side
) -> Line:
    agreement = _agreement(weighed.level if weighed else "", left, right)
    mine, other = _pieces(field, left, right)
    return Line(
        field=field,
        label=say(FIELDS, field),
        ours=tuple(mine),
        theirs=tuple(other),
        agreement=agreement,
        word=say(AGREEMENT, agreement),
        sentence=(weighed.sentence if weighed else "") or _silence(field, left, right, ours, theirs),
        weighed=weighed,
        told=told(weighed.weight if weighed else None),
        identifiers=tuple((ident, say(IDENTIFIERS, kind)) for ident, kind, _last in theirs.identifiers if ident)
        if field == "identifier"
        else (),
    )


def _pieces(field: str, ours: Sequence[str], theirs: Sequence[str]) -> tuple[list[Value], list[Value]]:
    """Masked identifiers are shown whole: their dots are no difference."""
    if field == "identifier":
        return [(Piece(each),) for each in ours], [(Piece(each),) for each in theirs]
    if len(ours) == len(theirs) == 1:
        left, right = beside(ours[0], theirs[0])
        return [left], [right]
    return lists_beside(ours, theirs)


def _agreement(level: str, ours: Sequence[str], theirs: Sequence[str]) -> str:
    if not ours or not theirs:
        return "missing"
    if not level:
        return "agrees" if [each.casefold() for each in ours] == [each.casefold() for each in theirs] else "differs"
    return "agrees" if level in AGREES else "similar" if level in SIMILAR else "differs"


def _silence(field: str, left: Sequence[str], right: Sequence[str], ours: Side, theirs: Side) -> str:
    if field == "address" and (ours.protected or theirs.protected):
        return _("Protected: not shown")
    return "" if left and right else theirs.silent if left else ours.silent


def masked(value: str) -> str:
    """An identifier as staff see it: its last four characters."""
    return f"••••{value[-4:]}" if value else ""


def _one(text: str) -> list[str]:
    return [text] if text else []


def _day(day: date | None) -> str:
    return date_format(day, "Y-m-d") if day else ""


def _inline(address: Address) -> str:
    return ", ".join(address.lines())
