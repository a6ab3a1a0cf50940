"""Where registry and CIS have come apart: is it found, counted, put right, or asked about?"""

from collections import Counter
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from keyturn import flow
from keyturn.flow import inbound, reconciling
from keyturn.records.models import (
    Account,
    CisAgreed,
    CisDifference,
    Drift,
    Person,
    PersonContact,
    PersonName,
    Reconciliation,
    Request,
    ServiceAgreement,
)
from keyturn.terms.change import ContactChange, DetailChange, NameChange
from keyturn.terms.errors import Invalid, NotAllowed, StaleVersion, Unavailable
from keyturn.terms.request import Actor, Role
from tests import factories
from tests.flow.both_sides import Heard, contacts_of, heard, name_of
from tests.flow.test_inbound import RENAMED
from tests.flow.town import ANA, BEN, COMPLETED, Town

__all__ = ["heard"]
ROSA, OTTO = Actor(Role.STAFF, "rosa"), Actor(Role.STAFF, "otto")


def compared(town: Town, *, parts: tuple[str, ...] = reconciling.PARTS, most: int = 100) -> Reconciliation:
    run = flow.start_reconciliation(by="staff:rosa", parts=parts, fresh=True, now=town.now)
    for _ in range(200):
        run = flow.go_on(run.pk, now=town.now, policy=town.policy, most=most)
        if run.ended_at:
            return run
    raise AssertionError("it never ends")


def put_right(town: Town, run: Reconciliation) -> Counter[str]:
    """Repair everything that was found; what became of it."""
    found = [
        flow.repair_drift(each.pk, actor=ROSA, now=town.now, policy=town.policy) for each in run.found.order_by("id")
    ]
    return Counter(found)


class TestADifferenceIsSettled:
    @pytest.fixture
    def case(self, town: Town, heard: Heard) -> CisDifference:
        """Ana's name was changed on both sides since they last agreed."""
        ana = town.knows(ANA)
        heard.there(ana, DetailChange("language", "es"))
        heard.listens()
        PersonName.objects.filter(person=ana, name_type="primary").update(family_name="Zelenko-Ruiz")
        heard.there(ana, RENAMED)
        heard.listens()
        town.now += timedelta(hours=1)
        return CisDifference.objects.get()

    def settled(self, town: Town, case: CisDifference, keep: str, **more: Any) -> CisDifference:
        found = flow.settle_difference(
            difference_id=case.pk, keep=keep, now=town.now, policy=town.policy,
            **{"reason": "Her licence says so.", "version": case.version, "actor": ROSA, **more},
        )  # fmt: skip
        town.works()
        return found

    def test_theirs_is_taken_over(self, town: Town, heard: Heard, case: CisDifference) -> None:
        self.settled(town, case, "theirs")
        ana = Person.objects.get()
        assert name_of(ana, town.now) == "Ana Marquez"
        heard.listens()
        assert (heard.cases, compared(town).drift) == ({}, {})

    def test_ours_stays_and_the_cis_is_told(self, town: Town, heard: Heard, case: CisDifference) -> None:
        self.settled(town, case, "ours")
        ana = Person.objects.get()
        assert name_of(ana, town.now) == "Ana Zelenko-Ruiz"
        told = Request.objects.get(journey="put_right")
        assert (told.outcome, told.begun_by) == ("completed", "staff:rosa")
        assert town.cis.read("person", ana.ref)["names"][0]["family_name"] == "Zelenko-Ruiz"
        heard.listens()
        assert (heard.cases, compared(town).drift) == ({}, {})

    def test_a_contact_that_is_ours_takes_the_place_of_theirs(self, town: Town, heard: Heard) -> None:
        ana = town.knows(ANA)
        heard.there(ana, DetailChange("language", "es"))
        heard.listens()
        PersonContact.objects.filter(person=ana, channel="email").update(
            value="ours@example.com", normalised="ours@example.com"
        )
        heard.there(ana, ContactChange("email", "theirs@example.com", replaces="ana@example.com"))
        heard.listens()
        self.settled(town, CisDifference.objects.get(field="email"), "ours")
        there = [each["value"] for each in town.cis.read("person", ana.ref)["contacts"] if each["routing"] == "email"]
        assert there == contacts_of(ana, "email", town.now) == ["ours@example.com"]
        heard.listens()
        assert compared(town).drift == {}

    @pytest.mark.rule("K-36")
    def test_whoever_settles_it_says_why(self, town: Town, case: CisDifference) -> None:
        with pytest.raises(Invalid) as problem:
            self.settled(town, case, "ours", reason=" ")
        assert [each.rule for each in problem.value.findings] == ["K-36"]

    def test_not_when_the_cis_has_changed_it_again_since(self, town: Town, heard: Heard, case: CisDifference) -> None:
        ana = Person.objects.get()
        heard.there(ana, NameChange("primary", given_name="Ana", family_name="Third"))
        heard.listens()
        with pytest.raises(StaleVersion):
            self.settled(town, case, "theirs")
        assert name_of(ana, town.now) == "Ana Zelenko-Ruiz"

    def test_not_when_ours_is_no_longer_what_was_shown(self, town: Town, case: CisDifference) -> None:
        PersonName.objects.filter(name_type="primary").update(family_name="Fourth")
        with pytest.raises(StaleVersion):
            self.settled(town, case, "theirs")
        again = CisDifference.objects.get()
        assert again.values["ours"]["family_name"] == "Fourth"
        assert self.settled(town, again, "theirs").state == "theirs"

    def test_not_when_ours_has_become_what_theirs_is(self, town: Town, case: CisDifference) -> None:
        PersonName.objects.filter(name_type="primary").update(family_name="Marquez")
        with pytest.raises(NotAllowed, match="settled_already"):
            self.settled(town, case, "ours")
        assert CisDifference.objects.get().state == "gone"

    def test_not_twice_and_not_in_a_way_that_makes_no_sense(self, town: Town, case: CisDifference) -> None:
        with pytest.raises(NotAllowed, match="not_possible"):
            self.settled(town, case, "seen")
        self.settled(town, case, "theirs")
        for actor, says in ((OTTO, "settled_already"), (ROSA, "done_by_you")):
            with pytest.raises(NotAllowed, match=says):
                self.settled(town, CisDifference.objects.get(), "theirs", actor=actor)


