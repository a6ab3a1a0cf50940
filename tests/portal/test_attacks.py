"""What do somebody's open browser, a borrowed link and a form that was written by hand get out of the pages?"""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.test import Client
from django.utils import timezone

from keyturn.records.models import AccountAccess, Document, PersonAddress, PersonContact, Request
from tests import factories
from tests.flow.at_home import Customer
from tests.flow.town import BEN, Town
from tests.portal.signed_in import SignedIn

FOREIGN = ("//evil.example", "/\\evil.example", "https://evil.example", "javascript:alert(1)", "///evil.example/%2e")


@pytest.fixture
def ana(town: Town) -> Customer:
    town.now = timezone.now()
    return Customer(town)


@pytest.fixture
def browser(town: Town, ana: Customer) -> SignedIn:
    return SignedIn(town, ana.user)


@pytest.fixture
def comes(town: Town) -> Callable[..., SignedIn]:
    return lambda user: SignedIn(town, user)


def helper(ana: Customer, level: str = "manage") -> Any:
    return factories.a_login("helper@example.com", account=ana.account, level=level)


class TestAFormWrittenByHand:
    def test_does_not_put_an_account_that_somebody_only_looks_after_into_a_change_of_their_own(
        self, town: Town, ana: Customer, comes: Callable[..., SignedIn]
    ) -> None:
        ben = Customer(town, BEN)
        for account, own in (
            (factories.an_account(ben.person, town.house(line1="9 Other Street")), True),
            (ana.account, False),
        ):
            AccountAccess.objects.create(
                user=ben.user, account=account, person=ben.person if own else None, level="manage", proof="staff",
                capacity="self" if own else "delegate", since=town.now - timedelta(days=90), granted_by="staff:1",
            )  # fmt: skip
        page = comes(ben.user).opens("/account/you").sends("/account/change", journey="change_mailing_address")
        page.is_on("accounts").sends(accounts=str(ana.account.pk))
        assert page.status == 422
        assert page.request.answers.get("accounts") == []
        assert not PersonAddress.ever.filter(account=ana.account).exists()

    @pytest.mark.parametrize("journey", ["change_name", "change_contact", "privacy_request"])
    def test_begins_nothing_about_who_the_owner_is(
        self, ana: Customer, comes: Callable[..., SignedIn], journey: str
    ) -> None:
        page = comes(helper(ana, "owner")).opens(f"/account/accounts/{ana.account.pk}")
        page.sends(
            "/account/change",
            journey=journey,
            account=str(ana.account.pk),
            contact_id="new",
            channel="phone",
            act="set",
        )
        assert page.status == 404
        assert not Request.objects.filter(journey=journey).exists()

    @pytest.mark.parametrize("journey", ["link_account", "start_service", "end_access", "nonsense"])
    def test_begins_no_other_kind_of_journey(self, ana: Customer, browser: SignedIn, journey: str) -> None:
        browser.opens("/account/you").sends("/account/change", journey=journey)
        assert browser.status == 404

    def test_of_another_site_changes_nothing(self, ana: Customer) -> None:
        client = Client(enforce_csrf_checks=True)
        client.force_login(ana.user, backend="allauth.account.auth_backends.AuthenticationBackend")
        client.post("/account/change", {"journey": "change_name"}, headers={"origin": "https://evil.example"})
        assert not Request.objects.filter(user=ana.user).exists()


