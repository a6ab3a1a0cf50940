"""Who lives in the demo utility's valley: households, their names, birthdays, contacts and identifiers?"""

import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta

from keyturn.local.demo_utility.contacts import Contacts
from keyturn.local.demo_utility.vocabulary import by_rank, sections, stream, words

MONONYMS = 0.004  # share of people with a single name
MIDDLE_NAMES = 0.62
YEAR_DAYS = 365.25


@dataclass(slots=True)
class Someone:
    """A person of the data set before it becomes a row. `born` may be unknown to the utility; `age` never is to us."""

    given: str
    family: str
    sex: str
    age_days: int
    origin: str
    middle: str = ""
    suffix: str = ""
    born: str = ""
    email: str = ""
    phone: str = ""
    id_type: str = ""
    id_value: str = ""


class People:
    """Draws households. Deterministic for one random source; knows everybody drawn so far, to make namesakes."""

    def __init__(self, rng: random.Random, today: date) -> None:
        self.rng = rng
        self.today = today
        self.contacts = Contacts(rng)
        self.drawn: list[Someone] = []
        self._given = {key: self._by_frequency(lines) for key, lines in sections("given_names").items()}
        family = sections("family_names")
        shares = {head.split()[0]: float(head.split()[1]) for head in family}
        self._family = {head.split()[0]: self._by_frequency(lines) for head, lines in family.items()}
        total, cumulative = 0.0, []
        for share in shares.values():
            cumulative.append(total := total + share)
        self._origins = stream(rng, list(shares), cumulative)
        self._shapes = stream(rng, list(SHAPES), _cumulative([share for _, share in SHAPES.values()]))

    def household(self) -> list[Someone]:
        """One to three adults under one roof; the first is the one who opens the account."""
        shape = next(self._shapes)
        members = SHAPES[shape][0](self)
        for someone in members:
            self._complete(someone)
        if shape != "single":
            self._share_contacts(members)
        self.drawn.extend(members)
        return members

    def household_of_one(self) -> Someone:
        """Somebody who lives alone."""
        someone = self.one()
        self._complete(someone)
        self.drawn.append(someone)
        return someone

    def one(self, *, youngest: int = 18, oldest: int = 96) -> Someone:
        """A person drawn alone; now and then a namesake of somebody drawn before."""
        draw = self.rng.random()
        if draw < 0.013 and self.drawn:
            return self._namesake(self.rng.choice(self.drawn), same_birthday=draw < 0.0013)
        if draw > 1 - MONONYMS:
            return self._mononym()
        origin, sex = next(self._origins), "fm"[self.rng.random() < 0.5]
        return self._named(origin, sex, self._age(youngest, oldest), self._surname(origin, sex))

    # Shapes of households

    def _single(self) -> list[Someone]:
        return [self.one()]

    def _couple(self) -> list[Someone]:
        first = self.one(youngest=20)
        return [first, self._partner_of(first)]

    def _family_with_child(self) -> list[Someone]:
        first = self.one(youngest=40)
        return [first, self._partner_of(first), self._child_of(first)]

    def _parent_and_child(self) -> list[Someone]:
        first = self.one(youngest=40)
        return [first, self._child_of(first)]

    def _family_with_twins(self) -> list[Someone]:
        parent = self.one(youngest=42)
        twin = self._child_of(parent)
        other = self._child_of(parent)
        while other.given == twin.given:
            other = self._child_of(parent)
        other.family, other.age_days, other.suffix, twin.suffix = twin.family, twin.age_days, "", ""
        return [parent, twin, other]

    def _room_mates(self) -> list[Someone]:
        return [self.one(oldest=35) for _ in range(self.rng.choice((2, 2, 3)))]

    # Relatives

    def _partner_of(self, first: Someone) -> Someone:
        """Mostly of another sex, near in age; three in four couples share a family name, some hyphenate it."""
        draw = self.rng.random()
        sex = first.sex if draw < 0.06 else "m" if first.sex == "f" else "f"
        origin = first.origin if self.rng.random() < 0.8 else next(self._origins)
        age = max(int(19 * YEAR_DAYS), first.age_days + int(self.rng.gauss(0, 3.5 * YEAR_DAYS)))
        own = self._surname(origin, sex)
        name = self.rng.random()
        if name < 0.74 and first.family:
            own = _for_sex(first.family, sex)
        elif name < 0.82 and first.family and "-" not in first.family:
            own = f"{own}-{first.family}"
        return self._named(origin, sex, age, own)

    def _child_of(self, parent: Someone) -> Someone:
        """A grown-up child; sons of one in six fathers carry his name, as Jr. and Sr."""
        age = self.rng.randint(int(18 * YEAR_DAYS), max(int(19 * YEAR_DAYS), parent.age_days - int(19 * YEAR_DAYS)))
        sex = "fm"[self.rng.random() < 0.5]
        child = self._named(parent.origin, sex, age, _for_sex(parent.family or self._surname(parent.origin, sex), sex))
        if sex == parent.sex == "m" and self.rng.random() < 0.17 and not parent.suffix and parent.family:
            child.given, child.middle, child.suffix = parent.given, parent.middle, "Jr."
            parent.suffix = "Sr." if self.rng.random() < 0.5 else ""
        return child

    def _namesake(self, other: Someone, *, same_birthday: bool) -> Someone:
        """Somebody else of the same name: the classic hard case, hardest with the same birthday."""
        age = other.age_days if same_birthday else self._age(18, 90)
        return replace(other, age_days=age, suffix="", middle=next(self._given_of(other.origin, other.sex, age)),
                       born="", email="", phone="", id_type="", id_value="")  # fmt: skip

    def _mononym(self) -> Someone:
        sex = "fm"[self.rng.random() < 0.5]
        return Someone(next(self._given[f"mononym {sex}"]), "", sex, self._age(18, 80), "english")

    # Names and numbers

    def _named(self, origin: str, sex: str, age_days: int, family: str) -> Someone:
        given = next(self._given_of(origin, sex, age_days))
        middle = ""
        if self.rng.random() < MIDDLE_NAMES:
            middle = next(self._given_of(origin, sex, age_days))
            middle = "" if middle == given else middle if self.rng.random() < 0.4 else f"{middle[0]}."
        return Someone(given, family, sex, age_days, origin, middle)

    def _given_of(self, origin: str, sex: str, age_days: int) -> Iterator[str]:
        if origin == "english" or self.rng.random() < 0.12:  # many take a name of the country
            return self._given[f"english {sex} {'older' if age_days > 51 * YEAR_DAYS else 'younger'}"]
        return self._given[f"{origin} {sex}"]

    def _surname(self, origin: str, sex: str) -> str:
        name = _for_sex(next(self._family[origin]), sex)
        if origin == "hispanic" and self.rng.random() < 0.22:
            second = _for_sex(next(self._family[origin]), sex)
            return f"{name}{'-' if self.rng.random() < 0.3 else ' '}{second}" if second != name else name
        return name

    def _age(self, youngest: int, oldest: int) -> int:
        """In days; a gentle hump at 45, few above 85."""
        return int(self.rng.triangular(youngest, oldest, min(45, oldest)) * YEAR_DAYS)

    def _by_frequency(self, lines: tuple[str, ...]) -> Iterator[str]:
        names = words(lines)
        return stream(self.rng, names, by_rank(len(names)))

    def _complete(self, someone: Someone) -> None:
        """Fill in birthday, phone and e-mail, as far as the utility has them."""
        someone.born = (self.today - timedelta(days=someone.age_days)).isoformat()
        old = someone.age_days > 65 * YEAR_DAYS
        draw = self.rng.random()
        if draw > (0.08 if old else 0.05):
            someone.phone = self.contacts.phone()
        if self.rng.random() > (0.42 if old else 0.09):
            someone.email = self.contacts.email(someone.given, someone.family, someone.born)

    def _share_contacts(self, members: list[Someone]) -> None:
        """Couples often give one phone, sometimes one e-mail: a shared contact proves no identity."""
        first = members[0]
        for other in members[1:]:
            if other.family != first.family:
                continue
            if first.phone and self.rng.random() < 0.34:
                other.phone = first.phone
            if first.email and self.rng.random() < 0.17:
                other.email = first.email


SHAPES = {
    "single": (People._single, 42.0),
    "couple": (People._couple, 38.0),
    "family": (People._family_with_child, 7.0),
    "parent": (People._parent_and_child, 5.0),
    "twins": (People._family_with_twins, 1.0),
    "room_mates": (People._room_mates, 7.0),
}
"""How people live together, and how many of a hundred households do so."""


def _cumulative(shares: list[float]) -> list[float]:
    total = 0.0
    return [total := total + share for share in shares]


def _for_sex(family: str, sex: str) -> str:
    """ "Ivanov/Ivanova" in the form of that sex; a form already chosen is turned where it can be."""
    if "/" in family:
        return family.split("/")[sex == "f"]
    return FORMS.get((family, sex), family)


def _forms() -> dict[tuple[str, str], str]:
    pairs = [each.split("/") for lines in sections("family_names").values() for each in words(lines) if "/" in each]
    return {(his, "f"): hers for his, hers in pairs} | {(hers, "m"): his for his, hers in pairs}


FORMS = _forms()
