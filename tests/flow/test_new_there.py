"""Does somebody or something that only the CIS knows arrive here, through the door of an import?"""

from datetime import date

import pytest

from keyturn.flow import deliveries, hearing, inbound
from keyturn.records.models import (
    Account,
    CisAgreed,
    CisNews,
    DuplicatePair,
    Person,
    Premise,
    ServicePoint,
)
from keyturn.terms.cis import EstablishService
from keyturn.terms.premise import Service
from tests.flow.both_sides import Heard, contacts_of, heard, name_of
from tests.flow.test_deliveries import SARA, WHY
from tests.flow.test_inbound import RENAMED
from tests.flow.town import ANA, Town

__all__ = ["heard"]


class TestNewThere:
    ROW = {
        "ref": "X77", "kind": "person", "given_name": "Nora", "family_name": "Beck", "date_of_birth": "1990-05-06",
        "email": "nora@example.com", "phone": "+15035550163", "id_type": "passport", "id_value": "P55501",
        "line1": "3 Fir Street", "city": "Millbrook", "state": "OR", "postal_code": "97901", "country": "US",
    }  # fmt: skip

    @pytest.mark.rule("K-33")
    def test_somebody_whom_a_clerk_entered_comes_in_once(self, town: Town, heard: Heard) -> None:
        heard.desk.enter("persons", self.ROW)
        heard.listens()
        heard.listens()
        nora = Person.objects.get()
        assert (nora.ref, name_of(nora, town.now)) == ("X77", "Nora Beck")
        assert contacts_of(nora, "email", town.now) == ["nora@example.com"]
        assert CisAgreed.objects.filter(noun="person", ref="X77").exists()

    def test_who_looks_like_somebody_on_file_comes_in_and_staff_are_asked(self, town: Town, heard: Heard) -> None:
        town.knows(ANA)
        same = {
            "given_name": "Ana",
            "family_name": "Zelenko",
            "date_of_birth": "1985-03-27",
            "email": "ana@example.com",
        }
        heard.desk.enter("persons", {**self.ROW, **same, "id_type": "", "id_value": ""})
        heard.listens()
        assert Person.objects.count() == 2
        assert DuplicatePair.objects.count() == 1

    def test_their_account_and_its_premise_come_in_in_whichever_order_they_are_told(
        self, town: Town, heard: Heard
    ) -> None:
        place = {"ref": "PX1", "line1": "8 Larch Road", "city": "Millbrook", "state": "OR", "postal_code": "97901"}
        heard.desk.enter("persons", self.ROW)
        heard.desk.enter("premises", {**place, "country": "US", "division": "north", "service_types": "electric;gas"})
        account = {"ref": "AX1", "person_ref": "X77", "premise_ref": "PX1", "customer_class": "residential"}
        heard.desk.enter("accounts", {**account, "status": "active", "start_date": "2026-11-01", "balance": "12.00"})
        heard.listens()
        found = Account.objects.get(ref="AX1")
        assert found.people.get().person.ref == "X77"
        assert {each.service_point.service for each in found.agreements.all()} == {"electric", "gas"}
        assert found.agreements.exclude(ref=None).count() == 2
        assert heard.waiting == {}

    def test_a_premise_is_taken_in_where_the_cis_says_another_thing_of_it_and_only_there(
        self, town: Town, heard: Heard, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        row = {"ref": "PX1", "line1": "8 Larch Road", "city": "Millbrook", "state": "OR", "postal_code": "97901"}
        row |= {"line2": "", "country": "US", "division": "north", "service_types": "electric;gas"}
        taken: list[str] = []
        real = inbound._take_in
        monkeypatch.setattr(
            inbound, "_take_in", lambda kind, ref, *rest, **more: taken.append(ref) or real(kind, ref, *rest, **more)
        )
        moved = row | {"line1": "9 Larch Road"}
        for said in (row, row, moved, moved | {"service_types": "electric;gas;water"}):
            heard.desk.enter("premises", said)
            hearing.changed_in_cis(noun="premise", ref="PX1", now=town.now)
            heard.listens()
            held = Premise.objects.get(ref="PX1")
            assert (held.line1, set(held.services)) == (said["line1"], set(said["service_types"].split(";")))
        assert taken == ["PX1"] * 3, "only what is not on file already is taken in"

    @pytest.mark.parametrize("minutes", [2, 30])
    def test_what_waited_long_for_a_delivery_then_waits_for_its_place_too(
        self, town: Town, heard: Heard, minutes: int
    ) -> None:
        """Ana's request stands with staff, and the CIS tells of an account of hers alone, at a place that is not on file."""
        ana = town.knows(ANA)
        heard.listens()
        town.cis_is(script=[{"fault": "refuses"}])
        case = town.moves_in(ANA)
        place = town.house()
        made = town.cis.send(
            EstablishService(
                request_reference="C-1", premise_ref=place.ref, services=(Service("electric"),), language="en",
                start_date=date.fromisoformat(town.day(1)), customer_class="residential", division=place.division,
                person_ref=ana.ref,
            ),
            key="clerk-1",
        )  # fmt: skip
        hearing.hear(now=town.now, policy=town.policy)
        CisNews.objects.all().delete()
        ServicePoint.objects.filter(premise=place).delete()
        place.delete()
        hearing.changed_in_cis(noun="account", ref=made.account_ref, now=town.now)
        for _ in range(minutes):
            heard.waits(minutes=1)
        deliveries.discard(request_id=case.id, reason=WHY, by=SARA, now=town.now, policy=town.policy)
        for _ in range(10):
            heard.waits(minutes=2)
        assert Account.objects.filter(ref=made.account_ref).exists(), heard.cases
        assert heard.cases == {}

    def test_what_no_import_would_let_in_is_a_case(self, town: Town, heard: Heard) -> None:
        heard.desk.enter("persons", {**self.ROW, "date_of_birth": "1790-01-01"})
        heard.listens()
        assert Person.objects.count() == 0
        assert heard.cases == {("X77", "K-07"): "unfit"}

    def test_whoever_was_erased_here_does_not_come_back(self, town: Town, heard: Heard) -> None:
        ana = town.knows(ANA, flags=("erased",))
        heard.there(ana, RENAMED)
        heard.listens()
        assert name_of(ana, town.now) == "Ana Zelenko"
