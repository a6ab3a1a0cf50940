"""Do staff see what an erasure would leave before they agree, and can they say that it takes longer?"""

from collections.abc import Callable

import pytest

from keyturn.records.models import PrivacyCase
from tests.console.desk import Desk
from tests.flow.at_home import Customer
from tests.flow.town import Town


@pytest.fixture
def address(town: Town, rosa: Desk) -> str:
    Customer(town).changes("privacy_request", privacy="erasure", privacy_sure=["sure"])
    return f"/console/requests/{PrivacyCase.objects.get().request.reference}"


def test_what_would_stay_is_said_before_anybody_agrees(rosa: Desk, address: str) -> None:
    rosa.opens(address)
    assert f"{address}/own-data" in rosa.html
    rosa.opens(f"{address}/own-data")
    assert "What serving and billing them needs" in rosa.text
    assert "0 of 2" in rosa.text


def test_two_members_of_staff_agree_in_the_console(
    town: Town, desk: Callable[..., Desk], rosa: Desk, address: str
) -> None:
    for name, agreed in (("rosa", "1 of 2"), ("rosa", "1 of 2")):
        colleague = rosa if name == "rosa" else desk(name)
        _approves(town, colleague, address)
        assert agreed in rosa.opens(f"{address}/own-data").text
        assert PrivacyCase.objects.get().outcome == ""
    _approves(town, desk("emil"), address)
    assert PrivacyCase.objects.get().outcome == "partly"


def _approves(town: Town, colleague: Desk, address: str) -> None:
    colleague.opens(address)
    hidden = {name: colleague.hidden(name) for name in ("version", "seen")}
    colleague.posts(f"{address}/decide", **hidden, decision="approve")
    town.works()


def test_the_clock_is_set_on_with_a_reason(town: Town, rosa: Desk, address: str) -> None:
    rosa.opens(f"{address}/own-data").posts(f"{address}/own-data", reason="")
    assert rosa.status == 422 and "Say why in a sentence" in rosa.text
    rosa.posts(f"{address}/own-data", reason="Your old bills lie in the archive.")
    town.works()
    assert PrivacyCase.objects.get().extended
    assert "set on once already" in rosa.opens(f"{address}/own-data").text
    assert "in the archive" in town.mails("ana@example.com")[-1].get_content()


def test_another_request_has_no_such_page(town: Town, rosa: Desk) -> None:
    customer = Customer(town)
    case = customer.changes("change_contact", contact_id="new", channel="phone", act="set", phone="503 555 0199")
    rosa.opens(f"/console/requests/{case.request.reference}/own-data")
    assert rosa.status == 404
