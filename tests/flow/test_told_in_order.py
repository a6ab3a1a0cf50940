"""Does what was refused, and goes out later, say what holds then? And does it go before what is younger?"""

from datetime import timedelta

import pytest

from keyturn import flow
from keyturn.terms.request import Actor, Role
from tests.flow.at_home import Change, Customer
from tests.flow.test_care import claims, protection_of
from tests.flow.town import COMPLETED, IN_REVIEW, PROCESSING, Town

STAFF = Actor(Role.STAFF, "901")
"""No login that a test makes has this number (R-01)."""


@pytest.fixture
def ana(town: Town) -> Customer:
    risks = {**town.policy.change_risk, "phone": "apply", "name": "apply"}
    town.policy_says(change_risk=risks, fresh_contact_days=0)
    return Customer(town)


def phones_there(town: Town, ana: Customer) -> set[str]:
    person = town.cis.read("person", str(ana.person.ref)) or {}
    return {each["value"] for each in person["contacts"] if each["routing"] == "phone"}


def changes_phone(ana: Customer, number: str) -> Change:
    return ana.changes("change_contact", contact_id=ana.contact("phone"), channel="phone", act="set", phone=number)


@pytest.fixture
def refused(town: Town, ana: Customer) -> Change:
    """A first change of the phone, which the CIS would not take; staff are to look."""
    town.cis_is(script=[{"fault": "refuses"}])
    first = changes_phone(ana, "503 555 0112")
    assert (first.status, first.rules) == (IN_REVIEW, {"S-03"})
    town.waits(minutes=5)
    return first


def test_a_younger_change_of_the_same_is_not_told_over(town: Town, ana: Customer, refused: Change) -> None:
    second = changes_phone(ana, "503 555 0199")
    refused.staff("approve", by="901")
    assert (refused.status, second.status) == (COMPLETED, COMPLETED)
    assert phones_there(town, ana) == ana.values("phone") == {"503 555 0199"}


def test_what_nobody_changed_since_is_told(town: Town, ana: Customer, refused: Change) -> None:
    name = ana.changes("change_name", family_name="Ruiz", name_reason="marriage")
    refused.staff("approve", by="901")
    assert (refused.status, name.status) == (COMPLETED, COMPLETED)
    assert phones_there(town, ana) == {"503 555 0112"}


def test_a_younger_change_that_came_to_nothing_takes_nothing_away(town: Town, ana: Customer, refused: Change) -> None:
    town.cis_is(script=[{"fault": "refuses"}])
    second = changes_phone(ana, "503 555 0199")
    second.staff("refuse", "It is not your number.", by="901")
    refused.staff("approve", by="901")
    assert phones_there(town, ana) == ana.values("phone") == {"503 555 0112"}


def test_the_whole_name_is_told_as_it_is_by_then(town: Town, ana: Customer) -> None:
    town.cis_is(script=[{"fault": "refuses"}])
    first = ana.changes("change_name", family_name="Ruiz", name_reason="marriage")
    town.waits(minutes=5)
    second = ana.changes("change_name", given_name="Anna", name_reason="marriage")
    second.staff("approve", by="901")  # two names in a short time (D-24)
    assert second.status == COMPLETED, second.rules
    first.staff("approve", by="901")
    person = town.cis.read("person", str(ana.person.ref)) or {}
    [name] = [each for each in person["names"] if each["name_type"] == "primary"]
    assert (name["given_name"], name["family_name"]) == ("Anna", "Ruiz")


def test_once_staff_let_it_go_it_goes_before_what_is_younger(town: Town, ana: Customer, refused: Change) -> None:
    town.cis_is("down")
    second = changes_phone(ana, "503 555 0199")
    flow.review(
        request_id=refused.id, decision="approve", reason="", actor=STAFF, now=town.now, policy=town.policy
    )  # fmt: skip
    town.cis_is()
    flow.tell_cis(request_id=second.id, now=town.now, policy=town.policy)
    assert (refused.status, second.status) == (PROCESSING, PROCESSING)
    town.waits(hours=2)
    told = [each["request_reference"] for each in town.cis.effects()]
    assert told == [refused.request.reference, second.request.reference]
    assert phones_there(town, ana) == {"503 555 0199"}


def test_what_waits_behind_a_call_in_doubt_takes_nothing_of_it_away(town: Town, ana: Customer) -> None:
    """Nobody knows whether the first has arrived: that is asked, and what is younger goes out when it is known."""

    def speaks(language: str) -> Change:
        town.now += timedelta(seconds=1)
        return ana.changes("change_preferences", language=language)

    town.cis_is(script=[{"fault": "lost_before"}])
    first, second = speaks("es"), speaks("en")
    assert (first.status, second.status) == (PROCESSING, PROCESSING)
    town.waits(hours=1)
    told = [each["request_reference"] for each in town.cis.effects()]
    assert told == [first.request.reference, second.request.reference]
    assert (town.cis.read("person", str(ana.person.ref)) or {})["language"] == "en"


def test_a_protection_that_has_ended_is_not_told_to_stand(town: Town, ana: Customer) -> None:
    """The CIS refused the claim; by the time staff let it go, the protection has been ended, and the CIS told so."""
    town.cis_is(script=[{"fault": "refuses"}])
    claim = claims(ana)
    assert claim.rules == {"S-03"}
    flow.end_care(
        care_id=protection_of(ana).pk, why="expired", reason="Nobody there any more.", actor=STAFF, now=town.now,
        policy=town.policy,
    )  # fmt: skip
    town.works()
    claim.staff("approve", by="901")
    assert claim.status == COMPLETED
    account = town.cis.read("account", str(ana.account.ref)) or {}
    rows = [each for each in account["details"] if each["name"] == "life_support" and not each["ended_at"]]
    assert [each["value"] for each in rows] in ([], ["no"])
