"""Can a signed-in customer ask about their own data in the portal, and fetch what they asked for?"""

import io
import zipfile

import pytest

from keyturn import flow
from keyturn.records.models import Document, PrivacyCase, Reading
from keyturn.terms.request import Actor, Role
from tests import factories
from tests.flow.at_home import Customer
from tests.flow.town import BEN, Town
from tests.portal.signed_in import SignedIn


@pytest.fixture
def ana(town: Town) -> Customer:
    from django.utils import timezone

    town.now = timezone.now()
    return Customer(town)


def asks(ana: Customer, kind: str) -> SignedIn:
    """From the button to the end, as a browser does it."""
    browser = SignedIn(ana.town, ana.user).opens("/account/held").changes("privacy_request")
    return browser.sees("What would you like?").sends(privacy=kind)


def test_a_copy_is_asked_for_made_and_fetched(ana: Customer) -> None:
    browser = asks(ana, "copy")
    assert browser.path.endswith("/check")
    browser.sees("Get a copy of everything you hold about me").sends()
    assert browser.path.endswith("/done"), browser.text
    ana.town.works()
    reference = PrivacyCase.objects.get().request.reference
    browser.opens(f"/account/requests/{reference}").sees("about-you.zip")
    assert f"/account/requests/{reference}/copy" in browser.html
    browser.opens(f"/account/requests/{reference}/copy")
    assert "attachment" in browser.page["Content-Disposition"]
    archive = zipfile.ZipFile(io.BytesIO(browser.page.content))
    assert "Zelenko" in archive.read("everything.json").decode()
    assert Reading.objects.filter(what="export", person=ana.person).count() == 1


def test_the_copy_is_not_given_to_an_old_session_or_to_somebody_else(ana: Customer) -> None:
    asks(ana, "copy").sends()
    ana.town.works()
    case = PrivacyCase.objects.get()
    address = f"/account/requests/{case.request.reference}/copy"
    old = SignedIn(ana.town, ana.user).proved(30).opens(address)
    assert "/signin/again" in old.path and "Content-Disposition" not in old.page
    ben = SignedIn(ana.town, Customer(ana.town, BEN).user).opens(address)
    assert ben.status == 404
    helper = factories.a_login("helper@example.com", account=ana.account, level="manage")
    assert SignedIn(ana.town, helper).opens(address).status == 404
    assert case.document is not None
    assert SignedIn(ana.town, ana.user).opens(f"/documents/{case.document.pk}").status == 404, "only by its own door"


def test_an_erasure_says_what_it_means_before_it_is_sent(ana: Customer) -> None:
    browser = asks(ana, "erasure")
    browser.sees("Two of our staff look at it first").sends()
    browser.sees("I understand that it cannot be brought back")
    browser.sends(privacy_sure=["sure"])
    assert browser.path.endswith("/check")
    browser.sends()
    ana.town.works()
    assert PrivacyCase.objects.get().kind == "erasure"
    assert not Document.objects.exists()


def test_what_is_wrong_is_said_in_their_own_words(ana: Customer) -> None:
    browser = asks(ana, "correction").sends(privacy_words="My move-in date is wrong.").sees("My move-in date is wrong.")
    browser.sends()
    ana.town.works()
    reference = PrivacyCase.objects.get().request.reference
    browser.opens(f"/account/requests/{reference}").sees("My move-in date is wrong.")


def test_the_page_shows_what_is_held_and_why(ana: Customer) -> None:
    browser = SignedIn(ana.town, ana.user).opens("/account/held")
    browser.sees("Zelenko", "To know you again, and not to take you for somebody else.", "•••• 4567")
    browser.does_not_see("D1234567")


def test_what_stays_after_an_erasure_is_said_with_its_reason(ana: Customer) -> None:
    asks(ana, "erasure").sends().sends(privacy_sure=["sure"]).sends()
    ana.town.works()
    case = PrivacyCase.objects.get()
    for number in ("901", "902"):
        flow.review(request_id=case.request_id, decision="approve", actor=Actor(Role.STAFF, number), now=ana.town.now,
                    policy=ana.town.policy)  # fmt: skip
        ana.town.works()
    browser = SignedIn(ana.town, ana.user).opens(f"/account/requests/{case.request.reference}")
    browser.sees("What stays, and why", "You are a customer", "Names", "by numbers and codes")
