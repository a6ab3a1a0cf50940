"""Who could be mistaken for somebody on file, and how does somebody on file come back? Seeded generators.

`LOOKALIKES`: somebody else than the person on file: a twin, a father of the same name, a husband, the next tenant.
`RETURNING`: the same person, who has moved, married, or is called Bill now. `carelessly` writes either as forms are filled in.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from hashlib import blake2b
from random import Random

from keyturn.matching import Features, features_of
from keyturn.matching.names import are_nicknames
from keyturn.matching.text import word_set
from keyturn.terms.address import Address
from keyturn.terms.person import Identifier, Kind, PersonDetails

GIVEN = [
    "James",
    "Mary",
    "Robert",
    "Patricia",
    "John",
    "Jennifer",
    "Michael",
    "Linda",
    "David",
    "Elizabeth",
    "William",
    "Barbara",
    "Richard",
    "Susan",
    "Joseph",
    "Jessica",
    "Thomas",
    "Karen",
    "Christopher",
    "Sarah",
    "Charles",
    "Lisa",
    "Daniel",
    "Nancy",
    "Matthew",
    "Sandra",
    "Anthony",
    "Betty",
    "Mark",
    "Ashley",
    "Donald",
    "Emily",
    "Steven",
    "Kimberly",
    "Andrew",
    "Margaret",
    "Paul",
    "Donna",
    "Joshua",
    "Michelle",
    "Kenneth",
    "Carol",
    "Kevin",
    "Amanda",
    "Brian",
    "Melissa",
    "George",
    "Deborah",
    "Timothy",
    "Stephanie",
    "Ronald",
    "Rebecca",
    "Jason",
    "Laura",
    "Edward",
    "Helen",
    "Jeffrey",
    "Sharon",
    "Ryan",
    "Cynthia",
    "Jacob",
    "Amy",
    "Nicholas",
    "Kathleen",
    "Gary",
    "Angela",
    "Jonathan",
    "Shirley",
    "Stephen",
    "Emma",
    "Larry",
    "Brenda",
    "Justin",
    "Pamela",
    "Scott",
    "Nicole",
    "Brandon",
    "Anna",
    "Benjamin",
    "Samantha",
    "Samuel",
    "Katherine",
    "Marie",
    "Maria",
    "Ana",
    "Jose",
    "Juan",
    "Luis",
    "Carlos",
    "Jorge",
    "Miguel",
    "Sofia",
    "Lucia",
    "Elena",
    "Joan",
    "Jean",
    "Jane",
    "Jon",
    "Erik",
    "Eric",
    "Kayden",
    "Jayden",
    "Ji-woo",
]
FAMILY = [
    "Smith",
    "Johnson",
    "Williams",
    "Brown",
    "Jones",
    "Garcia",
    "Miller",
    "Davis",
    "Rodriguez",
    "Martinez",
    "Hernandez",
    "Lopez",
    "Wilson",
    "Anderson",
    "Thomas",
    "Taylor",
    "Moore",
    "Jackson",
    "Martin",
    "Lee",
    "Perez",
    "Thompson",
    "White",
    "Harris",
    "Sanchez",
    "Clark",
    "Ramirez",
    "Lewis",
    "Robinson",
    "Walker",
    "Young",
    "Allen",
    "King",
    "Nguyen",
    "Zelenko",
    "Oyelaran",
    "Abernathy",
    "Szymanski",
    "Vanderhoek",
    "Okonkwo",
    "Featherstone",
    "Quackenbush",
    "O'Brien",
    "de-la-Cruz",
    "Krzyzewski",
]
STREETS = [
    "Main",
    "Oak",
    "Maple",
    "Cedar",
    "Elm",
    "Washington",
    "Lake",
    "Hill",
    "Walnut",
    "Spring",
    "Park",
    "Pine",
    "5th",
    "12th",
    "Lincoln",
    "Jefferson",
    "River",
    "Mill",
]


def digest(id_type: str, value: str) -> str:
    """Stands in for the records layer's keyed blind index."""
    return blake2b(f"{id_type}:{value}".encode(), digest_size=12).hexdigest()


def features(details: PersonDetails) -> Features:
    return features_of(details, digest=digest)


