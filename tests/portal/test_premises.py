"""Does a landlord find one place among hundreds, say what comes back, and never learn who lives there?"""

import re
from collections.abc import Callable
from html import unescape
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from keyturn.records.models import LandlordAgreement, User
from tests import factories
from tests.flow.at_home import Customer
from tests.flow.test_groups import BAKERY
from tests.flow.town import ANA, BEN, Town
from tests.portal.signed_in import SignedIn
from tests.trips import Trips


@pytest.fixture
def comes(town: Town) -> Callable[[User], SignedIn]:
    return lambda user: SignedIn(town, user)


class TestALandlord:
    @pytest.fixture
    def olga(self, town: Town) -> Customer:
        town.now = timezone.now()
        return Customer(town, BAKERY)

    def lets(self, olga: Customer, premises: list[Any]) -> list[LandlordAgreement]:
        return LandlordAgreement.objects.bulk_create(
            LandlordAgreement(
                account=olga.account, premise=each, services=["electric"], started_on=olga.town.now.date()
            )
            for each in premises
        )

    def test_sees_places_but_never_who_lives_there(
        self, town: Town, olga: Customer, comes: Callable[..., SignedIn]
    ) -> None:
        let, empty = town.house(line1="1200 Ferry Road"), town.house(line1="8 Quay Lane")
        town.serves(ANA, let)
        self.lets(olga, [let, empty, olga.premise])
        page = comes(olga.user).opens("/account/premises").sees("3 places")
        tags = re.findall(r'govuk-tag--\w+">([^<]+)<', page.html)
        assert sorted(unescape(each) for each in tags) == ["In a tenant's name", "In your name", "No service"]
        page.does_not_see("Zelenko", "ana@example.com")
        page.opens("/account/premises?state=served").sees("1200 Ferry Road").does_not_see("8 Quay Lane")
        page.opens("/account/premises?state=vacant").sees("8 Quay Lane").does_not_see("1200 Ferry Road")
        page.opens("/account/premises?q=ferry+1200").sees("1 place", "1200 Ferry Road")
        page.opens("/account/premises?q=nowhere").sees("No place fits")

    def test_says_what_comes_back(self, town: Town, olga: Customer, comes: Callable[..., SignedIn]) -> None:
        (held,) = self.lets(olga, [town.house()])
        path = f"/account/premises/{held.pk}"
        page = comes(olga.user).opens(path).sends(services=["electric", "gas"])
        page.sees("Saved. It holds from now on.")
        page.sends(path, services=["water"], version="1")
        assert page.status == 409
        page.sees("This was changed while you were here", "Electricity, Gas")
        page.opens("/account/premises").sees("Goes back to you: Electricity, Gas")
        assert comes(Customer(town, BEN).user).opens(path).status == 404

    def test_with_five_hundred_premises_waits_no_longer(
        self, town: Town, olga: Customer, comes: Callable[..., SignedIn]
    ) -> None:
        page = comes(olga.user)
        self.lets(olga, factories.many_premises(2))
        page.opens("/account/premises")
        with Trips(connection) as few:
            page.opens("/account/premises")
        self.lets(olga, factories.many_premises(498))
        with Trips(connection) as many:
            page.opens("/account/premises?page=20").sees("500 places", "page 20 of 20")
        assert len(many) == len(few) <= 20
        assert page.html.count("/account/premises/") == 25
