"""Do the pages let somebody help, show who may do what, and end it, and do they tell strangers nothing?"""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.utils import timezone

from keyturn import flow
from keyturn.records.models import AccountAccess, AccountGroup, Designee, Invitation, User
from keyturn.records.queries import access
from keyturn.terms.request import Actor, Role
from tests import factories
from tests.flow.at_home import Customer
from tests.flow.test_groups import BAKERY, and_another, gives
from tests.flow.town import BEN, Town
from tests.portal.signed_in import SignedIn
from tests.portal.visitor import Visitor


def proved(email: str) -> User:
    user = factories.a_login(email)
    EmailAddress.objects.create(user=user, email=email, verified=True, primary=True)
    return user


class Helper(SignedIn):
    """Somebody in front of the pages about who may act."""

    def invites(self, account: Any, *, journey: str = "invite_delegate", group: str = "", **answers: str) -> "Helper":
        """From the button to the page before sending."""
        page = f"/account/groups/{group}" if group else f"/account/accounts/{account.pk}/people"
        given = {"group_id": group} if group else {}
        self.opens(page).sends(
            "/account/change", journey=journey, account=str(account.pk), account_id=str(account.pk), **given
        )
        said = {"delegate_name": "Carla Day", "delegate_email": "carla@example.com", **answers}
        self.is_on("who").sends(delegate_name=said["delegate_name"], delegate_email=said["delegate_email"])
        if journey == "invite_delegate":
            self.is_on("what").sends(level=said.get("level", "manage"), delegate_ends="no")
        return self.is_on("check")  # type: ignore[return-value]

    def sends_the_invitation(self) -> "Helper":
        self.sends().is_on("done")
        self.town.works()
        return self


@pytest.fixture
def ana(town: Town) -> Customer:
    town.now = timezone.now()
    return Customer(town)


@pytest.fixture
def browser(town: Town, ana: Customer) -> Helper:
    return Helper(town, ana.user)


@pytest.fixture
def comes(town: Town) -> Callable[..., Helper]:
    return lambda user: Helper(town, user)


@pytest.fixture
def people(ana: Customer) -> str:
    return f"/account/accounts/{ana.account.pk}/people"


def link(town: Town, to: str = "carla@example.com") -> str:
    found = re.search(r"/invitation/\S+", town.mails(to)[-1].get_content())
    assert found
    return found[0]


def cards(page: Visitor) -> list[str]:
    return re.findall(r'href="([^"]+/end)"', page.html)


class TestInviting:
    def test_goes_from_the_button_to_access_that_the_owner_sees(
        self, town: Town, ana: Customer, browser: Helper, comes: Callable[..., Helper], people: str
    ) -> None:
        browser.invites(ana.account).sees(
            "What Carla Day will be able to do", "Change where letters go and how bills come", "Until you end it"
        )
        browser.does_not_see("Let others act for the account")
        browser.sends_the_invitation().sees("The invitation is on its way", "waits for Carla Day’s answer")
        browser.opens(people).sees("Waits for Carla Day’s answer", "carla@example.com")
        browser.opens(f"/account/accounts/{ana.account.pk}").sees("Waits for Carla Day to answer")
        reference = browser.request.reference
        browser.opens(f"/account/requests/{reference}").sees(
            "This invitation waits for their answer", "They can answer until"
        )
        vic = comes(factories.a_login("vic@example.com", account=ana.account, level="manage"))
        assert vic.opens(f"/account/requests/{reference}").status == 404
        vic.opens(f"/account/accounts/{ana.account.pk}").does_not_see("Carla Day")
        carla = comes(proved("carla@example.com"))
        carla.opens(link(town)).sees("Ana Zelenko asks for your help", "Change where letters go").sends(answer="accept")
        carla.is_at("/invitation/answered/accepted").sees("Thank you for helping")
        town.works()
        carla.opens(f"/account/accounts/{ana.account.pk}").sees("You are acting for Ana Zelenko", ana.premise.line1)
        browser.opens(people).sees(
            "Carla Day", "Looks after the account", "Invited by you", "Access was given, and accepted"
        )

    def test_needs_a_fresh_proof_that_it_is_the_owner(self, ana: Customer, browser: Helper) -> None:
        browser.proved(minutes_ago=60)
        browser.opens(f"/account/accounts/{ana.account.pk}/people")
        browser.sends(
            "/account/change", journey="invite_delegate", account=str(ana.account.pk), account_id=str(ana.account.pk)
        )
        browser.is_on("who").sends(delegate_name="Carla Day", delegate_email="carla@example.com")
        browser.is_on("what").sends(level="view", delegate_ends="no").is_on_again_page()
        assert not Invitation.objects.exists()

    def test_warns_before_everything_is_given_away(self, ana: Customer, browser: Helper) -> None:
        browser.invites(ana.account, level="owner").sees("They could end your own access, too")

    def test_by_two_tabs_is_sent_once_and_says_what_changed(self, ana: Customer, browser: Helper, town: Town) -> None:
        browser.invites(ana.account)
        first = browser.html
        browser.opens(browser.path.replace("/check", "/who")).sends(
            delegate_name="Carla Night", delegate_email="carla@example.com"
        )
        old = re.search(r'name="version" value="(\d+)"', first)
        assert old
        browser.opens(browser.path.rsplit("/", 1)[0] + "/check").sends(version=old[1])
        assert browser.status == 409
        browser.sees("You changed something in another window", "Carla Night")
        assert not Invitation.objects.exists()

    def test_of_a_group_is_not_gone_on_with_for_one_account(self, town: Town, comes: Callable[..., Helper]) -> None:
        olga = Customer(town, BAKERY)
        and_another(olga)
        group = flow.create_group(
            user=olga.user, person_id=olga.person.pk, name="North", account_ids=[olga.account.pk], now=town.now
        )
        page = comes(olga.user).invites(olga.account, group=str(group.pk)).sees("The group “North”")
        page.invites(olga.account).does_not_see("The group “North”")

    def test_is_not_offered_to_a_helper(self, ana: Customer, comes: Callable[..., Helper], people: str) -> None:
        vic = comes(factories.a_login("vic@example.com", account=ana.account, level="manage"))
        vic.opens(people).sees("You are acting for Ana Zelenko", "Looks after the account", "Leave")
        vic.does_not_see("invite_delegate", "a•••@example.com")
        token = vic.client.cookies["csrftoken"].value if "csrftoken" in vic.client.cookies else ""
        vic.page = vic.client.post(
            "/account/change",
            {"journey": "invite_delegate", "account": str(ana.account.pk), "csrfmiddlewaretoken": token},
        )
        assert vic.status in (403, 404)


