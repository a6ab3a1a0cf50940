"""A registry in which somebody has been entered twice now and then, with known errors, among families and namesakes."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from functools import cache
from importlib import resources
from itertools import accumulate
from random import Random
from uuid import UUID

from keyturn.matching.features import Features
from keyturn.records import person_index
from keyturn.records.ids import new_id
from keyturn.records.models import MatchKey, Person, PersonFeatures
from keyturn.terms.address import Address
from keyturn.terms.person import Identifier, PersonDetails

LONG_AGO = datetime(2020, 1, 6, 9, tzinfo=UTC)
STREETS = [
    f"{name} {kind}"
    for name in ("Alder", "Cedar", "Birch", "Maple", "Hazel", "Juniper")
    for kind in ("St", "Ave", "Ln")
]


@cache
def _names(which: str) -> tuple[list[str], list[int]]:
    lines = resources.files("keyturn.matching").joinpath(f"data/{which}.tsv").read_text(encoding="utf-8").splitlines()
    rows = [line.split("\t") for line in lines if line and not line.startswith("#")]
    return [row[0].title() for row in rows], list(accumulate(int(row[1]) for row in rows))


def a_name(random: Random, which: str) -> str:
    names, cumulated = _names(which)
    return random.choices(names, cum_weights=cumulated)[0]


def a_place(random: Random) -> Address:
    return Address(
        f"{random.randrange(1, 400)} {random.choice(STREETS)}", "", "Millbrook", "OR", f"9790{random.randrange(1, 5)}"
    )


def a_phone(random: Random) -> str:
    return f"+1503{random.randrange(2_000_000, 10_000_000)}"


def somebody(random: Random, **known: object) -> PersonDetails:
    given, family = a_name(random, "given_names"), a_name(random, "surnames")
    details = PersonDetails(
        given_name=given,
        middle_name=a_name(random, "given_names") if random.random() < 0.5 else "",
        family_name=family,
        date_of_birth=date(1940, 1, 1) + timedelta(days=random.randrange(24_000)),
        emails=(f"{given}.{family}{random.randrange(10_000)}@mail.example".lower(),) if random.random() < 0.7 else (),
        phones=(a_phone(random),) if random.random() < 0.8 else (),
        identifiers=(Identifier("ssn_last4", f"{random.randrange(10_000):04}"),) if random.random() < 0.5 else (),
        addresses=(a_place(random),),
    )
    return replace(details, **known)  # type: ignore[arg-type]


def family_of(random: Random, known: PersonDetails) -> list[PersonDetails]:
    """A spouse and perhaps a child, a twin or somebody of the same name; they share the door, and often the telephone."""
    shared = {"family_name": known.family_name, "addresses": known.addresses, "phones": known.phones}
    found = [somebody(random, **shared)]
    chance = random.random()
    if chance < 0.05:
        found.append(somebody(random, **shared, date_of_birth=known.date_of_birth))
    elif chance < 0.15:
        found.append(somebody(random, **shared, given_name=known.given_name, middle_name=""))
    return found


def slip(random: Random, word: str) -> str:
    """Two neighbouring letters exchanged."""
    place = random.randrange(1, max(len(word) - 1, 2))
    return word[:place] + word[place : place + 2][::-1] + word[place + 2 :]


@dataclass(frozen=True)
class Errors:
    """How often a second record of one person differs."""

    given_slip: float = 0.12
    given_initial: float = 0.05
    surname_slip: float = 0.08
    married: float = 0.05
    birth_digit: float = 0.06
    phone: float = 0.35
    email: float = 0.45
    moved: float = 0.4
    last4: float = 0.02


def again(random: Random, known: PersonDetails, errors: Errors = Errors()) -> PersonDetails:
    """The same person, as entered another time."""
    other, given, family, born = somebody(random), known.given_name, known.family_name, known.date_of_birth
    chance = random.random()
    if chance < errors.given_slip:
        given = slip(random, given)
    elif chance < errors.given_slip + errors.given_initial:
        given = given[0]
    chance = random.random()
    if chance < errors.surname_slip:
        family = slip(random, family)
    elif chance < errors.surname_slip + errors.married:
        family = other.family_name
    if born and random.random() < errors.birth_digit:
        born = born.replace(year=born.year + (1 if born.year % 10 < 9 else -1), day=min(born.day, 28))
    return replace(
        known, given_name=given, family_name=family, date_of_birth=born,
        emails=other.emails if random.random() < errors.email else known.emails,
        phones=other.phones if random.random() < errors.phone else known.phones,
        addresses=other.addresses if random.random() < errors.moved else known.addresses,
        identifiers=other.identifiers if random.random() < errors.last4 else known.identifiers,
    )  # fmt: skip


def a_town(
    random: Random, *, households: int, twice: float, errors: Errors = Errors()
) -> tuple[list[PersonDetails], list[tuple[int, int]]]:
    """Persons as they are on file, and which two of them are one."""
    people: list[PersonDetails] = []
    pairs = []
    for _ in range(households):
        first = somebody(random)
        family = [first, *(family_of(random, first) if random.random() < 0.6 else [])]
        for each in family:
            people.append(each)
            if random.random() < twice:
                people.append(again(random, each, errors))
                pairs.append((len(people) - 2, len(people) - 1))
    return people, pairs


def on_file(people: Sequence[PersonDetails], *, keys: bool = False) -> list[tuple[UUID, Features]]:
    """Put them on file as far as the matcher looks."""
    found = [(new_id(), person_index.features(each)) for each in people]
    Person.objects.bulk_create(
        (
            Person(
                id=ident,
                ref=None,
                kind="person",
                date_of_birth=each.date_of_birth,
                created_at=LONG_AGO,
                updated_at=LONG_AGO,
            )
            for (ident, _), each in zip(found, people, strict=True)
        ),
        batch_size=2000,
    )
    rows = [row for ident, form in found for row in person_index.entries(ident, form)]
    PersonFeatures.objects.bulk_create([row for row in rows if isinstance(row, PersonFeatures)], batch_size=2000)
    if keys:
        MatchKey.objects.bulk_create([row for row in rows if isinstance(row, MatchKey)], batch_size=5000)
    return found
