"""How is it entered, certified and ended that somebody depends on service?"""

import re
from datetime import timedelta

import pytest
from django.utils import timezone

from keyturn import flow
from keyturn.records.models import (
    MedicalCertification,
)
from keyturn.records.queries import care
from keyturn.terms.request import Actor, Role
from tests import factories
from tests.console.desk import Desk
from tests.flow.at_home import Customer
from tests.flow.town import BEN, Town


class TestLifeSupport:
    NEEDS = {"patient": "Eva Zelenko", "medical_kind": "life_support", "device": "Ventilator", "phone": "503 555 0142"}

    def test_is_entered_while_somebody_is_on_the_phone_certified_and_ended(
        self, rosa: Desk, town: Town, ana: Customer
    ) -> None:
        path = f"/console/accounts/{ana.account.pk}/life-support"
        rosa.opens(path).sees("Their word is enough")
        rosa.posts(path, **self.NEEDS, reason="")
        assert rosa.status == 422
        assert 'value="Ventilator"' in rosa.html
        rosa.posts(path, **self.NEEDS, reason="Her daughter called from her own number.").sees("Protected from now on")
        town.works()
        held = MedicalCertification.objects.get()
        rosa.opens("/console/life-support").sees("Eva Zelenko", "Ventilator", "certificate to come")
        today = timezone.localdate()
        act = f"/console/life-support/{held.pk}"
        rosa.posts(act, act="certify", first=today.isoformat(), last=today.isoformat(), certified_by="Dr Grey")
        assert rosa.status == 422
        assert "Dr Grey" in rosa.html
        rosa.posts(
            act, act="certify", first=(today - timedelta(days=1)).isoformat(),
            last=(today + timedelta(days=200)).isoformat(), certified_by="Dr Grey",
        )  # fmt: skip
        rosa.sees("The certificate is entered")
        rosa.posts(act, act="end", why="withdrawn", reason="She has moved to a home.").sees("The protection has ended")
        held.refresh_from_db()
        assert (held.state, held.ended_at is not None) == ("withdrawn", True)

    def test_whose_certificate_is_late_is_a_case_for_staff(self, rosa: Desk, town: Town, ana: Customer) -> None:
        flow.claim_care_at_desk(
            account_id=ana.account.pk, answers=self.NEEDS, reason="She called from her number.",
            actor=Actor(Role.STAFF, "7"), now=town.now, policy=town.policy,
        )  # fmt: skip
        MedicalCertification.objects.update(temporary_until=town.now - timedelta(hours=1))
        rosa.opens("/console").sees("Life support 1")
        rosa.opens("/console/life-support").sees("Late", "Eva Zelenko")
        assert MedicalCertification.objects.get().ended_at is None

    @pytest.mark.parametrize("act", ["certify", "end"])
    def test_whoever_stands_behind_many_others_is_reached_from_the_file(
        self, rosa: Desk, town: Town, ana: Customer, monkeypatch: pytest.MonkeyPatch, act: str
    ) -> None:
        """More are protected than one page lists, and Ana has moved away: where is hers?"""
        monkeypatch.setattr(care, "SHOWN", 3)
        person = factories.a_person(BEN)
        for hours in range(3):
            held = MedicalCertification(
                account=factories.an_account(person, town.house()), person=person, kind="life_support",
                state="temporary", claimed_at=town.now, temporary_until=town.now + timedelta(hours=hours + 1),
            )  # fmt: skip
            held.details = {"patient": "Ben"}
            held.save()
        rosa.posts(f"/console/accounts/{ana.account.pk}/life-support", **self.NEEDS, reason="She called us herself.")
        rosa.sees("Life support").opens("/console/life-support?tab=all").sees("Only the first 3 are listed")
        rosa.sees_nothing_of("Ventilator")
        found = re.search(r'href="(/console/life-support\?account=[^"]+)"', rosa.opens(self.keep(ana)).html)
        assert found is not None
        rosa.opens(found.group(1)).sees("Ventilator").sees_nothing_of("Ben")
        held = MedicalCertification.objects.get(account=ana.account)
        rosa.posts(f"/console/life-support/{held.pk}", act=act, reason="", certified_by="Dr Grey")
        assert rosa.status == 422
        rosa.sees("Ventilator")
        assert act == "end" or "Dr Grey" in rosa.html

    def test_that_has_ended_stands_on_the_file_no_more(self, rosa: Desk, town: Town, ana: Customer) -> None:
        rosa.posts(f"/console/accounts/{ana.account.pk}/life-support", **self.NEEDS, reason="She called us herself.")
        assert "life-support?account=" in rosa.opens(self.keep(ana)).html
        MedicalCertification.objects.update(ended_at=town.now)
        assert "life-support?account=" not in rosa.opens(self.keep(ana)).html
        assert rosa.opens("/console/life-support?account=nonsense").status == 200

    def keep(self, ana: Customer) -> str:
        return f"/console/persons/{ana.person.pk}/keep"