class TestNothingDiffers:
    def test_after_what_a_town_does_in_a_day(self, town: Town, heard: Heard) -> None:
        """Newcomers, customers who move, an address for bills elsewhere: what we had delivered is no drift."""
        town.serves(BEN, town.house())
        mail = {"line1": "7 Elm Row", "line2": "", "city": "Millbrook", "state": "OR", "postal_code": "97901"}
        elsewhere = {"mail_elsewhere": True, "mailing_address": {**mail, "country": "US"}}
        assert town.moves_in(ANA, **elsewhere).status == COMPLETED
        assert town.moves_in(BEN).status == COMPLETED
        run = compared(town)
        assert run.drift == {}, list(Drift.objects.values_list("kind", "ref", "field"))
        assert run.compared["persons"] == 2
        heard.listens()
        assert compared(town).drift == {}
        assert heard.cases == {}

    def test_what_is_on_its_way_is_no_drift(self, town: Town, heard: Heard) -> None:
        town.knows(ANA)
        town.cis_is("answer_lost", calls=["send"])
        assert town.moves_in(ANA).delivery.state == "in_doubt"
        town.cis_is()
        assert compared(town).drift == {}


class TestWhatDiffersIsFoundAndPutRight:
    def test_each_kind_once(self, town: Town, heard: Heard) -> None:
        people = {
            name: town.serves(replace(ANA, given_name=name, emails=(f"{name}@example.com",), phones=(),
                                      identifiers=()), town.house())
            for name in ("Theirs", "Ours", "Both", "Gone")
        }  # fmt: skip
        for person in people.values():
            heard.there(person, DetailChange("paperless", "yes"))
        heard.listens()
        heard.there(people["Theirs"], DetailChange("language", "es"))
        PersonName.objects.filter(person=people["Ours"], name_type="primary").update(family_name="Other")
        PersonName.objects.filter(person=people["Both"], name_type="primary").update(family_name="Other")
        heard.there(people["Both"], RENAMED)
        Person.objects.filter(pk=people["Gone"].pk).update(ref="GONE")
        heard.desk.enter("persons", {"ref": "NEW", "kind": "person", "given_name": "Nora", "family_name": "Beck"})
        run = compared(town)
        assert {kind: run.drift[kind] for kind in ("theirs_is_newer", "ours_is_newer", "both_changed")} == {
            "theirs_is_newer": 1, "ours_is_newer": 1, "both_changed": 1,
        }  # fmt: skip
        assert run.drift["missing_in_cis"] == 1
        missing = set(run.found.filter(kind="missing_here").values_list("noun", "ref"))
        assert ("person", "NEW") in missing
        became = put_right(town, run)
        town.works()
        heard.listens()
        heard.listens()
        assert became["review"] >= 2
        assert people["Theirs"].__class__.objects.get(pk=people["Theirs"].pk).language == "es"
        assert town.cis.read("person", people["Ours"].ref)["names"][0]["family_name"] == "Other"
        assert Person.objects.filter(ref="NEW").exists()
        assert set(heard.cases.values()) >= {"both_changed", "missing_in_cis"}
        assert set(compared(town).drift) <= {"both_changed", "missing_in_cis", "main_customer", "unknown_reference"} | {
            "missing_here"
        }

    @pytest.mark.rule("K-37")
    def test_a_repair_looks_again_before_it_changes_anything(self, town: Town, heard: Heard) -> None:
        ana = town.knows(ANA)
        heard.there(ana, DetailChange("paperless", "yes"))
        heard.listens()
        PersonName.objects.filter(person=ana, name_type="primary").update(family_name="Other")
        run = compared(town)
        assert run.drift == {"ours_is_newer": 1}
        PersonName.objects.filter(person=ana, name_type="primary").update(family_name="Zelenko")
        assert put_right(town, run) == {"gone": 1}
        assert not Request.objects.exists()

    def test_what_the_cis_lost_is_told_again(self, town: Town, heard: Heard) -> None:
        case = town.moves_in(ANA)
        assert case.status == COMPLETED
        person = case.request.person
        heard.listens()
        with town.cis._link.writing() as cursor:  # yesterday's backup was restored
            cursor.execute("DELETE FROM command")
            cursor.execute("UPDATE person_name SET family_name = 'Before' WHERE person_ref = %s", (person.ref,))
        run = compared(town)
        assert run.drift["effect_missing"] >= 1
        assert "theirs_is_newer" not in run.drift
        drift = run.found.get(kind="effect_missing", noun="person")
        assert flow.repair_drift(drift.pk, actor=ROSA, now=town.now, policy=town.policy) == "repaired"
        town.works()
        assert name_of(person, town.now) == "Ana Zelenko"
        assert town.cis.read("person", person.ref)["names"][0]["family_name"] == "Zelenko"
        with (
            town.cis._link.writing() as cursor
        ):  # the customer contacts went with the backup: the audit of the CIS itself
            cursor.execute("DELETE FROM command WHERE name = 'EstablishService'")

    def test_what_was_done_there_under_a_key_that_no_request_has_is_a_case(self, town: Town, heard: Heard) -> None:
        case = town.moves_in(ANA)
        key = case.delivery.key
        other = key.replace(case.request.reference, "KT-AAAA-BBBB")
        with town.cis._link.writing() as cursor:
            cursor.execute("UPDATE change SET key = %s WHERE key = %s", (other, key))
        run = compared(town, parts=("changes",))
        assert run.drift == {"effect_without_request": 1}
        assert put_right(town, run) == {"review": 1}

    def test_a_live_agreement_that_the_cis_does_not_have_is_a_case(self, town: Town, heard: Heard) -> None:
        town.serves(ANA, town.house())
        other = town.house()
        ServiceAgreement.objects.create(
            account=Account.objects.get(), status="active", start_date=town.now.date(),
            service_point=factories.ServicePoint.objects.filter(premise=other).first(),
        )  # fmt: skip
        run = compared(town, parts=("accounts",))
        assert run.drift == {"agreement_missing_in_cis": 1}
        assert put_right(town, run) == {"review": 1}


