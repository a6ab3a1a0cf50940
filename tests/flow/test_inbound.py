"""Does what the CIS's own staff change arrive here, once, and nothing else with it?"""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from keyturn import flow
from keyturn.flow import hearing, inbound
from keyturn.records import acts, person_index
from keyturn.records.models import (
    Account,
    Act,
    CisAgreed,
    CisDifference,
    DuplicatePair,
    Person,
    PersonAddress,
    PersonName,
    Protection,
    ServiceAgreement,
)
from keyturn.records.queries.persons import with_parts
from keyturn.terms.address import Address
from keyturn.terms.change import ContactChange, DetailChange, IdentifierChange, MailingChange, NameChange
from keyturn.terms.person import Identifier
from keyturn.terms.request import Actor, Role
from tests.flow.both_sides import Heard, contacts_of, heard, name_of
from tests.flow.town import ANA, BEN, COMPLETED, IN_REVIEW, Case, Town

__all__ = ["heard"]
RENAMED = NameChange("primary", given_name="Ana", family_name="Marquez")


class TestWhatIsTaken:
    @pytest.mark.rule("K-30")
    def test_a_new_name_arrives_with_its_history_and_is_searched_by(self, town: Town, heard: Heard) -> None:
        ana = town.knows(ANA)
        heard.there(ana, RENAMED)
        before = town.now
        town.now += timedelta(hours=1)
        heard.listens()
        assert name_of(ana, town.now) == "Ana Marquez"
        assert name_of(ana, before) == "Ana Zelenko"
        rows = PersonName.objects.filter(person=ana, name_type="primary", valid_to=None)
        assert [each.source for each in rows] == ["cis"]
        probe = person_index.features(replace(ANA, family_name="Marquez", identifiers=()))
        assert str(ana.pk) in person_index.candidates(probe)
        assert not list(acts.broken_chains())
        act = Act.objects.get(subject=f"person:{ana.pk}", what="taken_from_cis")
        assert act.data == {"fields": ["name"]}

    def test_contacts_arrive_as_they_stand_there_and_what_both_have_keeps_its_proof(
        self, town: Town, heard: Heard
    ) -> None:
        ana = town.knows(ANA)
        heard.listens()
        heard.there(ana, ContactChange("phone", "+15035550177", is_primary=True))
        heard.there(ana, ContactChange("email", "new@example.com", replaces="ana@example.com"))
        heard.listens()
        assert contacts_of(ana, "phone", town.now) == ["+15035550177", "+15035550142"]
        assert contacts_of(ana, "email", town.now) == ["new@example.com"]
        status = dict(ana.contacts.filter(valid_to=None).values_list("value", "status"))
        assert status == {"+15035550142": "verified", "+15035550177": "pending", "new@example.com": "pending"}

    def test_birth_date_language_document_and_address_arrive(self, town: Town, heard: Heard) -> None:
        ana = town.knows(ANA)
        town.now += timedelta(minutes=1)
        heard.there(ana, DetailChange("date_of_birth", "1985-03-28"))
        heard.there(ana, DetailChange("language", "es"))
        heard.there(ana, IdentifierChange(Identifier("driver_licence", "D7654321")))
        heard.there(ana, MailingChange(Address("9 Rowan Way", "", "Millbrook", "OR", "97901", "US")))
        heard.listens()
        held = with_parts(at=town.now).get(pk=ana.pk)
        assert (held.date_of_birth, held.language) == (date(1985, 3, 28), "es")
        assert [each.value for each in held.identifiers.filter(valid_to=None)] == ["D7654321"]
        assert [each.line1 for each in held.addresses.filter(valid_to=None)] == ["9 Rowan Way"]

    def test_somebody_whom_the_change_makes_alike_to_another_is_shown_to_staff(self, town: Town, heard: Heard) -> None:
        ana, ben = town.knows(ANA), town.knows(BEN)
        heard.listens()
        for change in (
            NameChange("primary", given_name=BEN.given_name, family_name=BEN.family_name),
            DetailChange("date_of_birth", BEN.date_of_birth.isoformat()),
            ContactChange("email", BEN.emails[0], replaces=ANA.emails[0]),
        ):
            heard.there(ana, change)
        heard.listens()
        pair = DuplicatePair.objects.get()
        assert {pair.one_id, pair.other_id} == {ana.pk, ben.pk}

    def test_agreements_and_balance_are_the_ciss_to_say(self, town: Town, heard: Heard) -> None:
        ana = town.serves(ANA, town.house())
        account = Account.objects.get()
        heard.listens()
        row = {"ref": account.ref, "person_ref": ana.ref, "premise_ref": "", "customer_class": "residential"}
        premise = ServiceAgreement.objects.first().service_point.premise
        ends = {"status": "pending_stop", "start_date": "2021-05-01", "end_date": "2027-01-31", "balance": "88.10"}
        heard.desk.enter("accounts", {**row, "premise_ref": premise.ref, **ends})
        heard.listens()
        account.refresh_from_db()
        assert str(account.balance) == "88.10"
        found = ServiceAgreement.objects.filter(account=account).values_list("status", "end_date")
        assert set(found) == {("pending_stop", date(2027, 1, 31))}
        assert ServiceAgreement.objects.filter(account=account, ref=None).count() == 0