class TestAnInvitationsLink:
    @pytest.fixture
    def path(self, town: Town, ana: Customer, browser: Helper) -> str:
        browser.invites(ana.account).sends_the_invitation()
        return link(town)

    def test_names_nobody_before_the_right_address_has_signed_in(
        self, ana: Customer, comes: Callable[..., Helper], another: Callable[..., Visitor], path: str
    ) -> None:
        stranger = another().opens(path).sees("You are invited to help with an account", "Sign in", "Make a login")
        assert f"/signin?next={path.replace('/', '%2F')}" in stranger.html
        thief = comes(proved("thief@example.com")).opens(path)
        assert thief.status == 403
        thief.sees("This invitation was sent to another address")
        for page in (stranger, thief):
            page.does_not_see("Zelenko", "carla@", ana.premise.line1)
        thief.sends(answer="accept")
        assert (thief.status, Invitation.objects.get().state) == (403, "sent")

    def test_leads_back_from_signing_in_and_from_making_a_login(
        self, town: Town, visitor: Visitor, another: Callable[..., Visitor], path: str
    ) -> None:
        assert f'name="next" value="{path}"' in another().opens(f"/signin?next={path}").html
        visitor.opens(f"/signin/up?next={path}").sends(email="carla@example.com", password1="")
        visitor.sends(code=visitor.code("carla@example.com"))
        visitor.is_at(path).sees("Ana Zelenko asks for your help")

    def test_changes_nothing_when_it_is_only_opened(self, comes: Callable[..., Helper], path: str) -> None:
        carla = comes(proved("carla@example.com"))
        for _time in range(3):
            carla.opens(f"{path}?answer=accept").sees("Ana Zelenko asks for your help")
        carla.client.head(path)
        assert Invitation.objects.get().state == "sent"

    def test_says_the_same_whether_it_was_used_taken_back_over_or_never_was(
        self, town: Town, ana: Customer, browser: Helper, another: Callable[..., Visitor], path: str, people: str
    ) -> None:
        nowhere = another().opens("/invitation/" + "x" * 43)
        assert nowhere.status == 410
        browser.opens(people)
        browser.opens(cards(browser)[0]).sees("Take back the invitation to Carla Day?").sends()
        browser.sees("The invitation is taken back")
        taken_back = another().opens(path)
        assert (taken_back.status, taken_back.text) == (410, nowhere.text)
        town.works()
        browser.invites(ana.account).sends_the_invitation()
        Invitation.objects.filter(state="sent").update(expires_at=timezone.now() - timedelta(minutes=1))
        late = another().opens(link(town))
        assert (late.status, late.text) == (410, nowhere.text)

    def test_is_declined(self, town: Town, comes: Callable[..., Helper], path: str) -> None:
        carla = comes(proved("carla@example.com")).opens(path).sends(answer="decline")
        carla.is_at("/invitation/answered/declined").sees("You have declined")
        assert carla.opens(path).status == 410

    def test_needs_the_forms_token(self, comes: Callable[..., Helper], path: str) -> None:
        carla = comes(proved("carla@example.com")).opens(path)
        assert carla.client.post(path, {"answer": "accept"}).status_code == 403
        assert Invitation.objects.get().state == "sent"