class TestHowItGoes:
    def test_it_goes_on_where_it_stopped_and_counts_each_once(self, town: Town, heard: Heard) -> None:
        for n in range(7):
            town.knows(replace(ANA, emails=(f"{n}@example.com",), identifiers=()))
        run = flow.start_reconciliation(by="machine:", parts=("persons",), now=town.now)
        flow.go_on(run.pk, now=town.now, policy=town.policy, most=3)
        again = flow.start_reconciliation(by="machine:", parts=("persons",), now=town.now)
        assert again.pk == run.pk
        while not (run := flow.go_on(run.pk, now=town.now, policy=town.policy, most=3)).ended_at:
            pass
        assert run.compared == {"persons": 7}

    def test_one_that_takes_longer_than_a_day_comes_to_its_end(self, town: Town, heard: Heard) -> None:
        """It is begun anew where it has stood still for a day, not where it has gone on."""
        for n in range(4):
            town.knows(replace(ANA, emails=(f"{n}@example.com",), identifiers=()))
        run = flow.start_reconciliation(by="machine:", parts=("persons",), now=town.now)
        for _ in range(3):
            town.waits(hours=20)
            assert flow.start_reconciliation(by="machine:", parts=("persons",), now=town.now).pk == run.pk
            flow.go_on(run.pk, now=town.now, policy=town.policy, most=1)
        town.waits(hours=25)
        assert flow.start_reconciliation(by="machine:", parts=("persons",), now=town.now).pk != run.pk

    def test_a_cis_that_goes_away_stops_it_and_nothing_is_left_out(self, town: Town, heard: Heard) -> None:
        ana = town.knows(ANA)
        heard.there(ana, DetailChange("language", "es"))
        run = flow.start_reconciliation(by="machine:", parts=("persons",), now=town.now)
        town.cis_is("down", calls=["read"])
        with pytest.raises(Unavailable):
            flow.go_on(run.pk, now=town.now, policy=town.policy)
        town.cis_is()
        assert flow.go_on(run.pk, now=town.now, policy=town.policy).drift == {"theirs_is_newer": 1}

    def test_a_record_that_names_another_is_a_case_and_holds_up_nobody_else(
        self, town: Town, heard: Heard, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Each night the comparison came as far as this one, and the CIS passed for one that is away."""
        ana, ben = town.knows(ANA), town.knows(BEN)
        heard.there(ben, DetailChange("language", "es"))
        read = town.cis.read
        monkeypatch.setattr(
            town.cis, "read", lambda noun, ref: {**read(noun, ref), "ref": "C-7"} if ref == ana.ref else read(noun, ref)
        )
        run = compared(town, parts=("persons",))
        found = set(run.found.values_list("kind", "ref"))
        assert found == {("not_understood", ana.ref), ("theirs_is_newer", ben.ref)}
        assert put_right(town, run) == {"review": 1, "repaired": 1}
        assert CisDifference.objects.get(state="open").why == "not_understood"

    def test_the_nightly_run_goes_through_everything_in_small_jobs(
        self, town: Town, heard: Heard, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(reconciling, "PAGES_IN_A_JOB", 1)
        town.knows(ANA)
        reconciling.reconcile_job(now=town.now)
        assert town.jobs("reconcile") == 1
        town.works()
        run = Reconciliation.objects.get()
        assert run.ended_at and run.drift == {}
        assert town.jobs("reconcile") == 0

    def test_old_reports_and_settled_cases_are_forgotten(self, town: Town, heard: Heard) -> None:
        ana = town.knows(ANA)
        heard.there(ana, RENAMED)
        old = compared(town)
        for state, days in (("theirs", 181), ("ours", 1), ("open", 400)):
            at = town.now - timedelta(days=days)
            CisDifference.objects.create(
                noun="person", ref=state, why="both_changed", state=state, opened_at=at, decided_at=at
            )
        town.now += timedelta(hours=1)
        assert reconciling.forget_reports(now=town.now, policy=town.policy) == 1
        assert set(CisDifference.objects.values_list("state", flat=True)) == {"ours", "open"}
        town.now += timedelta(days=61)
        reconciling.forget_reports(now=town.now, policy=town.policy)
        assert not Reconciliation.objects.filter(pk=old.pk).exists()
        assert Drift.objects.count() == 0

    def test_a_report_writes_nothing_else(self, town: Town, heard: Heard) -> None:
        ana = town.knows(ANA)
        heard.there(ana, RENAMED)
        compared(town)
        assert (CisAgreed.objects.count(), CisDifference.objects.count()) == (0, 0)
        assert name_of(ana, town.now) == "Ana Zelenko"
        assert inbound.CisNews.objects.count() == 0


def test_the_metrics_tell_counts_and_ages_and_nobodys_reference(town: Town, heard: Heard) -> None:
    ana = town.knows(ANA)
    heard.listens()
    heard.there(ana, RENAMED)
    compared(town)
    told = Client().get("/metrics").content.decode()
    assert 'keyturn_drift{kind="theirs_is_newer"} 1.0' in told
    for name in ("news", "news_seconds", "heard_seconds", "differences", "differences_seconds"):
        assert f"\nkeyturn_cis_{name} " in told
    assert "\nkeyturn_reconciled_seconds " in told
    assert ana.ref not in told