def a_person(random: Random) -> PersonDetails:
    """Somebody with everything; how many leave out what is up to the caller."""
    given, family = random.choice(GIVEN), random.choice(FAMILY)
    return PersonDetails(
        kind=Kind.PERSON,
        given_name=given,
        middle_name=random.choice(GIVEN) if random.random() < 0.5 else "",
        family_name=family.replace("-", " "),
        date_of_birth=date(1940, 1, 1) + timedelta(days=random.randrange(22_000)),
        emails=(f"{given}.{family}{random.randrange(1000)}@example.com".lower(),),
        phones=(a_phone(random),),
        identifiers=(Identifier("driver_licence", f"{random.randrange(10**8):08}"),) if random.random() < 0.5 else (),
        addresses=(an_address(random),),
    )


def a_phone(random: Random) -> str:
    return f"({random.randrange(200, 989)}) {random.randrange(230, 989)}-{random.randrange(10_000):04}"


def an_address(random: Random) -> Address:
    unit = f"Apt {random.randrange(1, 40)}" if random.random() < 0.4 else ""
    street = (
        f"{random.randrange(1, 3000)} {random.choice(STREETS)} {random.choice(['St', 'Ave', 'Rd', 'Drive', 'Court'])}"
    )
    return Address(street, unit, "Hillsboro", "OR", f"97{random.randrange(100, 140)}")


def another(random: Random, names: list[str], name: str) -> str:
    """A name that is not a form of `name`."""
    while True:
        found = random.choice(names)
        if found != name and not are_nicknames(found.lower(), name.lower()):
            return found


def _relative(base: PersonDetails, random: Random, **changes: object) -> PersonDetails:
    """Somebody of the same household: same door, mostly the same telephone and mailbox, own documents."""
    changes.setdefault("given_name", another(random, GIVEN, base.given_name))
    changes.setdefault("middle_name", random.choice(["", random.choice(GIVEN)]))
    own_email, own_phone = a_person(random).emails, (a_phone(random),)
    contacts = {
        "emails": base.emails if random.random() < 0.6 else own_email,
        "phones": base.phones if random.random() < 0.7 else own_phone,
        "identifiers": a_person(random).identifiers,
    }
    return replace(base, **(contacts | changes))  # type: ignore[arg-type]


def a_twin(base: PersonDetails, random: Random) -> PersonDetails:
    """One in five is called nearly alike: Ivan and Ivana."""
    return _relative(base, random, **({"given_name": f"{base.given_name}a"} if random.random() < 0.2 else {}))


def a_junior(base: PersonDetails, random: Random) -> PersonDetails:
    """Father or son of one name; half of them leave the suffix out, some were born on the same day of the year."""
    assert base.date_of_birth
    years = random.choice([-1, 1]) * random.randrange(18, 41)
    born = base.date_of_birth.replace(year=base.date_of_birth.year + years, day=min(base.date_of_birth.day, 28))
    if random.random() < 0.8:
        born += timedelta(days=random.randrange(1, 300))
    suffix = random.choice(["", "", "Jr", "Sr", "III"])
    return _relative(
        base, random, given_name=base.given_name, middle_name=base.middle_name, suffix=suffix, date_of_birth=born
    )


def a_spouse(base: PersonDetails, random: Random) -> PersonDetails:
    assert base.date_of_birth
    born = base.date_of_birth + timedelta(days=random.choice([-1, 1]) * random.randrange(1, 4000))
    return _relative(base, random, date_of_birth=born)


def a_child(base: PersonDetails, random: Random) -> PersonDetails:
    assert base.date_of_birth
    return _relative(base, random, date_of_birth=base.date_of_birth + timedelta(days=random.randrange(6500, 14_000)))


def a_next_tenant(base: PersonDetails, random: Random) -> PersonDetails:
    return replace(a_person(random), family_name=another(random, FAMILY, base.family_name), addresses=base.addresses)


def a_namesake_born_the_same_day(base: PersonDetails, random: Random) -> PersonDetails:
    other = a_person(random)
    return replace(other, given_name=base.given_name, family_name=base.family_name, date_of_birth=base.date_of_birth)


def a_namesake(base: PersonDetails, random: Random) -> PersonDetails:
    return replace(a_person(random), given_name=base.given_name, family_name=base.family_name)


