"""What would an identity bureau say? A stand-in whose answer follows from the input alone.

The family name (or organisation name) chooses:

    Unverifiable   the details do not belong together: failed (ER-14)
    Frozen         the file is frozen by its owner: unsure (ER-15)
    Timeout        the bureau cannot be reached: Unavailable (over HTTP: 503)
    Hangs          the bureau was asked and never answers: InDoubt (over HTTP: no answer for a minute)

Anybody else passes at level 2 with a full identifier and a birth date, and at level 1 with either or with the last four
digits of an SSN; with neither the answer is unsure. An identifier that ends in 0000 fails.

As a program it answers over HTTP (`server.py`), to rehearse with:

    python -m keyturn.connectors.identity_check.simulator --port 8090
"""

import hashlib

from keyturn.terms.errors import InDoubt, Unavailable
from keyturn.terms.identity_check import IdentityAnswer, IdentityOutcome
from keyturn.terms.person import Kind, PersonDetails


class Simulator:
    """The stand-in, in this process."""

    name = "simulator"

    def check(self, details: PersonDetails, *, key: str) -> IdentityAnswer:
        match _name(details):
            case "timeout":
                raise Unavailable("identity_check_unreachable")
            case "hangs":
                raise InDoubt("identity_check_unanswered")
        outcome, level, reasons = _judge(details)
        return IdentityAnswer(outcome, level, f"SIM-{hashlib.sha256(key.encode()).hexdigest()[:12].upper()}", reasons)


def _name(details: PersonDetails) -> str:
    name = details.organisation_name if details.kind is Kind.ORGANISATION else details.family_name
    return name.strip().casefold()


def _judge(details: PersonDetails) -> tuple[IdentityOutcome, int, tuple[str, ...]]:
    if _name(details) == "unverifiable":
        return IdentityOutcome.FAILED, 0, ("name_and_identifier_differ",)
    if _name(details) == "frozen":
        return IdentityOutcome.UNSURE, 0, ("file_frozen",)
    if any(each.value.strip().endswith("0000") for each in details.identifiers):
        return IdentityOutcome.FAILED, 0, ("identifier_unknown",)
    full = any(each.value.strip() and each.id_type != "ssn_last4" for each in details.identifiers)
    if full and (details.date_of_birth or details.kind is Kind.ORGANISATION):
        return IdentityOutcome.PASSED, 2, ()
    if full or details.date_of_birth or details.identifiers:
        return IdentityOutcome.PASSED, 1, ()
    return IdentityOutcome.UNSURE, 0, ("too_little_known",)
