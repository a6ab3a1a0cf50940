"""Which columns has a row of persons, premises or accounts that comes in or goes out as a file?

The formats are public (import, export, match): their names and order stay.
"""

import re

PERSON_COLUMNS = (
    "ref", "kind", "given_name", "middle_name", "family_name", "suffix", "organisation_name", "date_of_birth", "email",
    "phone", "id_type", "id_value", "line1", "line2", "city", "state", "postal_code", "country",
)  # fmt: skip

PREMISE_COLUMNS = (
    "ref", "line1", "line2", "city", "state", "postal_code", "country", "division", "service_types",
)  # fmt: skip

ACCOUNT_COLUMNS = (
    "ref", "person_ref", "premise_ref", "customer_class", "status", "start_date", "end_date", "balance",
)  # fmt: skip

COLUMNS = {"persons": PERSON_COLUMNS, "premises": PREMISE_COLUMNS, "accounts": ACCOUNT_COLUMNS}

LONGEST = {
    "ref": 64, "person_ref": 64, "premise_ref": 64, "kind": 20, "given_name": 100, "middle_name": 100,
    "family_name": 100, "suffix": 20, "organisation_name": 254, "email": 254, "phone": 254, "id_type": 30, "id_value": 100,
    "line1": 200, "line2": 200, "city": 100, "state": 50, "postal_code": 20, "division": 20, "customer_class": 20,
}  # fmt: skip
"""How many characters a column may hold, where it is not 200."""

_FORMULA = re.compile(r"'*(?:[=@]|[+-](?!\d[\d ().-]*$))")


def shielded(text: str) -> str:
    """A cell that a spreadsheet cannot take for a formula: an apostrophe goes before =, @, and + or - without a number."""
    return "'" + text if _FORMULA.match(text) else text


def unshielded(text: str) -> str:
    """What `shielded` was given."""
    return text[1:] if text.startswith("'") and _FORMULA.match(text) else text