def a_roommate(base: PersonDetails, random: Random) -> PersonDetails:
    phones = base.phones if random.random() < 0.3 else (a_phone(random),)
    return replace(a_next_tenant(base, random), phones=phones)


LOOKALIKES: dict[str, Callable[[PersonDetails, Random], PersonDetails]] = {
    "twin": a_twin,
    "junior": a_junior,
    "spouse": a_spouse,
    "child": a_child,
    "next tenant": a_next_tenant,
    "namesake born the same day": a_namesake_born_the_same_day,
    "namesake": a_namesake,
    "roommate": a_roommate,
}


def who_moved(base: PersonDetails, random: Random) -> PersonDetails:
    return replace(base, addresses=(an_address(random),))


def with_a_new_phone(base: PersonDetails, random: Random) -> PersonDetails:
    return replace(base, phones=(a_phone(random),))


def with_a_new_email(base: PersonDetails, random: Random) -> PersonDetails:
    return replace(base, emails=a_person(random).emails)


def who_married(base: PersonDetails, random: Random) -> PersonDetails:
    """Another surname, or both: half of them have also moved."""
    other = another(random, FAMILY, base.family_name).replace("-", " ")
    family = random.choice([other, f"{base.family_name}-{other}", f"{base.family_name} {other}"])
    return replace(who_moved(base, random) if random.random() < 0.5 else base, family_name=family)


def by_a_nickname(base: PersonDetails, random: Random) -> PersonDetails:
    """As they are called, where a form of the name is known; else with the middle name left out."""
    forms = [
        each for each in NICKNAMES if are_nicknames(each, base.given_name.lower()) and each != base.given_name.lower()
    ]
    return replace(base, given_name=random.choice(forms).title()) if forms else replace(base, middle_name="")


NICKNAMES = word_set("""
    jim bob pat patty johnny jen jenny mike lindy dave davey liz beth betty bill will barb rick rich sue joe jess tom kate
    chris sarah charlie lisa dan danny nan matt sandy tony mark don em steve kim drew maggie peggy josh mitch ken kev mandy
    bri mel georgie deb debbie tim steph ron becky jase laurie ed eddie jeff shari cindy jake nick kathy gary angie jon
    shirl emmy larry justy pam nicky ben sam sammy kathie mari jorgito migue lucy elly
""")

RETURNING: dict[str, Callable[[PersonDetails, Random], PersonDetails]] = {
    "moved": who_moved,
    "new phone": with_a_new_phone,
    "new e-mail": with_a_new_email,
    "married": who_married,
    "nickname": by_a_nickname,
}
"""How somebody on file comes back: the same person, and a matcher that finds nobody again fails here."""


def carelessly(details: PersonDetails, random: Random) -> PersonDetails:
    """As people fill in forms: things left out, an initial for a name, capitals, a slip of the fingers."""
    changes: dict[str, object] = {}
    if random.random() < 0.12:
        changes["date_of_birth"] = None
    if random.random() < 0.4:
        changes["identifiers"] = ()
    if random.random() < 0.15:
        changes["emails"] = ()
    if random.random() < 0.15:
        changes["phones"] = ()
    if random.random() < 0.4:
        changes["middle_name"] = details.middle_name[:1]
    draw = random.random()
    if draw < 0.04:
        changes["given_name"] = details.given_name[:1]
    elif draw < 0.1:
        changes["given_name"] = slipped(details.given_name, random)
    if random.random() < 0.06:
        changes["family_name"] = slipped(details.family_name, random)
    if random.random() < 0.05:
        changes.update(given_name=details.family_name, family_name=details.given_name)
    if random.random() < 0.2:
        changes["given_name"] = str(changes.get("given_name", details.given_name)).upper()
    return replace(details, **changes)  # type: ignore[arg-type]


def slipped(word: str, random: Random) -> str:
    """Two letters exchanged, one left out, or one typed twice."""
    place = random.randrange(1, max(2, len(word) - 1))
    return random.choice(
        [
            word[:place] + word[place : place + 2][::-1] + word[place + 2 :],
            word[:place] + word[place + 1 :],
            word[:place] + word[place] + word[place:] if len(word) > place else word,
        ]
    )
