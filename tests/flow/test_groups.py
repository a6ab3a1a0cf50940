"""Do members see exactly what is in their group, and does a landlord's wish hold for that landlord's premises only?"""

from typing import Any

import pytest

from keyturn import flow
from keyturn.records.models import AccountAccess, AccountGroup, Act, LandlordAgreement, User
from keyturn.records.queries import access, groups
from keyturn.terms.errors import NotAllowed, StaleVersion
from keyturn.terms.person import Kind, PersonDetails
from tests import factories
from tests.flow.at_home import Customer
from tests.flow.town import BEN, Town

BAKERY = PersonDetails(kind=Kind.ORGANISATION, organisation_name="Hearth Bakery Inc.", emails=("olga@example.com",))


def and_another(owner: Customer, **changes: Any) -> Any:
    """One more account of the same customer, owned by the same login."""
    account = factories.an_account(owner.person, owner.town.house(**changes))
    gives(owner.user, account=account, person=owner.person)
    return account


def gives(user: User, *, level: str = "owner", **to: Any) -> AccountAccess:
    capacity = "self" if "person" in to else "member" if "group" in to else "delegate"
    return AccountAccess.objects.create(
        user=user, level=level, capacity=capacity, proof="staff", since=factories.LONG_AGO, granted_by="staff:1", **to
    )


@pytest.fixture
def olga(town: Town) -> Customer:
    """Who runs the bakery."""
    return Customer(town, BAKERY)


@pytest.fixture
def shop(olga: Customer) -> Any:
    return and_another(olga)


def makes(olga: Customer, *accounts: Any, name: str = "North") -> AccountGroup:
    return flow.create_group(
        user=olga.user,
        person_id=olga.person.pk,
        name=name,
        account_ids=[each.pk for each in accounts],
        now=olga.town.now,
    )


def changes(olga: Customer, group: AccountGroup, *accounts: Any, **other: Any) -> AccountGroup:
    said = {"user": olga.user, "name": group.name, "version": group.version, "now": olga.town.now, **other}
    return flow.change_group(group_id=group.pk, account_ids=[each.pk for each in accounts], **said)


def sees(user: User, town: Town) -> set[Any]:
    return {each.account.pk for each in access.accounts_of(user.pk, at=town.now)}


class TestAGroup:
    def test_gives_its_members_exactly_its_accounts(self, town: Town, olga: Customer, shop: Any) -> None:
        group, pia = makes(olga, shop), factories.a_login("pia@example.com")
        gives(pia, level="view", group=group)
        assert sees(pia, town) == {shop.pk}
        group = changes(olga, group, shop, olga.account)
        assert sees(pia, town) == {shop.pk, olga.account.pk}

    def test_takes_an_account_from_its_members_at_once(self, town: Town, olga: Customer, shop: Any) -> None:
        group, pia = makes(olga, shop, olga.account), factories.a_login("pia@example.com")
        gives(pia, level="manage", group=group)
        changes(olga, group, olga.account)
        assert sees(pia, town) == {olga.account.pk}
        assert access.to_account(pia.pk, shop.pk, at=town.now) is None

    def test_is_made_by_whoever_owns_accounts_of_the_organisation_only(self, town: Town, olga: Customer) -> None:
        for level in ("view", "pay", "manage"):
            other = factories.a_login(f"{level}@example.com", account=olga.account, level=level)
            with pytest.raises(NotAllowed, match="not_yours"):
                flow.create_group(user=other, person_id=olga.person.pk, name="X", account_ids=[], now=town.now)

    def test_is_nothing_for_a_private_customer(self, town: Town) -> None:
        ben = Customer(town, BEN)
        with pytest.raises(NotAllowed, match="not_yours"):
            flow.create_group(user=ben.user, person_id=ben.person.pk, name="X", account_ids=[], now=town.now)

    def test_takes_no_account_of_somebody_else(self, town: Town, olga: Customer) -> None:
        ben, group = Customer(town, BEN), makes(olga, olga.account)
        for foreign in (ben.account, factories.an_account(olga.person, town.house())):
            with pytest.raises(NotAllowed, match="not_yours"):
                changes(olga, group, olga.account, foreign)
        assert set(group.accounts.all()) == {olga.account}

    def test_with_an_account_that_they_do_not_own_is_not_theirs_to_change(
        self, town: Town, olga: Customer, shop: Any
    ) -> None:
        group = makes(olga, olga.account, shop)
        half = factories.a_login("half@example.com", account=shop)
        with pytest.raises(NotAllowed, match="unknown_group"):
            flow.change_group(group_id=group.pk, user=half, name="Mine", account_ids=[], version=1, now=town.now)

    def test_that_somebody_else_changed_meanwhile_is_not_overwritten(
        self, town: Town, olga: Customer, shop: Any
    ) -> None:
        group = makes(olga, olga.account)
        changes(olga, group, shop, version=1)
        with pytest.raises(StaleVersion):
            changes(olga, group, olga.account, version=1)
        assert set(group.accounts.all()) == {shop}

    def test_has_a_name_of_its_own(self, town: Town, olga: Customer) -> None:
        north, south = makes(olga, name="North"), makes(olga, name=" South\t")
        assert south.name == "South"
        for wrong, code in (("North", "name_taken"), ("  ", "no_name")):
            with pytest.raises(NotAllowed, match=code):
                changes(olga, south, name=wrong)
        changes(olga, north, name="North")

    def test_is_given_up_only_when_nobody_uses_it_and_its_name_is_free_again(
        self, town: Town, olga: Customer, shop: Any
    ) -> None:
        group, pia = makes(olga, shop), factories.a_login("pia@example.com")
        held = gives(pia, level="view", group=group)
        with pytest.raises(NotAllowed, match="group_in_use"):
            flow.end_group(group_id=group.pk, user=olga.user, version=1, now=town.now)
        flow.end_access(access_id=held.pk, user=olga.user, now=town.now, policy=town.policy)
        flow.end_group(group_id=group.pk, user=olga.user, version=1, now=town.now)
        assert groups.looked_after_by(olga.user.pk, at=town.now) == []
        makes(olga, name="North")

    def test_without_any_account_can_still_lose_its_members(self, town: Town, olga: Customer, shop: Any) -> None:
        group, pia = makes(olga, shop), factories.a_login("pia@example.com")
        held = gives(pia, level="view", group=group)
        changes(olga, group)
        request = flow.end_access(access_id=held.pk, user=olga.user, now=town.now, policy=town.policy)
        town.works()
        held.refresh_from_db()
        request.refresh_from_db()
        assert (held.ended_at, request.outcome) == (town.now, "completed")

    def test_notes_who_changed_it_for_whom(self, town: Town, olga: Customer, shop: Any) -> None:
        group = changes(olga, makes(olga, shop), olga.account)
        act = Act.objects.get(subject=f"group:{group.pk}", what="group_changed")
        assert (act.actor, act.on_behalf_of) == (f"login:{olga.user.pk}", f"person:{olga.person.pk}")
        assert act.data == {"added": [str(olga.account.pk)], "removed": [str(shop.pk)]}