class TestWhatIsLeft:
    def test_what_both_hold_alike_is_written_nowhere_but_in_what_is_agreed(self, town: Town, heard: Heard) -> None:
        ana = town.knows(ANA)
        heard.there(ana, ContactChange("email", "ANA@example.com"))
        heard.listens()
        ana.refresh_from_db()
        assert ana.version == 1
        assert heard.waiting == {}
        agreed = CisAgreed.objects.get(noun="person", ref=ana.ref)
        assert agreed.values["email"] == ["ana@example.com"]
        assert b"ana@example.com" not in bytes(agreed.sealed_values)

    @pytest.mark.rule("K-31")
    def test_silence_removes_nothing_that_the_cis_never_held(self, town: Town, heard: Heard) -> None:
        ana = town.knows(replace(ANA, phones=(), addresses=()))
        factory_phone = ContactChange("email", "other@example.com")
        ana.contacts.create(
            channel="phone", value="+15035550142", normalised="+15035550142", is_primary=True,
            valid_from=town.now, recorded_at=town.now,
        )  # fmt: skip
        heard.there(ana, factory_phone)
        heard.listens()
        assert contacts_of(ana, "phone", town.now) == ["+15035550142"]
        assert contacts_of(ana, "email", town.now) == ["ana@example.com", "other@example.com"]

    def test_what_both_held_and_the_cis_holds_no_longer_goes_here_too(self, town: Town, heard: Heard) -> None:
        ana = town.knows(ANA)
        heard.there(ana, ContactChange("email", "second@example.com"))
        heard.listens()
        town.now += timedelta(hours=2)
        heard.there(ana, ContactChange("phone", "", replaces="+15035550142"))
        heard.listens()
        assert contacts_of(ana, "phone", town.now) == []
        assert contacts_of(ana, "phone", town.now - timedelta(hours=1)) == ["+15035550142"]

    def test_a_field_that_is_ours_stays_and_one_for_review_is_asked_about(self, town: Town, heard: Heard) -> None:
        town.policy_says(owners={"name": "review", "email": "keyturn"})
        ana = town.knows(ANA)
        heard.there(ana, RENAMED)
        heard.there(ana, ContactChange("email", "new@example.com", is_primary=True))
        heard.listens()
        assert name_of(ana, town.now) == "Ana Zelenko"
        assert contacts_of(ana, "email", town.now) == ["ana@example.com"]
        assert heard.cases == {(ana.ref, "name"): "both_changed"}

    def test_a_document_that_stands_on_somebody_else_is_a_case(self, town: Town, heard: Heard) -> None:
        ana, _ben = town.knows(ANA), town.knows(BEN, in_cis=False)
        heard.there(ana, IdentifierChange(BEN.identifiers[0]))
        heard.listens()
        assert heard.cases == {(ana.ref, "identifier.passport"): "identifier_in_use"}

    def test_where_letters_of_a_protected_person_go_is_not_changed_before_staff_have_looked(
        self, town: Town, heard: Heard
    ) -> None:
        ana = town.knows(ANA)
        Protection.objects.create(person=ana, since=town.now - timedelta(days=9))
        heard.there(ana, MailingChange(Address("9 Secret Way", "", "Millbrook", "OR", "97901", "US")))
        heard.there(ana, RENAMED)
        heard.listens()
        assert heard.cases == {(ana.ref, "mailing"): "protected"}
        assert not PersonAddress.objects.filter(person=ana, line1="9 Secret Way").exists()
        assert name_of(ana, town.now) == "Ana Marquez"
        case = CisDifference.objects.get()
        assert flow.ways_to_settle(case) == ("ours", "theirs")

    def test_a_value_that_no_import_would_let_in_is_a_case(self, town: Town, heard: Heard) -> None:
        ana = town.knows(ANA)
        heard.there(ana, DetailChange("date_of_birth", "2090-01-01"))
        heard.there(ana, DetailChange("language", "es"))
        heard.listens()
        ana.refresh_from_db()
        assert heard.cases == {(ana.ref, "date_of_birth"): "unfit"}
        assert (ana.date_of_birth, ana.language) == (ANA.date_of_birth, "es")