class TestADesignee:
    @pytest.fixture
    def path(self, town: Town, ana: Customer, browser: Helper) -> str:
        page = browser.invites(
            ana.account, journey="name_designee", delegate_name="Dora Neighbour", delegate_email="dora@example.com"
        )
        page.sees("What Dora Neighbour will get", "they never have to pay for you").sends_the_invitation()
        return link(town, "dora@example.com")

    def test_agrees_in_writing_without_a_login(
        self, town: Town, ana: Customer, browser: Helper, visitor: Visitor, path: str, people: str
    ) -> None:
        visitor.opens(path).sees("You are not liable", "Version 1 of this text").sends(answer="agree")
        assert visitor.status == 422
        visitor.sees("Tick the box if you agree")
        visitor.sends(path, answer="agree", agree="yes").is_at("/invitation/answered/agreed").sees("You owe nothing")
        town.works()
        assert Designee.objects.get().wording_version == "1"
        browser.opens(people).sees("Dora Neighbour", "agreed in writing on")
        browser.opens(next(each for each in cards(browser) if "designees" in each)).sends()
        browser.sees("They get no copies")
        assert Designee.objects.get().ended_at

    def test_who_does_not_want_to_is_not_one(self, town: Town, visitor: Visitor, path: str) -> None:
        visitor.opens(path).sends(answer="decline").is_at("/invitation/answered/declined")
        town.works()
        assert not Designee.objects.exists()


class TestEnding:
    def test_takes_a_helper_the_account_on_their_next_click(
        self, ana: Customer, browser: Helper, comes: Callable[..., Helper], people: str
    ) -> None:
        carla = comes(factories.a_login("carla@example.com", account=ana.account, level="manage"))
        assert carla.opens(f"/account/accounts/{ana.account.pk}").status == 200
        browser.opens(people)
        (end,) = cards(browser)
        browser.opens(end).sees("End the access of").sends().sees("Access is ended")
        assert carla.opens(f"/account/accounts/{ana.account.pk}").status == 404
        assert browser.opens(end).status == 404

    def test_of_the_last_owner_is_kindly_refused(self, ana: Customer, browser: Helper, people: str) -> None:
        browser.opens(people).sees("You are the only owner, so you cannot leave yet")
        own = AccountAccess.objects.get(user=ana.user)
        assert browser.opens(f"{people}/{own.pk}/end").status == 409
        browser.sees("Invite somebody as an owner first")

    def test_of_another_owner_needs_a_fresh_proof(self, ana: Customer, browser: Helper, people: str) -> None:
        other = factories.a_login("ben@example.com", account=ana.account)
        held = AccountAccess.objects.get(user=other)
        browser.proved(minutes_ago=60).opens(f"{people}/{held.pk}/end").is_on_again_page()  # type: ignore[attr-defined]

    def test_is_not_for_what_staff_took_over(self, town: Town, ana: Customer, browser: Helper, people: str) -> None:
        held = AccountAccess.objects.get(user=factories.a_login("carla@example.com", account=ana.account, level="view"))
        flow.take_over_access(access_id=held.pk, actor=Actor(Role.STAFF, "7"), now=town.now)
        browser.opens(people).sees("Our staff look after this. Call us to change it.")
        assert cards(browser) == []
        assert browser.opens(f"{people}/{held.pk}/end").status == 409

    def test_is_for_helpers_themselves_who_leave(
        self, ana: Customer, comes: Callable[..., Helper], people: str
    ) -> None:
        carla = comes(factories.a_login("carla@example.com", account=ana.account, level="view")).opens(people)
        (end,) = cards(carla)
        carla.opens(end).sees("Leave this account?").sends().is_at("/account")
        assert carla.opens(people).status == 404

    def test_is_nothing_for_strangers_and_helpers(
        self, ana: Customer, comes: Callable[..., Helper], people: str
    ) -> None:
        own = AccountAccess.objects.get(user=ana.user)
        eve = comes(factories.a_login("eve@example.com"))
        vic = comes(factories.a_login("vic@example.com", account=ana.account, level="manage"))
        nowhere = eve.opens("/account/nowhere").text
        for page in (
            people,
            f"{people}/{own.pk}/end",
            "/account/groups",
            "/account/premises",
        ):
            assert (eve.opens(page).status, eve.text) == (404, nowhere), page
        assert vic.opens(f"{people}/{own.pk}/end").status == 404


