"""How do the applicant and a person on file compare, field by field, with what speaks for and against?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.utils.formats import date_format, number_format
from django.utils.translation import gettext as _

from keyturn.console.differing import Piece, Value, beside, lists_beside
from keyturn.console.vocabulary import AGREEMENT, AGREEMENTS, FIELDS, FLAGS, IDENTIFIERS, SERVICES, ZONES, say
from keyturn.matching.explain import words_for, words_for_code
from keyturn.matching.score import FieldScore, Scored
from keyturn.records.queries.dossier import OnFile, Owned
from keyturn.terms.address import Address
from keyturn.terms.person import Kind, PersonDetails

AGREES = frozenset({"exact", "equal", "same_mailbox", "last4"})
SIMILAR = frozenset({
    "nickname", "initial", "similar", "slip", "swapped", "crossed", "phonetic", "part", "middle", "one_sided", "transposed",
    "day_month", "one_digit", "building",
})  # fmt: skip
DIFFERS = frozenset({
    "different", "different_last4", "conflict", "year", "year_month", "month_day", "neighbour", "street", "locality",
})  # fmt: skip
"""The matcher's levels as three words that a glance takes in."""

STRENGTHS = (0.5, 3.0, 8.0)
"""Bits from which a field speaks for or against, a little, plainly and strongly: nobody at a desk thinks in bits."""

HEAVIEST = 12.0
"""Bits at which the bar is full; more than this on one field changes nothing for a human."""


@dataclass(frozen=True, slots=True)
class Line:
    """One field of the two. `agreement` is agrees, similar, differs or missing; `weight` in bits, `bar` 0-100."""

    field: str
    label: str
    ours: tuple[Value, ...]
    theirs: tuple[Value, ...]
    agreement: str
    word: str
    sentence: str
    weight: float | None
    bar: int
    side: str
    told: str
    identifiers: tuple[tuple[str, str], ...] = ()  # (id, label) of what can be opened on their side


@dataclass(frozen=True, slots=True)
class Comparison:
    """The whole picture of one candidate."""

    person: OnFile
    name: str
    lines: tuple[Line, ...]
    vetoes: tuple[str, ...]
    flags: tuple[str, ...]
    household: str
    household_told: str
    probability: str
    proposal: str
    against: tuple[str, ...]
    model: str
    accounts: tuple[dict[str, Any], ...]


def compare(details: PersonDetails, person: OnFile, *, zone: str) -> Comparison:
    """Hold the applicant's words against a person on file. `zone` is the matcher's own word for the request."""
    scored = _scored(person.candidate)
    spoken = _spoken(scored)
    levels = {each.field: each for each in scored.fields}
    fields = _values(details, person)
    why = tuple(code for code in (person.candidate.why if person.candidate else ()) if code not in scored.vetoes)
    return Comparison(
        person=person,
        name=person.details.display_name,
        lines=tuple(
            _line(field, ours, theirs, levels.get(field), spoken, person)
            for field, (ours, theirs) in fields.items()
            if ours or theirs
        ),
        vetoes=tuple(_sentence(code) for code in scored.vetoes),
        flags=tuple(say(FLAGS, each) for each in person.flags),
        household=spoken.get("household", ""),
        household_told=_told(levels["household"].weight) if "household" in levels else "",
        probability=_percent(scored.probability) if person.candidate else "",
        proposal=say(ZONES, zone) if zone else "",
        against=tuple(_sentence(code) for code in why),
        model=scored.model_version,
        accounts=tuple(_account(each) for each in person.accounts),
    )


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


def _scored(candidate: Any) -> Scored:
    """What the matcher kept of this candidate, in its own shape."""
    if candidate is None:
        return Scored(0.0, 0.0, (), frozenset(), ())
    rows = tuple(FieldScore(row["field"], row["level"], row["weight"]) for row in candidate.fields)
    return Scored(
        candidate.weight, candidate.probability, rows, frozenset(), tuple(candidate.vetoes), candidate.model_version
    )