class TestBothChanged:
    def _both(self, town: Town, heard: Heard) -> Person:
        """Ana's name is changed here, and before that is delivered, there."""
        ana = town.knows(ANA)
        heard.there(ana, DetailChange("language", "es"))
        heard.listens()
        name = PersonName.objects.get(person=ana, name_type="primary")
        PersonName.objects.filter(pk=name.pk).update(family_name="Zelenko-Ruiz")
        heard.there(ana, RENAMED)
        heard.listens()
        return ana

    @pytest.mark.rule("K-30")
    def test_staff_see_both_and_what_was_agreed_and_nothing_is_overwritten(self, town: Town, heard: Heard) -> None:
        ana = self._both(town, heard)
        assert name_of(ana, town.now) == "Ana Zelenko-Ruiz"
        assert heard.cases == {(ana.ref, "name"): "both_changed"}
        case = inbound.base.CisDifference.objects.get()
        shown = {side: case.values[side]["family_name"] for side in ("agreed", "ours", "theirs")}
        assert shown == {"agreed": "Zelenko", "ours": "Zelenko-Ruiz", "theirs": "Marquez"}

    def test_the_case_follows_the_cis_and_closes_when_both_are_alike(self, town: Town, heard: Heard) -> None:
        ana = self._both(town, heard)
        heard.there(ana, NameChange("primary", given_name="Ana", family_name="Marquez Gil"))
        heard.listens()
        case = inbound.base.CisDifference.objects.get()
        assert (case.version, case.values["theirs"]["family_name"]) == (2, "Marquez Gil")
        heard.there(ana, NameChange("primary", given_name="Ana", family_name="Zelenko-Ruiz"))
        heard.listens()
        assert heard.cases == {}


@pytest.mark.rule("S-16")
class TestAClerkWasQuicker:
    """Somebody in the CIS changed a value after both held the same, and before a customer's change of it arrives there."""

    @pytest.fixture
    def ana(self, town: Town, heard: Heard) -> Person:
        """Of whom both sides say the same."""
        ana = town.knows(ANA)
        heard.there(ana, DetailChange("paperless", "yes"))
        heard.listens()
        return ana

    @pytest.fixture
    def case(self, town: Town, heard: Heard, ana: Person) -> Case:
        heard.there(ana, RENAMED)
        return self.marries(town, ana)

    def marries(self, town: Town, ana: Person) -> Case:
        answers = {"given_name": "Ana", "family_name": "Zelenko-Ruiz", "name_reason": "marriage"}
        request = flow.staff_change(
            person_id=ana.pk, journey="change_name", answers=answers, how="changed", reason="Her licence.", version=None,
            actor=Actor(Role.STAFF, "7"), now=town.now, policy=town.policy,
        )  # fmt: skip
        town.works()
        return Case(town, request, Actor(Role.STAFF, "7"))

    def name_there(self, town: Town) -> str:
        names = town.cis.read("person", Person.objects.get().ref)["names"]
        return str(next(each["family_name"] for each in names if each["name_type"] == "primary"))

    def test_staff_look_before_it_is_overwritten(self, town: Town, heard: Heard, case: Case) -> None:
        assert (case.status, case.rules, self.name_there(town)) == (IN_REVIEW, {"S-16"}, "Marquez")
        heard.listens()
        assert name_of(Person.objects.get(), town.now) == "Ana Zelenko-Ruiz"  # and ours is not overwritten either

    @pytest.mark.parametrize("fault", ["down", "lost_before"])
    def test_and_before_it_is_at_a_later_try(self, town: Town, heard: Heard, ana: Person, fault: str) -> None:
        """The clerk was quicker than the second try; of the first nobody knows, or everybody, that it did nothing."""
        town.cis_is(script=[{"fault": fault}])
        case = self.marries(town, ana)
        heard.there(ana, RENAMED)
        town.waits(minutes=10)
        assert (case.status, case.rules, self.name_there(town)) == (IN_REVIEW, {"S-16"}, "Marquez")

    def test_approved_ours_is_told(self, town: Town, heard: Heard, case: Case) -> None:
        case.staff("approve", "She has shown her licence.", by="8")
        assert (case.status, self.name_there(town)) == (COMPLETED, "Zelenko-Ruiz")
        heard.waits(minutes=2)
        assert (heard.cases, heard.waiting) == ({}, {})

    def test_refused_theirs_is_taken_over(self, town: Town, heard: Heard, case: Case) -> None:
        case.staff("refuse", "It is the other way round.", by="8")
        heard.waits(minutes=2)
        assert self.name_there(town) == "Marquez"
        assert name_of(Person.objects.get(), town.now) == "Ana Marquez"
        assert (heard.cases, heard.waiting) == ({}, {})


