"""Are the console's pages for keeping information true good in a real browser: axe, a phone, no JavaScript?"""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Page

from keyturn import flow
from keyturn.records.models import AccountAccess, Proposal, RedFlag, Request
from keyturn.terms.address import Address
from keyturn.terms.request import Actor, Role
from tests.browser.inspection import complaints
from tests.console.desk import Desk
from tests.flow.at_home import Customer
from tests.flow.town import ANA, Town

STAFF = Actor(Role.STAFF, "7")


@pytest.fixture
def pages(town: Town) -> dict[str, str]:
    """Every page of this part, with something on it."""
    town.now = timezone.now()
    cache.clear()
    ana = Customer(town, replace(ANA, addresses=(Address("5 Orchard Court", "", "Millbrook", "OR", "97901"),)))
    town.moves_in(ANA, phone="503 555 0177")
    AccountAccess.objects.filter(user=ana.user).update(since=town.now - timedelta(days=2), proof="sms")
    change = ana.changes("change_name", family_name="Bauer", name_reason="marriage")
    RedFlag.objects.get_or_create(trigger="stopped", person=ana.person, user=ana.user, defaults={"opened_at": town.now})
    flow.claim_care_at_desk(
        account_id=ana.account.pk, answers={"patient": "Eva Zelenko", "device": "Ventilator", "phone": "503 555 0142"},
        reason="She called from her number.", actor=STAFF, now=town.now, policy=town.policy,
    )  # fmt: skip
    person, account = f"/console/persons/{ana.person.pk}", f"/console/accounts/{ana.account.pk}"
    access = AccountAccess.objects.get(user=ana.user)
    assert Proposal.objects.filter(state="open").exists()
    return {
        "queue": "/console", "change": f"/console/requests/{change.request.reference}", "cases": "/console/cases",
        "service": f"/console/requests/{Request.objects.get(journey='start_service').reference}",
        "keep": f"{person}/keep", "name": f"{person}/change/name", "phone": f"{person}/change/phone/{ana.contact('phone')}",
        "address": f"{person}/change/address", "take_over": f"{person}/access/{access.pk}/take-over",
        "grant": f"{person}/accounts/{ana.account.pk}/grant", "care": "/console/life-support?tab=all",
        "care_claim": f"{account}/life-support",
    }  # fmt: skip


@pytest.fixture
def sits_down(opens: Callable[..., Page], town: Town, live_server: Any) -> Callable[..., Page]:
    """Sofia, a supervisor, who has signed in."""

    def sit_down(**how: object) -> Page:
        page = opens(**how)
        desk = Desk(town, Client(), "sofia", role="supervisor")
        page.context.add_cookies(
            [{"name": "sessionid", "value": desk.client.cookies["sessionid"].value, "url": live_server.url}]
        )
        return page

    return sit_down


def test_axe_finds_nothing_and_nothing_is_wider_than_the_screen(
    pages: dict[str, str], sits_down: Callable[..., Page]
) -> None:
    page = sits_down()
    for name, path in pages.items():
        page.goto(path)
        assert complaints(page, name) == []


def test_a_file_is_put_right_without_javascript_on_a_phone(
    pages: dict[str, str], sits_down: Callable[..., Page]
) -> None:
    page = sits_down(width=390, javascript=False)
    page.goto(pages["name"])
    page.get_by_label("Given name").fill("Anna")
    page.get_by_label("It was wrong: it never was so").check()
    page.get_by_label("Who told you, and how do you know that it is they?").fill("She showed her passport.")
    page.get_by_role("button", name="Save").click()
    assert "Changed. The customer and the CIS are told" in page.inner_text("main")
    assert "Anna Zelenko" in page.inner_text("h1")
