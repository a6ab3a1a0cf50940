"""Who is on file at a utility, who merely resembles them, and how do customers come back?

Made anew from real marginals (the census's names by frequency, names and streets of a simulated census without noise),
and not from the tests' generator, so that nothing was tuned on these people.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cache
from importlib import resources
from itertools import accumulate
from random import Random

from bench.matching import sources
from bench.matching.sources import text
from keyturn.matching.names import are_nicknames
from keyturn.terms.address import Address
from keyturn.terms.person import Identifier, PersonDetails

TOWNS = [
    ("Hillsboro", ["97123", "97124"]), ("Beaverton", ["97005", "97006", "97007"]), ("Tigard", ["97223", "97224"]),
    ("Forest Grove", ["97116"]), ("Cornelius", ["97113"]), ("Sherwood", ["97140"]), ("St. Helens", ["97051"]),
    ("Lake Oswego", ["97034", "97035"]), ("Tualatin", ["97062"]), ("Newberg", ["97132"]), ("North Plains", ["97133"]),
]  # fmt: skip
MAIL = ["gmail.com"] * 9 + ["yahoo.com"] * 3 + ["outlook.com", "outlook.com", "icloud.com", "icloud.com", "comcast.net"]


@dataclass(frozen=True)
class Names:
    """Values with how often they occur, added up, for `Random.choices`."""

    values: list[str]
    cumulated: list[int]

    def draw(self, random: Random) -> str:
        return random.choices(self.values, cum_weights=self.cumulated)[0]


@cache
def table(name: str) -> Names:
    """The census's names by frequency, as the matcher's own tables hold them."""
    lines = resources.files("keyturn.matching").joinpath(f"data/{name}.tsv").read_text(encoding="utf-8").splitlines()
    rows = [line.split("\t") for line in lines if line and not line.startswith("#")]
    return Names([row[0].title() for row in rows], list(accumulate(int(row[1]) for row in rows)))


@cache
def simulated(column: str) -> tuple[str, ...]:
    """A column of a census without noise, as often as each value occurs."""
    return tuple(filter(None, (text(row[column]) for row in sources.census(year=2020, seed=0, noise=False).rows)))


def a_given_name(random: Random) -> str:
    return table("given_names").draw(random) if random.random() < 0.5 else random.choice(simulated("first_name"))


def a_surname(random: Random) -> str:
    return table("surnames").draw(random) if random.random() < 0.5 else random.choice(simulated("last_name"))


def a_phone(random: Random) -> str:
    return f"({random.choice(['503', '971', '458'])}) {random.randrange(200, 999)}-{random.randrange(10_000):04}"


def an_email(random: Random, given: str, family: str) -> str:
    given, family = ("".join(filter(str.isalnum, each.lower())) for each in (given, family))
    name = random.choice(
        [f"{given}.{family}", f"{given[:1]}{family}", f"{given}{family[:1]}{random.randrange(1940, 2010)}",
         f"{family}{random.randrange(1000)}", f"{given}{random.randrange(10_000)}", f"{given}_{family}{random.randrange(100)}"]
    )  # fmt: skip
    return f"{name}@{random.choice(MAIL)}"


def an_address(random: Random) -> Address:
    town, codes = random.choice(TOWNS)
    unit = f"Apt {random.randrange(1, 60)}" if random.random() < 0.3 else ""
    line = f"{random.randrange(1, 9999)} {random.choice(simulated('street_name')).title()}"
    return Address(line, unit, town, "OR", random.choice(codes), "US")


def a_person(random: Random, **known: object) -> PersonDetails:
    """A customer with what a utility has of one: not everybody gave everything."""
    given, family = (
        str(known.get("given_name") or a_given_name(random)),
        str(known.get("family_name") or a_surname(random)),
    )
    identifiers = []
    if random.random() < 0.6:
        identifiers.append(Identifier("driver_licence", f"{random.randrange(10**7):07}"))
    if random.random() < 0.4:
        identifiers.append(Identifier("ssn_last4", f"{random.randrange(10_000):04}"))
    made = PersonDetails(
        given_name=given,
        middle_name=a_given_name(random) if random.random() < 0.5 else "",
        family_name=family,
        date_of_birth=date(1932, 1, 1) + timedelta(days=random.randrange(27_000)),
        emails=(an_email(random, given, family),) if random.random() < 0.85 else (),
        phones=(a_phone(random),) if random.random() < 0.92 else (),
        identifiers=tuple(identifiers),
        addresses=(an_address(random),),
    )
    return replace(made, **known)  # type: ignore[arg-type]


def _other(random: Random, name: str, draw: Callable[[Random], str]) -> str:
    """A name that is no form of `name`."""
    while True:
        found = draw(random)
        if found.lower() != name.lower() and not are_nicknames(found.lower(), name.lower()):
            return found


def _sounding_alike(random: Random, name: str) -> str:
    """Of ten other names the one that begins most like `name`: parents like Jayden and Jaylen, Maria and Marta."""
    names = [_other(random, name, a_given_name) for _ in range(10)]
    return max(names, key=lambda other: sum(1 for a, b in zip(other.lower(), name.lower(), strict=False) if a == b))


def _of_the_household(
    random: Random, known: PersonDetails, *, phone: float, email: float, **changes: object
) -> PersonDetails:
    """Somebody else behind the same door, with the chance that telephone and mailbox are shared."""
    own = a_person(random, **({"family_name": known.family_name} | changes))
    return replace(
        own,
        addresses=known.addresses,
        phones=known.phones if random.random() < phone else own.phones,
        emails=known.emails if random.random() < email else own.emails,
    )


def _a_letter_apart(random: Random, name: str) -> str:
    """What reads like a slip of the fingers, and is a name for all we know: Ivan and Ivana, Omar and Omer."""
    at = random.randrange(1, len(name))
    changes = [
        name + "a",
        name[:at] + random.choice("aeiou") + name[at + 1 :],
        name[:at] + name[at:].replace("n", "m", 1),
    ]
    if len(name) > 4 and name[-1] in "aeo":
        changes.append(name[:-1])
    return random.choice([each for each in changes if each != name])


def twin(random: Random, known: PersonDetails) -> PersonDetails:
    """Half with quite another name; others are Jayden and Jaylen, or Ivan and Ivana."""
    chance, given = random.random(), known.given_name
    if chance < 0.2:
        given = _a_letter_apart(random, given)
    else:
        given = _sounding_alike(random, given) if chance < 0.5 else _other(random, given, a_given_name)
    return _of_the_household(
        random, known, phone=0.5, email=0.15, given_name=given, date_of_birth=known.date_of_birth
    )  # fmt: skip


def _years_apart(random: Random, born: date | None, least: int, most: int) -> date | None:
    """So many years before or after, one in ten on the same day of the year."""
    if born is None:
        return None
    shifted = born.replace(
        year=born.year + random.choice([-1, 1]) * random.randrange(least, most), day=min(born.day, 28)
    )
    return shifted if random.random() < 0.1 else shifted + timedelta(days=random.randrange(1, 330))


def junior(random: Random, known: PersonDetails) -> PersonDetails:
    """Father or son of one name; half of them do not say which."""
    at_home = random.random() < 0.7
    middle = known.middle_name if random.random() < 0.7 else a_given_name(random)
    other = _of_the_household(
        random, known, phone=0.5 if at_home else 0.05, email=0.1, given_name=known.given_name, middle_name=middle,
        suffix=random.choice(["", "", "Jr", "Sr", "II"]), date_of_birth=_years_apart(random, known.date_of_birth, 18, 42),
    )  # fmt: skip
    return other if at_home else replace(other, addresses=(an_address(random),))


def spouse(random: Random, known: PersonDetails) -> PersonDetails:
    family = known.family_name if random.random() < 0.75 else a_surname(random)
    born = known.date_of_birth and known.date_of_birth + timedelta(
        days=random.choice([-1, 1]) * random.randrange(1, 4000)
    )
    given = _other(random, known.given_name, a_given_name)
    return _of_the_household(
        random, known, phone=0.5, email=0.25, given_name=given, family_name=family, date_of_birth=born
    )


def child(random: Random, known: PersonDetails) -> PersonDetails:
    born = known.date_of_birth and known.date_of_birth + timedelta(days=random.randrange(6600, 15_000))
    given = _other(random, known.given_name, a_given_name)
    return _of_the_household(random, known, phone=0.4, email=0.15, given_name=given, date_of_birth=born)


def sibling(random: Random, known: PersonDetails) -> PersonDetails:
    born = known.date_of_birth and known.date_of_birth + timedelta(
        days=random.choice([-1, 1]) * random.randrange(300, 2500)
    )
    given = _sounding_alike(random, known.given_name)
    return _of_the_household(random, known, phone=0.4, email=0.1, given_name=given, date_of_birth=born)


def next_tenant(random: Random, known: PersonDetails) -> PersonDetails:
    return a_person(
        random, addresses=known.addresses, given_name=_other(random, known.given_name, a_given_name),
        family_name=_other(random, known.family_name, a_surname),
    )  # fmt: skip


def roommate(random: Random, known: PersonDetails) -> PersonDetails:
    other = next_tenant(random, known)
    return replace(other, phones=known.phones) if random.random() < 0.3 else other


def namesake_born_the_same_day(random: Random, known: PersonDetails) -> PersonDetails:
    return replace(namesake(random, known), date_of_birth=known.date_of_birth)


def namesake(random: Random, known: PersonDetails) -> PersonDetails:
    """Who has the same name cannot have the same mailbox."""
    other = a_person(random, given_name=known.given_name, family_name=known.family_name)
    return replace(other, emails=()) if other.emails == known.emails else other


LOOKALIKES: dict[str, Callable[[Random, PersonDetails], PersonDetails]] = {
    "twin": twin,
    "Jr/Sr": junior,
    "spouse": spouse,
    "child": child,
    "sibling": sibling,
    "next tenant": next_tenant,
    "room-mate": roommate,
    "namesake, same birthday": namesake_born_the_same_day,
    "namesake": namesake,
}
"""Each is somebody else than the person on file."""


# How customers come back


def moved(random: Random, known: PersonDetails) -> PersonDetails:
    """To a new address; six in ten give the former one as well, as the form asks."""
    former = known.addresses if random.random() < 0.6 else ()
    return replace(known, addresses=(an_address(random), *former))


def new_phone(random: Random, known: PersonDetails) -> PersonDetails:
    return replace(known, phones=(a_phone(random),))


def new_email(random: Random, known: PersonDetails) -> PersonDetails:
    return replace(known, emails=(an_email(random, known.given_name, known.family_name),))


def married_name(random: Random, known: PersonDetails) -> PersonDetails:
    """A new surname, in one case of four with the old one kept in front."""
    new = _other(random, known.family_name, a_surname)
    return replace(known, family_name=f"{known.family_name}-{new}" if random.random() < 0.25 else new)


@cache
def _forms() -> dict[str, list[str]]:
    lines = resources.files("keyturn.matching").joinpath("data/nicknames.txt").read_text(encoding="utf-8").splitlines()
    forms: dict[str, list[str]] = {}
    for line in lines:
        words = [word.rstrip(":") for word in line.partition("#")[0].split()]
        for word in words:
            forms.setdefault(word, []).extend(other for other in words if other != word)
    return forms


def nickname(random: Random, known: PersonDetails) -> PersonDetails:
    """Another form of the given name; who has none goes by the initial."""
    forms = _forms().get(known.given_name.lower())
    return replace(known, given_name=random.choice(forms).title() if forms else known.given_name[:1])


def several(random: Random, known: PersonDetails) -> PersonDetails:
    """Moved, and two of the other changes."""
    for change in (moved, *random.sample([new_phone, new_email, married_name, nickname], 2)):
        known = change(random, known)
    return known


RETURNS: dict[str, Callable[[Random, PersonDetails], PersonDetails]] = {
    "moved": moved,
    "new phone": new_phone,
    "new e-mail": new_email,
    "married name": married_name,
    "nickname": nickname,
    "several at once": several,
}
"""Each is the person on file again."""


def as_typed(random: Random, details: PersonDetails) -> PersonDetails:
    """As somebody fills in a form: parts left out, an initial for a middle name, capitals, a slip now and then."""
    chance = random.random
    changes: dict[str, object] = {}
    if chance() < 0.05:
        changes["date_of_birth"] = None
    if chance() < 0.4:
        changes["identifiers"] = ()
    if chance() < 0.1:
        changes["emails"] = ()
    if chance() < 0.1:
        changes["phones"] = ()
    if chance() < 0.5:
        changes["middle_name"] = details.middle_name[:1] if chance() < 0.5 else ""
    for name in ("given_name", "family_name"):
        if chance() < 0.02:
            changes[name] = slipped(random, getattr(details, name))
        elif chance() < 0.1:
            changes[name] = getattr(details, name).upper()
    return replace(details, **changes)  # type: ignore[arg-type]


def slipped(random: Random, word: str) -> str:
    """One slip of the fingers: two letters exchanged, one left out, doubled or replaced by its neighbour."""
    if len(word) < 3:
        return word
    at = random.randrange(1, len(word) - 1)
    return random.choice(
        [
            word[:at] + word[at + 1] + word[at] + word[at + 2 :],
            word[:at] + word[at + 1 :],
            word[:at] + word[at] + word[at:],
            word[:at] + random.choice("aeiorstln") + word[at + 1 :],
        ]
    )
