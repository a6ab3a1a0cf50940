"""Some hundred people on file, some of them twice: what searches for duplicates are tried on."""

import csv
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from random import Random

from django.conf import settings

from keyturn import flow
from keyturn.connectors import cis
from keyturn.local.demo_utility.dataset import generate
from keyturn.records.models import Person

NOW = datetime(2026, 1, 15, 18, tzinfo=UTC)


def fill(persons: int = 150, twice: int = 25, seed: int = 3) -> None:
    """Everybody of a small demo utility, and some of them once more as somebody else typed them."""
    cis.install()
    cis.connector().empty()
    rows = [dict(row) for row in generate(today=NOW.date(), persons=persons, seed=seed).persons]
    luck = Random(seed)
    again = [typed_again(row, luck) for row in luck.sample(rows, twice)]
    # All in one file, as the first of a registry: nothing is compared while it comes in.
    taken = flow.take_in("persons", enumerate([*rows, *again], start=1), now=NOW, policy=settings.KEYTURN_POLICY)
    assert taken.created == persons + twice


def typed_again(row: Mapping[str, str], luck: Random) -> dict[str, str]:
    """A row of persons with slips and gaps in it, under a reference of its own."""
    new = {**row, "ref": f"again-{row['ref']}", "id_type": "", "id_value": ""}
    for name in ("given_name", "family_name"):
        if len(new[name]) > 3 and luck.random() < 0.4:
            place = luck.randrange(1, len(new[name]) - 1)
            new[name] = new[name][:place] + new[name][place + 1 :]
    for name in ("email", "phone"):
        if luck.random() < 0.4:
            new[name] = ""
    if luck.random() < 0.3:
        new |= dict.fromkeys(("line1", "line2", "city", "state", "postal_code", "country"), "")
    born = new["date_of_birth"]
    if born and luck.random() < 0.2:
        new["date_of_birth"] = date.fromisoformat(born).replace(day=1).isoformat()
    return new


def scrambled(row: Mapping[str, str], luck: Random) -> dict[str, str]:
    """A row of persons with one of everything that goes wrong, here and there."""
    new = typed_again(row, luck)
    given, family, born = new["given_name"], new["family_name"], new["date_of_birth"]
    match luck.randrange(12):
        case 0:
            new |= {"given_name": family, "family_name": given}
        case 1:
            new["given_name"] = given[:1]
        case 2:
            new["family_name"] = f"{family} {luck.choice(('Zelenko', 'Okafor'))}"
        case 3 if born:
            new["date_of_birth"] = f"{born[:4]}-{int(born[8:]) % 12 + 1:02}-{int(born[5:7]):02}"
        case 4 if born:
            new["date_of_birth"] = f"{born[:3]}{(int(born[3]) + 1) % 10}{born[4:8]}01"
        case 5 if new["phone"]:
            new["phone"] = new["phone"][:-1] + str((int(new["phone"][-1]) + 1) % 10)
        case 6 if new["email"]:
            new["email"] = new["email"][0] + "x" + new["email"][1:]
        case 7 if new["postal_code"]:
            new |= {"postal_code": new["postal_code"][:-1] + "9", "line1": f"{new['line1']}e"}
        case 8:
            new |= {"middle_name": given, "given_name": luck.choice(("Bill", "Peggy", "Occupant", "Maria"))}
        case 9:
            new["family_name"] = f"de la {family}"
        case 10:
            new |= {"suffix": luck.choice(("Jr", "III")), "line2": "Apt 9"}
        case _:
            new["family_name"] = family[:2] + family[3:]
    return new


def refs() -> dict[str, str]:
    """Id -> reference."""
    return {str(ident): ref for ident, ref in Person.objects.values_list("pk", "ref")}


def rows(path: Path) -> Iterator[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)
