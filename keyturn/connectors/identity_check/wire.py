"""How do a question to an identity check and its answer look on the wire (JSON in the body, never in an address)?"""

import json
from datetime import date
from typing import Any

from keyturn.terms.identity_check import IdentityAnswer, IdentityOutcome
from keyturn.terms.person import Identifier, Kind, PersonDetails

_TEXTS = ("given_name", "middle_name", "family_name", "suffix", "organisation_name")


def write_question(details: PersonDetails, *, key: str) -> dict[str, Any]:
    """Only what an identity bureau needs: no contacts, no addresses."""
    return {
        "key": key,
        "kind": str(details.kind),
        **{name: getattr(details, name) for name in _TEXTS},
        "date_of_birth": details.date_of_birth.isoformat() if details.date_of_birth else None,
        "identifiers": [{"id_type": each.id_type, "value": each.value} for each in details.identifiers],
    }


def read_question(body: bytes) -> tuple[PersonDetails, str]:
    """The question and its key. ValueError where it cannot be read."""
    try:
        row = json.loads(body)
        born = row.get("date_of_birth")
        details = PersonDetails(
            kind=Kind(row["kind"]),
            **{name: str(row.get(name) or "") for name in _TEXTS},
            date_of_birth=date.fromisoformat(born) if born else None,
            identifiers=tuple(Identifier(str(each["id_type"]), str(each["value"])) for each in row["identifiers"]),
        )
        return details, str(row["key"])
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"unreadable question: {type(error).__name__}") from None


def write_answer(answer: IdentityAnswer) -> dict[str, Any]:
    return {
        "outcome": str(answer.outcome),
        "level": answer.level,
        "reference": answer.reference,
        "reasons": list(answer.reasons),
    }


def read_answer(body: bytes) -> IdentityAnswer:
    """The answer. ValueError where it cannot be read."""
    try:
        row = json.loads(body)
        return IdentityAnswer(
            IdentityOutcome(row["outcome"]),
            int(row["level"]),
            str(row["reference"]),
            tuple(str(reason) for reason in row["reasons"]),
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"unreadable answer: {type(error).__name__}") from None