class TestOurOwn:
    """What we had delivered is no news."""

    def test_after_a_request_nothing_differs_and_what_is_agreed_is_known(self, town: Town, heard: Heard) -> None:
        case = town.moves_in(ANA)
        assert case.status == COMPLETED
        person = case.request.person
        before = person.version
        heard.listens()
        person.refresh_from_db()
        assert (person.version, heard.cases, heard.waiting) == (before, {}, {})
        assert CisAgreed.objects.get(noun="person", ref=person.ref).values["name"]["family_name"] == "Zelenko"
        assert not Act.objects.filter(what="taken_from_cis").exists()

    @pytest.mark.rule("K-32")
    def test_a_delivery_on_its_way_comes_first(self, town: Town, heard: Heard) -> None:
        ana = town.knows(ANA)
        town.cis_is("answer_lost")
        case = town.moves_in(ANA)
        assert case.delivery.state == "in_doubt"
        town.cis_is()
        heard.there(ana, RENAMED)
        hearing.hear(now=town.now, policy=town.policy)
        inbound.look(now=town.now, policy=town.policy)
        assert name_of(ana, town.now) == "Ana Zelenko"
        assert heard.waiting["person", ana.ref] == "delivery"
        heard.waits(hours=1)
        assert case.status == COMPLETED
        heard.waits(minutes=2)
        assert name_of(ana, town.now) == "Ana Marquez"
        assert heard.waiting == {}

    @pytest.mark.rule("K-33")
    def test_somebody_whom_the_cis_has_from_us_and_did_not_confirm_is_nobody_new(
        self, town: Town, heard: Heard
    ) -> None:
        town.cis_is(script=[{"fault": "answer_lost"}])
        case = town.moves_in(ANA)
        assert case.delivery.state == "in_doubt"
        hearing.hear(now=town.now, policy=town.policy)
        inbound.look(now=town.now, policy=town.policy)
        assert Person.objects.count() == 1
        assert "delivery" in heard.waiting.values()
        heard.waits(hours=1)
        heard.waits(minutes=5)
        assert case.status == COMPLETED
        assert (Person.objects.count(), heard.waiting) == (1, {})

    def test_a_cis_that_shows_no_keys_doubles_nobody_either(
        self, town: Town, heard: Heard, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        town.cis_is(script=[{"fault": "answer_lost"}])
        case = town.moves_in(ANA)
        told = town.cis.changes
        monkeypatch.setattr(
            town.cis, "changes", lambda since, *, limit: _without_keys(told(since, limit=limit)), raising=True
        )
        hearing.hear(now=town.now, policy=town.policy)
        inbound.look(now=town.now, policy=town.policy)
        assert Person.objects.count() == 1
        assert "newcomer" in heard.waiting.values()
        heard.waits(hours=1)
        heard.waits(minutes=5)
        assert case.status == COMPLETED
        assert (Person.objects.count(), heard.waiting) == (1, {})

    @pytest.mark.rule("K-34")
    def test_what_the_cis_has_lost_is_not_taken_for_its_change(self, town: Town, heard: Heard) -> None:
        ana = town.knows(ANA)
        assert town.moves_in(ANA).status == COMPLETED
        heard.listens()
        with town.cis._link.writing() as cursor:  # yesterday's backup was restored
            cursor.execute("DELETE FROM command")
        heard.there(ana, RENAMED)
        heard.listens()
        assert name_of(ana, town.now) == "Ana Zelenko"
        assert heard.cases == {(ana.ref, ""): "effect_missing"}


def _without_keys(told):
    return replace(told, items=tuple(replace(each, key="") for each in told.items))