def _spoken(scored: Scored) -> Mapping[str, str]:
    """Field to sentence. A level that a newer matcher no longer has a sentence for is passed over."""
    found: dict[str, str] = {}
    for each in scored.fields:
        try:
            words = words_for(Scored(0.0, 0.0, (each,), frozenset(), ()))[0]
        except KeyError:
            continue
        found[each.field] = _(words.message) % words.params if words.params else _(words.message)
    return found


def _sentence(code: str) -> str:
    try:
        return _(words_for_code(code).message)
    except KeyError:
        return code.replace("_", " ")


def _values(details: PersonDetails, person: OnFile) -> dict[str, tuple[Sequence[str], Sequence[str]]]:
    """Each field's values: the applicant's, and those on file."""
    theirs = person.details
    if Kind.ORGANISATION in (details.kind, theirs.kind):
        names = {"organisation": (_one(details.display_name), _one(theirs.display_name))}
    else:
        names = {
            "given": (_one(details.given_name), _one(theirs.given_name)),
            "middle": (_one(details.middle_name), _one(theirs.middle_name)),
            "family": (_one(details.family_name), _one(theirs.family_name)),
            "suffix": (_one(details.suffix), _one(theirs.suffix)),
            "birth_date": (_one(_day(details.date_of_birth)), _one(_day(theirs.date_of_birth))),
        }
    return {
        **names,
        "identifier": (
            [f"{say(IDENTIFIERS, each.id_type)} {masked(each.value)}" for each in details.identifiers],
            [f"{say(IDENTIFIERS, each.id_type)} {masked(each.last_four)}" for each in person.identifiers],
        ),
        "email": (details.emails, theirs.emails),
        "phone": (details.phones, theirs.phones),
        "address": ([_inline(each) for each in details.addresses], [_inline(each) for each in theirs.addresses]),
    }


def _line(
    field: str,
    ours: Sequence[str],
    theirs: Sequence[str],
    level: FieldScore | None,
    spoken: Mapping[str, str],
    person: OnFile,
) -> Line:
    agreement = _agreement(level.level if level else "", ours, theirs)
    weight = level.weight if level else None
    left, right = _pieces(field, ours, theirs)
    return Line(
        field=field,
        label=say(FIELDS, field),
        ours=tuple(left),
        theirs=tuple(right),
        agreement=agreement,
        word=say(AGREEMENT, agreement),
        sentence=spoken.get(field, "") or _silence(ours, theirs),
        weight=weight,
        bar=round(min(abs(weight or 0.0), HEAVIEST) / HEAVIEST * 100),
        side="for" if (weight or 0.0) > 0.5 else "against" if (weight or 0.0) < -0.5 else "neutral",
        told=_told(weight),
        identifiers=tuple((str(each.pk), say(IDENTIFIERS, each.id_type)) for each in person.identifiers)
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


def _silence(ours: Sequence[str], theirs: Sequence[str]) -> str:
    if not ours:
        return _("The applicant did not say.")
    return "" if theirs else _("Not on file.")


def _told(weight: float | None) -> str:
    """The weight in words, for those who do not see the bar."""
    if weight is None:
        return _("Does not count")
    strength = sum(abs(weight) > least for least in STRENGTHS)
    if not strength:
        return _("Says nothing either way")
    speaks_for = (_("Speaks a little for it"), _("Speaks for it"), _("Speaks strongly for it"))
    against = (_("Speaks a little against it"), _("Speaks against it"), _("Speaks strongly against it"))
    return (speaks_for if weight > 0 else against)[strength - 1]


def _percent(probability: float) -> str:
    """Never "100 %": nothing is certain."""
    if probability >= 0.9999:
        return _("more than %(percent)s %%") % {"percent": number_format(99.99, 2)}
    if probability < 0.0001:
        return _("less than %(percent)s %%") % {"percent": number_format(0.01, 2)}
    return f"{number_format(probability * 100, 2)} %"


def masked(value: str) -> str:
    """An identifier as staff see it: its last four characters."""
    return f"••••{value[-4:]}" if value else ""


def _one(text: str) -> list[str]:
    return [text] if text else []


def _day(day: date | None) -> str:
    return date_format(day, "Y-m-d") if day else ""


def _inline(address: Address) -> str:
    return ", ".join(address.lines())
