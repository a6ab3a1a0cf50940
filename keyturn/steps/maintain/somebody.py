"""Of whom does a row of persons speak?"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from keyturn.steps.maintain import rules
from keyturn.terms.address import Address
from keyturn.terms.days import day_of, local_date
from keyturn.terms.finding import Effect, Finding
from keyturn.terms.person import Identifier, Kind, PersonDetails
from keyturn.terms.policy import Policy
from keyturn.terms.rows import COLUMNS


def details_of(row: rules.Row) -> PersonDetails:
    """A checked row of persons as the process speaks of a person."""
    address = Address.from_mapping(row)
    return PersonDetails(
        kind=Kind(rules.kind_of(row)),
        given_name=row.get("given_name", ""),
        middle_name=row.get("middle_name", ""),
        family_name=row.get("family_name", ""),
        suffix=row.get("suffix", ""),
        organisation_name=row.get("organisation_name", ""),
        date_of_birth=day_of(row.get("date_of_birth", "")),
        emails=(row["email"],) if row.get("email") else (),
        phones=(row["phone"],) if row.get("phone") else (),
        identifiers=(Identifier(row["id_type"], row["id_value"]),) if row.get("id_value") else (),
        addresses=(address,) if address else (),
    )


def somebody(
    cells: Mapping[str, Any], *, now: datetime, policy: Policy
) -> tuple[str, PersonDetails | None, list[Finding]]:
    """A row of persons that is only to be looked for: its reference, who it is, and what keeps it from being read.

    Whoever is looked for needs no name: a telephone number may be all that is known.
    """
    row = {name: rules.clean(cells[name]) if cells[name] else "" for name in COLUMNS["persons"] if name in cells}
    found = [each for each in rules.check("persons", row, rules.Terms(policy, local_date(now, policy)))
             if each.effect is Effect.FIX and each.rule != "K-06"]  # fmt: skip
    return row.get("ref", ""), None if found else details_of(row), found
