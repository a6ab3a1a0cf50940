"""Is nothing that is about oneself decided by oneself, through whichever page (R-01)?"""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from keyturn import flow
from keyturn.records.models import (
    AccountAccess,
    MedicalCertification,
    PersonLink,
    PersonMerge,
    Proposal,
    Protection,
    RedFlag,
)
from keyturn.terms.request import Actor, Role
from tests import factories
from tests.console.desk import Desk
from tests.flow.at_home import Customer
from tests.flow.town import ANA, BEN, Town

pytestmark = pytest.mark.rule("R-01")
WHY = "I know that it is all right."
NEEDS = {"patient": "Eva", "medical_kind": "life_support", "device": "Ventilator", "phone": "503 555 0142"}


@pytest.fixture
def sofia(desk: Callable[..., Desk], ana: Customer) -> Desk:
    """A supervisor, with every right, whose own file is Ana's: their address stands on it."""
    return desk("sofia", role="supervisor", email="ana@example.com")


@pytest.fixture
def keep(ana: Customer) -> str:
    return f"/console/persons/{ana.person.pk}"


def about_it(who: Desk) -> None:
    assert "a colleague" in who.text


@pytest.mark.parametrize("known_by", ["file", "login"])
def test_a_case_of_fraud(rosa: Desk, ana: Customer, desk: Callable[..., Desk], known_by: str) -> None:
    paul = desk("paul", email="ana@example.com" if known_by == "file" else "")
    whose = {"person": ana.person} if known_by == "file" else {"user": paul.user}
    flag = RedFlag.objects.create(trigger="D-26", opened_at=ana.town.now, **whose)
    about_it(paul.posts(f"/console/cases/{flag.pk}", verdict="harmless", note=WHY))
    flag.refresh_from_db()
    assert flag.state == "open"
    rosa.posts(f"/console/cases/{flag.pk}", verdict="harmless", note=WHY).sees("The case is closed.")


@pytest.mark.parametrize("act", ["accept", "decline"])
def test_what_they_said_otherwise_than_their_file(sofia: Desk, ana: Customer, keep: str, act: str) -> None:
    asked = ana.changes("change_name", family_name="Bauer", name_reason="marriage").request
    said = Proposal(request=asked, person=ana.person, field="phone", created_at=ana.town.now)
    said.value = "503 555 0199"
    said.save()
    about_it(sofia.posts(f"{keep}/proposals/{said.pk}", act=act))
    said.refresh_from_db()
    assert said.state == "open"


class TestTheProtectionOfWhoDependsOnService:
    def test_is_not_entered(self, sofia: Desk, ana: Customer) -> None:
        about_it(sofia.posts(f"/console/accounts/{ana.account.pk}/life-support", **NEEDS, reason=WHY))
        assert not MedicalCertification.objects.exists()

    @pytest.mark.parametrize("act", ["certify", "end"])
    def test_is_neither_certified_nor_ended(self, sofia: Desk, ana: Customer, act: str) -> None:
        flow.claim_care_at_desk(
            account_id=ana.account.pk, answers=NEEDS, reason=WHY, actor=Actor(Role.STAFF, "7"), now=ana.town.now,
            policy=ana.town.policy,
        )  # fmt: skip
        held, today = MedicalCertification.objects.get(), ana.town.now.date()
        days = {"first": today.isoformat(), "last": (today + timedelta(days=200)).isoformat()}
        about_it(sofia.posts(f"/console/life-support/{held.pk}", act=act, certified_by="Dr Me", reason=WHY, **days))
        held.refresh_from_db()
        assert (held.state, held.ended_at) == ("temporary", None)


class TestAccess:
    @pytest.fixture
    def mine(self, sofia: Desk, ana: Customer) -> AccountAccess:
        return AccountAccess.objects.create(
            user=sofia.user, account=ana.account, person=ana.person, level="view", capacity="delegate",
            proof="invitation", since=ana.town.now - timedelta(days=40), granted_by="test", owned_by="portal",
        )  # fmt: skip

    def test_is_not_taken_over_so_that_its_owner_could_not_end_it(
        self, sofia: Desk, keep: str, mine: AccountAccess
    ) -> None:
        about_it(sofia.posts(f"{keep}/access/{mine.pk}/take-over"))
        mine.refresh_from_db()
        assert mine.owned_by == "portal"

    def test_of_another_to_what_is_theirs_is_not_ended(
        self, sofia: Desk, ana: Customer, keep: str, mine: AccountAccess
    ) -> None:
        other = AccountAccess.objects.get(user=ana.user)
        about_it(sofia.posts(f"{keep}/access/{other.pk}/end", reason=WHY))
        other.refresh_from_db()
        assert other.ended_at is None


def test_an_address_that_is_kept_secret(sofia: Desk, ana: Customer, keep: str) -> None:
    about_it(sofia.posts(f"{keep}/protection", act="set", reason=WHY))
    assert not Protection.objects.exists()


def test_a_link(desk: Callable[..., Desk], town: Town, rosa: Desk) -> None:
    town.knows(ANA)
    case = town.moves_in(ANA)
    sofia = desk("sofia", role="supervisor", email="ana@example.com")
    assert sofia.posts(sofia.address(case, "undo-link"), why=WHY).status == 403
    assert PersonLink.objects.get().undone_at is None


def test_that_two_files_of_theirs_stay_two(sofia: Desk, ana: Customer) -> None:
    proposer: Any = factories.a_member_of_staff("otto")
    merge = flow.propose_merge(
        survivor_id=ana.person.pk, loser_id=ana.town.knows(BEN).pk, choices={}, reason="One person with two names.",
        actor=Actor(Role.STAFF, str(proposer.pk)), now=ana.town.now, policy=ana.town.policy,
    )  # fmt: skip
    sofia.posts(f"/console/merges/{merge.pk}/decide", decision="refuse", reason=WHY)
    assert sofia.status == 403
    assert PersonMerge.objects.get().state == "proposed"
