"""Which side's word counts for each kind of value that the CIS and we both hold?

cis       what the CIS holds is taken over whenever it differs
keyturn   what we hold stays; reconciliation has the CIS told again
newest    whoever changed it since the two last agreed; where both did, staff decide
review    staff decide about every difference
"""

from collections.abc import Mapping
from typing import Any, Final

CIS, KEYTURN, NEWEST, REVIEW = "cis", "keyturn", "newest", "review"
WORDS: Final = (CIS, KEYTURN, NEWEST, REVIEW)

DEFAULT: Final[Mapping[str, str]] = {
    "name": NEWEST,
    "date_of_birth": NEWEST,
    "language": NEWEST,
    "email": NEWEST,
    "phone": NEWEST,
    "identifier": NEWEST,
    "mailing": NEWEST,
    "account": CIS,  # balance and class
    "agreement": CIS,  # from when to when, and how it stands
    "main_customer": REVIEW,  # who pays, and so who may see it
}


def owner_of(field: str, owners: Mapping[str, str]) -> str:
    """Of a field like "identifier.passport" or "name"; one that a profile does not name has its default."""
    kind = field.partition(".")[0]
    return owners.get(kind) or DEFAULT[kind]


def amiss(owners: Mapping[str, Any]) -> str:
    """What a profile's table must be and is not; "" where it is fine."""
    if set(owners) <= set(DEFAULT) and all(each in WORDS for each in owners.values()):
        return ""
    return f"a table from {', '.join(DEFAULT)} to one of {', '.join(WORDS)}"
