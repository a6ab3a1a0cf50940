"""Does an erasure leave what is still needed, and only that?"""

import pytest

from tests.flow.at_home import Customer
from tests.flow.test_consents import says, told, wants
from tests.flow.test_privacy import erases
from tests.flow.town import Town


@pytest.fixture
def ana(town: Town) -> Customer:
    return Customer(town)


@pytest.mark.rule("C-30")
def test_a_number_that_said_stop_gets_no_texts_afterwards(ana: Customer) -> None:
    wants(ana, "outages", "sms")
    says(ana, "STOP")
    erases(ana)
    assert told(ana, "outages")["sms"] == "stopped"
