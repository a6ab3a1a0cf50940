"""What becomes of a request when an outside party is asked who the applicant is?"""

from dataclasses import replace

import pytest

from keyturn.flow import identity
from keyturn.records.models import OutsideCheck
from tests.flow.town import ANA, COMPLETED, IN_REVIEW, Town


@pytest.fixture
def town(town: Town, settings: object) -> Town:
    settings.KEYTURN_IDENTITY_CHECK = "simulator"  # type: ignore[attr-defined]
    town.policy_says(identity_check="new")
    return town


def test_who_passes_goes_on_without_noticing(town: Town) -> None:
    case = town.moves_in(ANA)
    assert case.status == COMPLETED
    assert OutsideCheck.objects.get().outcome == "passed"
    assert "check_asked" in case.history


@pytest.mark.parametrize(
    ("family_name", "outcome"),
    [("Unverifiable", "failed"), ("Frozen", "unsure"), ("Timeout", "unavailable"), ("Hangs", "unavailable")],
)
def test_who_does_not_is_looked_at_by_staff_and_not_refused(town: Town, family_name: str, outcome: str) -> None:
    case = town.moves_in(replace(ANA, family_name=family_name))
    assert case.status == IN_REVIEW
    assert case.rules == {"Y-03"}
    assert OutsideCheck.objects.get().outcome == outcome
    assert case.staff("approve", "Seen at the counter.").status == COMPLETED


def test_it_is_asked_once_for_the_same_details(town: Town) -> None:
    case = town.moves_in(replace(ANA, family_name="Frozen"))
    case.staff("ask", "Is your name spelt right?").replies("Yes, it is.")
    case.staff("approve", "Seen at the counter.")
    assert OutsideCheck.objects.count() == 1


def test_it_is_asked_again_when_the_details_changed(town: Town) -> None:
    case = town.moves_in(replace(ANA, family_name="Unverifiable"))
    case.staff("ask", "Is your name spelt right?")
    case.answers(family_name="Zelenko")
    case.submits()
    town.works()
    assert case.status == COMPLETED
    assert OutsideCheck.objects.count() == 2


def test_nobody_is_asked_about_who_has_withdrawn_meanwhile(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    monkeypatch.setattr(identity, "_ask_identity", lambda check, _request: asked.append(check.kind))
    case = town.asks(ANA)
    while "check_asked" not in case.history:
        town.works_once()
    case.withdraws()
    town.works()
    assert asked == []


def test_somebody_on_file_is_not_checked_where_the_policy_checks_the_new(town: Town) -> None:
    town.knows(ANA)
    assert town.moves_in(ANA).status == COMPLETED
    assert not OutsideCheck.objects.exists()


def test_somebody_on_file_is_checked_where_the_policy_checks_everybody(town: Town) -> None:
    town.policy_says(identity_check="always")
    town.knows(ANA)
    assert town.moves_in(ANA).status == COMPLETED
    assert OutsideCheck.objects.count() == 1


def test_nobody_is_checked_for_whom_a_call_centre_vouches(town: Town) -> None:
    case = town.a_partner_asks(ANA, attested=("identity",))
    town.works()
    assert case.status == COMPLETED
    assert not OutsideCheck.objects.exists()


def test_a_check_that_the_policy_wants_and_nobody_has_set_up_is_seen(town: Town, settings: object) -> None:
    settings.KEYTURN_IDENTITY_CHECK = "off"  # type: ignore[attr-defined]
    case = town.moves_in(ANA)
    assert case.status == IN_REVIEW
    assert OutsideCheck.objects.get().reasons == ["not_configured"]


def test_a_worker_that_died_before_asking_is_followed_by_one_that_asks(town: Town) -> None:
    case = town.asks(ANA)
    while not OutsideCheck.objects.exists():
        town.works_once()
    town.loses_its_jobs()
    from keyturn import flow

    town.waits(minutes=5)
    assert flow.rescue(now=town.now) == 1
    town.works()
    assert case.status == COMPLETED