class TestALandlord:
    @pytest.fixture
    def agreement(self, olga: Customer) -> LandlordAgreement:
        flat = olga.town.house(services="electric;water")
        return LandlordAgreement.objects.create(
            account=olga.account, premise=flat, services=["electric"], started_on=olga.town.now.date()
        )

    def test_says_which_services_come_back(self, town: Town, olga: Customer, agreement: LandlordAgreement) -> None:
        said = {"agreement_id": agreement.pk, "user": olga.user, "now": town.now}
        flow.change_landlord(services=["water", "electric"], version=1, **said)
        agreement.refresh_from_db()
        assert (agreement.services, agreement.version) == (["electric", "water"], 2)
        act = Act.objects.get(what="landlord_changed")
        assert (act.data["before"], act.data["after"]) == (["electric"], ["electric", "water"])
        with pytest.raises(StaleVersion):
            flow.change_landlord(services=[], version=1, **said)
        with pytest.raises(NotAllowed, match="unknown_service"):
            flow.change_landlord(services=["gas"], version=2, **said)

    def test_has_helpers_who_manage_and_others_who_only_look(
        self, town: Town, olga: Customer, agreement: LandlordAgreement
    ) -> None:
        said = {"agreement_id": agreement.pk, "services": [], "version": 1, "now": town.now}
        for user in (factories.a_login("v@example.com", account=olga.account, level="pay"), Customer(town, BEN).user):
            with pytest.raises(NotAllowed, match="unknown_agreement"):
                flow.change_landlord(user=user, **said)
        helper = factories.a_login("m@example.com", account=olga.account, level="manage")
        flow.change_landlord(user=helper, **said)
        assert Act.objects.get(what="landlord_changed").on_behalf_of == f"person:{olga.person.pk}"


def test_the_end_of_an_access_that_nobody_invited_to_is_no_work_for_staff(town: Town, olga: Customer) -> None:
    """The CIS never heard of them, and has nothing to remove."""
    helper = factories.a_login("helper@example.com", account=olga.account, level="view")
    held = AccountAccess.objects.get(user=helper)
    request = flow.end_access(access_id=held.pk, user=olga.user, now=town.now, policy=town.policy)
    town.works()
    request.refresh_from_db()
    assert request.outcome == "completed"
