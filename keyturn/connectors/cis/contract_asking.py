"""What must every CIS connector do when it is asked, and nothing is to be changed?"""

import inspect
from dataclasses import replace
from typing import Any

import pytest

from keyturn.connectors.cis.contract_kit import NEWCOMER, NOTHING, START, a_key, customer_at, newcomer_at
from keyturn.connectors.cis.guard import GuardedCis
from keyturn.terms.cis import OPERATIONS, OPTIONAL, Cis
from keyturn.terms.errors import Rejected
from keyturn.terms.person import Identifier
from keyturn.terms.premise import Service


def needs(cis: Cis, operation: str) -> None:
    """What a CIS does not offer is not tried, and shows as skipped."""
    if operation not in cis.offers:
        pytest.skip(f"{cis.name} does not offer {operation!r}")


def somebody(**changes: Any) -> Any:
    """Details that no other test has used."""
    mark = a_key()[-8:]
    own = {
        "family_name": f"Achterberg{mark}",
        "emails": (f"{mark}@example.org",),
        "phones": (f"+1202555{int(mark, 16) % 10_000:04d}",),
        "identifiers": (Identifier("driver_licence", f"L{mark}"),),
    }
    return replace(NEWCOMER, **own | changes)


class AskingContract:
    """Operations that change nothing; mixed into `CisContract`."""

    def test_every_operation_is_there_and_what_is_offered_is_known(self, cis):
        assert cis.offers <= OPTIONAL
        for operation in {*OPERATIONS} - (OPTIONAL - cis.offers):
            assert inspect.ismethod(getattr(cis, operation))

    # Who is there

    def test_a_person_is_found_by_a_document_a_contact_or_name_and_birth_date(self, cis, town):
        needs(cis, "search")
        them = somebody()
        ref = cis.send(newcomer_at(town.vacant(), person=them), key=a_key()).person_ref
        nobody = somebody(date_of_birth=None)
        for wanted in (
            replace(nobody, identifiers=them.identifiers),
            replace(nobody, emails=them.emails),
            replace(nobody, phones=them.phones),
            replace(nobody, family_name=them.family_name, date_of_birth=them.date_of_birth),
        ):
            assert ref in cis.search(wanted)

    def test_who_is_not_there_is_not_found(self, cis):
        needs(cis, "search")
        assert cis.search(somebody()) == ()

    # Whether they may be served

    def test_what_would_be_taken_has_nothing_against_it_and_nothing_is_written(self, cis, town, increase):
        needs(cis, "check")
        command = newcomer_at(town.vacant())
        assert cis.check(command) == ()
        assert increase() == NOTHING
        assert cis.send(command, key=a_key()).fits(command)

    def test_what_would_be_rejected_says_why(self, cis, town):
        needs(cis, "check")
        person, _ = town.customer()
        served = town.vacant()
        cis.send(customer_at(served, person), key=a_key())
        refused = {
            "premise_occupied": newcomer_at(town.occupied()),
            "unknown_premise": newcomer_at("no-such-premise"),
            "unknown_person": customer_at(town.vacant(), "no-such-person"),
            "no_service_point": newcomer_at(town.vacant(), services=(Service.ELECTRIC, Service.WATER)),
            "already_served": customer_at(served, person),
        }
        assert {code: cis.check(command) for code, command in refused.items()} == {code: (code,) for code in refused}

    # What stands at a premise

    def test_a_premise_shows_its_services_and_from_when_somebody_is_served(self, cis, town):
        premise = town.vacant()
        assert set(cis.read("premise", premise)["services"]) == {"electric", "gas"}
        cis.send(newcomer_at(premise), key=a_key())
        assert {each["start_date"] for each in cis.read("premise", premise)["agreements"]} == {START}

    def test_what_is_not_offered_is_refused_by_name(self, cis):
        guarded = GuardedCis(cis)
        calls = {
            "search": lambda: guarded.search(somebody()),
            "check": lambda: guarded.check(newcomer_at("any")),
            "changes": lambda: guarded.changes("", limit=1),
        }
        for operation in OPTIONAL - cis.offers:
            with pytest.raises(Rejected, match="not_offered"):
                calls[operation]()
