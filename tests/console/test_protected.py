"""Is an address that is kept secret on no page of the console for who has not the right?"""

from collections.abc import Callable
from dataclasses import replace

import pytest

from keyturn import flow
from keyturn.records.models import (
    Proposal,
    Reading,
    RedFlag,
    Request,
)
from keyturn.terms.address import Address
from keyturn.terms.request import Actor, Role
from tests.console.desk import Desk
from tests.flow.at_home import Customer
from tests.flow.town import ANA, Town


class TestAProtectedAddress:
    """T-31 for an address: no page of the console shows it to who has not the right."""

    CANARY = Address("77 Canary Crescent", "", "Hideaway", "OR", "97999")

    @pytest.fixture
    def sofia(self, desk: Callable[..., Desk]) -> Desk:
        return desk("sofia", role="supervisor")

    @pytest.fixture
    def eva(self, town: Town, rosa: Desk) -> Customer:
        """At home at the canary's address, which is where she gets her letters, too; with requests of every kind."""
        eva = Customer(town, replace(ANA, addresses=(self.CANARY,)))
        town.moves_in(ANA, town.house(line1="77 Canary Crescent", city="Hideaway", postal_code="97999"))
        elsewhere = {**self.CANARY.as_json(), "line1": "78 Canary Crescent"}
        eva.changes(
            "change_mailing_address", accounts=["all"], mail_elsewhere=True, mailing_address=elsewhere, when="now"
        )
        eva.changes("change_name", family_name="Bauer", name_reason="marriage")
        said = Proposal(request=Request.objects.get(journey="start_service"), person=eva.person, field="address")
        said.created_at, said.value = town.now, "79 Canary Crescent"
        said.save()
        RedFlag.objects.create(trigger="D-26", person=eva.person, opened_at=town.now)
        flow.protect(
            person_id=eva.person.pk, programme="ACP", reason="She is in the programme.", may_see=True,
            actor=Actor(Role.STAFF, "7"), now=town.now,
        )  # fmt: skip
        return eva

    def pages(self, eva: Customer) -> list[str]:
        pk = eva.person.pk
        references = Request.objects.exclude(submitted_at=None).values_list("reference", flat=True)
        return [
            "/console", "/console?tab=decided", "/console?tab=customer", "/console?tab=stuck", "/console/cases",
            "/console/cases?state=decided", "/console/proposals", "/console/life-support?tab=all", f"/console/persons/{pk}",
            f"/console/persons/{pk}/keep", f"/console/persons/{pk}/change/name", f"/console/persons/{pk}/change/address",
            *(f"/console/requests/{each}" for each in references),
        ]  # fmt: skip

    @pytest.mark.parametrize("role", ["reviewer", "engineer"])
    def test_stands_on_no_page_for_who_has_not_the_right(
        self, desk: Callable[..., Desk], town: Town, eva: Customer, role: str
    ) -> None:
        reader = desk("paul", role=role)
        for path in self.pages(eva):
            reader.opens(path)
            assert "Canary" not in reader.html, path
        for q in ("Ana", "Canary", "Zelenko"):
            reader.posts("/console/search", q=q)
            assert "Crescent" not in reader.html
            reader.posts("/console/persons", q=q)
            assert "Crescent" not in reader.html
        someone = town.moves_in(replace(ANA, given_name="Anna", identifiers=()), id_type="none", id_value="")
        assert "Canary" not in reader.opens(someone).html
        reader.posts(f"/console/persons/{eva.person.pk}/address")
        assert reader.status == 403
        assert not Reading.objects.filter(what="protected").exists()

    def test_is_shown_to_who_has_the_right_and_each_look_is_written_down(self, sofia: Desk, eva: Customer) -> None:
        path = f"/console/persons/{eva.person.pk}"
        assert "Canary" not in sofia.opens(f"{path}/keep").html
        assert not Reading.objects.filter(what="protected").exists()
        sofia.posts(f"{path}/address").sees("Canary Crescent")
        assert Reading.objects.get(what="protected").actor == str(sofia.user.pk)
        reference = Request.objects.get(journey="start_service").reference
        sofia.opens(f"/console/requests/{reference}").sees("77 Canary Crescent")
        assert Reading.objects.filter(what="protected", person=eva.person).count() == 2

    @pytest.mark.parametrize("act", ["accept", "decline"])
    def test_that_somebody_says_otherwise_is_decided_by_who_sees_it(
        self, rosa: Desk, sofia: Desk, eva: Customer, act: str
    ) -> None:
        said, path = Proposal.objects.get(field="address"), f"/console/persons/{eva.person.pk}"
        for page in (f"{path}/keep", f"/console/requests/{said.request.reference}"):
            rosa.opens(page).sees("The address is protected: a supervisor decides this.")
            rosa.sees_nothing_of(f"/proposals/{said.pk}")
        rosa.posts(f"{path}/proposals/{said.pk}", act=act).sees("a supervisor decides this")
        said.refresh_from_db()
        assert said.state == "open"
        sofia.posts(f"{path}/address").sees("79 Canary Crescent", "Decline")
        sofia.posts(f"{path}/proposals/{said.pk}", act="decline").sees("Left as it is.")

    def test_is_found_by_name_and_said_to_be_protected(self, rosa: Desk, eva: Customer) -> None:
        rosa.opens(f"/console/persons/{eva.person.pk}/keep").sees("Ana Zelenko", "Protected")

    def test_is_protected_and_shown_again_from_the_page(self, sofia: Desk, rosa: Desk, eva: Customer) -> None:
        path = f"/console/persons/{eva.person.pk}/protection"
        sofia.posts(path, act="lift", reason="no")
        assert sofia.status == 422
        sofia.posts(path, act="lift", reason="She has left the programme.").sees("The address is shown again.")
        rosa.opens(f"/console/persons/{eva.person.pk}/keep").sees("Canary Crescent")