class TestAnOpenBrowser:
    def test_sends_nothing_sensitive_without_a_new_proof_even_where_a_question_of_staff_is_answered(
        self, town: Town, ana: Customer, browser: SignedIn
    ) -> None:
        ana.person.flags = ["fraud"]
        ana.person.save()
        change = ana.changes(
            "change_contact", contact_id=ana.contact("phone"), channel="phone", act="set", phone="503 555 0199"
        )
        change.staff("ask", "Is this number yours?")
        Request.objects.filter(pk=change.id).update(submitted_at=town.now - timedelta(days=1))
        change.request.events.filter(what="submitted").update(at=town.now - timedelta(days=1))
        change.request.evidence.filter(kind="login").update(at=town.now - timedelta(days=1))
        reference = change.request.reference
        browser.proved(minutes_ago=60)
        browser.opens(f"/account/change/{reference}/phone").sends(phone="503 555 0666", contact_type="mobile")
        browser.opens(f"/account/requests/{reference}").sends(reply="Yes, it is.")
        browser.is_on_again_page()
        assert change.request.standing == "customer"
        assert not PersonContact.objects.filter(value__contains="0666").exists()

    def test_of_another_login_of_the_same_account_does_not_find_the_draft(
        self, ana: Customer, browser: SignedIn, comes: Callable[..., SignedIn]
    ) -> None:
        draft = ana.begins("change_name").request
        partner = factories.a_login("partner@example.com", account=ana.account, person=ana.person)
        page = comes(partner)
        for path in ("name", "check", "choose", "prove", "code", "done"):
            assert page.opens(f"/account/change/{draft.reference}/{path}").status == 404, path
        assert page.opens(f"/account/requests/{draft.reference}").status == 404

    def test_does_not_prove_by_a_mail_what_a_second_factor_is_to_prove(
        self, ana: Customer, browser: SignedIn, mailoutbox: list[Any]
    ) -> None:
        TOTP.activate(ana.user, generate_totp_secret())
        browser.proved(minutes_ago=60)
        page = browser.client.post("/signin/again/code?next=/account", {"action": "send"})
        assert page.status_code in (302, 403)
        browser.opens("/signin/again/code?next=/account")
        assert "/again/code" not in browser.path
        assert mailoutbox == []

    @pytest.mark.parametrize("where", FOREIGN)
    def test_is_not_led_away_after_the_proof(self, browser: SignedIn, where: str) -> None:
        page = browser.client.get("/signin/again/code", {"next": where})
        assert "evil" not in page.headers.get("Location", "")
        assert f'value="{where}"' not in page.content.decode()

    def test_fetches_the_copy_of_everything_by_its_own_door_only(
        self, town: Town, ana: Customer, browser: SignedIn
    ) -> None:
        ana.changes("privacy_request", privacy="copy")
        held = Document.objects.get(purpose="privacy_copy")
        assert browser.opens(f"/documents/{held.pk}").status == 404
        reference = Request.objects.get(journey="privacy_request").reference
        browser.proved(minutes_ago=60)
        assert browser.opens(f"/account/requests/{reference}/copy").is_on_again_page()
        browser.proved(0)
        AccountAccess.objects.filter(user=ana.user).update(ended_at=timezone.now())
        assert browser.opens(f"/account/requests/{reference}/copy").status == 404


class TestAStranger:
    def test_with_a_login_finds_nothing_of_others(self, ana: Customer, comes: Callable[..., SignedIn]) -> None:
        change = ana.changes("change_preferences", language="es")
        page = comes(factories.a_login("stranger@example.com"))
        for path in (
            f"/account/accounts/{ana.account.pk}", f"/account/accounts/{ana.account.pk}/people",
            f"/account/requests/{change.request.reference}", f"/account/requests/{change.request.reference}/withdraw",
            f"/account/change/{change.request.reference}/done", "/account/you", "/account/held",
        ):  # fmt: skip
            page.opens(path).does_not_see("Zelenko", "ana@example.com")

    def test_who_is_staff_sees_no_customers_pages(self, ana: Customer, comes: Callable[..., SignedIn]) -> None:
        rosa = factories.a_login("rosa@utility.example")
        rosa.staff_role = "admin"
        rosa.save()
        assert comes(rosa).opens(f"/account/accounts/{ana.account.pk}").status in (403, 404)

    def test_who_is_a_customer_sees_no_console(self, browser: SignedIn) -> None:
        assert browser.opens("/console").status in (403, 404) or "/signin" in browser.path
        browser.does_not_see("Queue", "Red flags")

    @pytest.mark.parametrize(
        "path", ["/stop/{0}", "/unsubscribe/{0}", "/invitation/{0}", "/resume/{0}", "/claim/stop/{0}"]
    )
    def test_with_a_made_up_link_learns_nothing_and_no_other_site_is_told_the_link(
        self, town: Town, comes: Callable[..., SignedIn], path: str
    ) -> None:
        client = Client()
        for token in ("x" * 43, "..", "%00", "a" * 2000):
            page = client.get(path.format(token))
            assert page.status_code < 500
            assert page.headers.get("Referrer-Policy") in ("same-origin", "no-referrer")


class TestSomebodyOnTheSameAccount:
    def test_does_not_read_what_we_asked_another_about_their_own_change(
        self, town: Town, ana: Customer, comes: Callable[..., SignedIn]
    ) -> None:
        ana.person.flags = ["fraud"]
        ana.person.save()
        change = ana.changes("change_name", account=ana.account, given_name="Anna", name_reason="other")
        change.staff("ask", "Do you live with Victor now?")
        town.works()
        partner = factories.a_login("partner@example.com", account=ana.account, person=town.knows(BEN))
        comes(partner).opens("/account/messages").does_not_see(change.request.reference)
        assert change.request.messages.exists()
        for each in change.request.messages.all():
            assert comes(partner).opens(f"/account/messages/{each.pk}").status == 404