class TestAnOrganisation:
    @pytest.fixture
    def olga(self, town: Town) -> Customer:
        town.now = timezone.now()
        return Customer(town, BAKERY)

    def test_gives_a_member_a_group_and_takes_an_account_out(
        self, town: Town, olga: Customer, comes: Callable[..., Helper]
    ) -> None:
        shop, page = and_another(olga), comes(olga.user)
        page.opens("/account/people").sees("Groups of accounts")
        page.opens("/account/groups").sees("Hearth Bakery Inc.", "No group yet")
        page.opens(f"/account/groups/new/{olga.person.pk}").sends(name="", accounts=[str(shop.pk)])
        assert page.status == 422
        page.sends(name="North", accounts=[str(shop.pk), str(olga.account.pk)]).sees("North", "Nobody yet")
        group = AccountGroup.objects.get()
        page.invites(olga.account, group=str(group.pk)).sees("The group “North”").sends_the_invitation()
        carla = comes(proved("carla@example.com"))
        carla.opens(link(town)).sees("Hearth Bakery Inc. asks for your help", "the group “North”").sends(
            answer="accept"
        )
        town.works()
        assert len(access.accounts_of(carla.user.pk, at=timezone.now())) == 2
        page.opens(f"/account/groups/{group.pk}").sees("Carla Day").sends(name="North", accounts=[str(olga.account.pk)])
        page.sees("Saved. It holds from now on.", "The group was changed")
        assert carla.opens(f"/account/accounts/{shop.pk}").status == 404
        assert carla.opens(f"/account/accounts/{olga.account.pk}").status == 200
        assert carla.opens(f"/account/groups/{group.pk}").status == 404
        (end,) = [each for each in cards(page) if "members" in each]
        page.opens(end).sends().sees("Access is ended")
        assert carla.opens(f"/account/accounts/{olga.account.pk}").status == 404

    def test_with_two_tabs_loses_nothing(self, town: Town, olga: Customer, comes: Callable[..., Helper]) -> None:
        group = flow.create_group(user=olga.user, person_id=olga.person.pk, name="North", account_ids=[], now=town.now)
        page = comes(olga.user).opens(f"/account/groups/{group.pk}")
        flow.change_group(group_id=group.pk, user=olga.user, name="South", account_ids=[], version=1, now=town.now)
        page.sends(name="East", version="1")
        assert page.status == 409
        page.sees("It is called “South” now").sends(name="East").sees("East", "Saved")

    def test_gives_up_a_group_that_nobody_uses(self, town: Town, olga: Customer, comes: Callable[..., Helper]) -> None:
        group = flow.create_group(user=olga.user, person_id=olga.person.pk, name="North", account_ids=[], now=town.now)
        page = comes(olga.user).opens(f"/account/groups/{group.pk}").sees("Give this group up")
        page.opens(f"/account/groups/{group.pk}/end").sends().is_at("/account/groups").sees("No group yet")

    def test_is_closed_to_other_customers(self, town: Town, olga: Customer, comes: Callable[..., Helper]) -> None:
        group = flow.create_group(user=olga.user, person_id=olga.person.pk, name="North", account_ids=[], now=town.now)
        eve = comes(Customer(town, BEN).user)
        for page in (
            "/account/groups",
            f"/account/groups/{group.pk}",
            f"/account/groups/new/{olga.person.pk}",
            f"/account/groups/{group.pk}/end",
        ):
            assert eve.opens(page).status == 404, page


def test_a_member_who_owns_nothing_looks_after_no_group(town: Town, comes: Callable[..., Helper]) -> None:
    town.now = timezone.now()
    olga = Customer(town, BAKERY)
    group = flow.create_group(
        user=olga.user, person_id=olga.person.pk, name="North", account_ids=[olga.account.pk], now=town.now
    )
    pia = factories.a_login("pia@example.com")
    gives(pia, level="manage", group=group)
    page = comes(pia)
    assert page.opens(f"/account/groups/{group.pk}").status == 404
    page.opens(f"/account/accounts/{olga.account.pk}/people").sees("Through the group “North”", "Leave")
