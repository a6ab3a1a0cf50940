"""Does an erasure leave what is still needed, and only that?"""

from datetime import timedelta

import pytest

from keyturn import flow
from keyturn.records.models import PersonAddress
from keyturn.terms.address import Address
from tests.flow.at_home import ELM, Customer
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


@pytest.mark.rule("K-64")
class TestAnAddressForBills:
    OLD = Address("1 Old Road", "", "Lumen", "OR", "97890")

    @pytest.fixture
    def old(self, town: Town, ana: Customer) -> None:
        """Her bills have gone to another address for years."""
        since = town.now - timedelta(days=900)
        PersonAddress.objects.create(
            person=ana.person, purpose="mailing", valid_from=since, recorded_at=since, **self.OLD.as_json()
        )

    def test_that_holds_stays_although_another_is_planned(self, town: Town, ana: Customer, old: None) -> None:
        ana.changes(
            "change_mailing_address", accounts=["all"], mailing_address=ELM, mail_elsewhere=True, when="day",
            from_day=town.day(60), to_day=town.day(90),
        )  # fmt: skip
        town.waits(days=4)
        flow.wake(now=town.now)
        town.works()
        erases(ana)
        assert [ana.file()["mailing.all"]["line1"], self.later(town, ana, 70), self.later(town, ana, 95)] == [
            "1 Old Road", "7 Elm Court", "1 Old Road",
        ]  # fmt: skip

    def test_that_is_over_goes(self, town: Town, ana: Customer, old: None) -> None:
        PersonAddress.objects.update(valid_to=town.now - timedelta(days=1))
        erases(ana)
        assert not PersonAddress.ever.filter(person=ana.person, line1="1 Old Road").exists()

    def later(self, town: Town, ana: Customer, days: int) -> str:
        then, town.now = town.now, town.now + timedelta(days=days)
        line = str(ana.file()["mailing.all"]["line1"])
        town.now = then
        return line
