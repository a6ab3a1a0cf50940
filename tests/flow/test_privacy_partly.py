"""Does an erasure leave what is still needed, and only that?"""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from keyturn import flow
from keyturn.records.models import AccountAccess, Person, PersonAddress, User
from keyturn.records.queries import access
from keyturn.terms.address import Address
from tests import factories
from tests.flow.at_home import ELM, Customer
from tests.flow.papers import a_photo
from tests.flow.test_consents import says, told, wants
from tests.flow.test_delegation import proved
from tests.flow.test_privacy import FIRST, SECOND, agrees, ana, erases, former
from tests.flow.town import BEN, COMPLETED, IN_REVIEW, REFUSED, Town
from tests.flow.undone import invites

__all__ = ["ana", "former"]  # fixtures


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


@pytest.mark.rule("K-64")
class TestAnOpenRequest:
    def test_keeps_what_it_is_decided_by(self, town: Town, former: Customer) -> None:
        case = former.begins("change_name", family_name="Ofori", name_reason="marriage")
        flow.upload(
            request_id=case.id, purpose="name", file_name="certificate.jpg", data=a_photo(), actor=case.actor,
            now=town.now, policy=town.policy,
        )  # fmt: skip
        case.proves_again().submits()
        town.works()
        case.staff("ask", "When was that?")
        erases(former)
        found = case.request
        assert found.answers["family_name"] == "Ofori"
        assert found.evidence.exists()
        assert found.documents.filter(erased_at=None).exists()
        assert [each.text for each in found.notes.filter(kind="question")] == ["When was that?"]
        assert any(each.findings for each in found.decisions.all())

    def test_goes_on_at_once(self, town: Town, former: Customer) -> None:
        """What the CIS must still be told of it stands in the queue, and does not wait for the rescue."""
        wish = former.changes("privacy_request", privacy="erasure", privacy_sure=["sure"])
        agrees(wish, FIRST)
        town.cis_is("down")
        case = former.sends_letters_elsewhere()
        town.waits(days=4)
        flow.wake(now=town.now)
        town.works()
        assert (case.request.step, town.jobs("tell_cis")) == ("sync", 1)
        agrees(wish, SECOND)
        assert wish.request.established_at
        town.cis_is()
        town.waits(minutes=30)
        assert case.status == COMPLETED

    def test_of_nobody_yet_counts_where_its_email_was_proved(self, town: Town, former: Customer) -> None:
        """Staff still ask themselves who Bert is: what he sent must not be emptied meanwhile."""
        bert = replace(BEN, given_name="Bert", date_of_birth=date(1972, 11, 30), identifiers=())
        case = town.moves_in(bert)
        assert (case.status, case.request.person_id) == (IN_REVIEW, None)
        erases(former)
        assert case.request.answers["given_name"] == "Bert"
        assert case.request.evidence.filter(kind="email").exists()

    def test_that_has_ended_keeps_nothing(self, town: Town, former: Customer) -> None:
        case = former.changes("change_name", family_name="Ofori", name_reason="marriage")
        case.withdraws()
        erases(former)
        assert not case.request.answers
        assert not case.request.evidence.exists()


def test_a_request_that_was_refused_before_anybody_knew_whose_it_is_is_forgotten_too(
    town: Town, former: Customer
) -> None:
    """Only the proof of the e-mail leads there, and the proofs go before the requests do."""
    case = town.moves_in(replace(BEN, given_name="Bert", identifiers=()))
    case.staff("refuse", "We could not tell who it is.")
    assert (case.status, case.request.person_id) == (REFUSED, None)
    erases(former)
    assert not case.request.evidence.exists()
    assert not case.request.answers


def test_what_was_still_to_be_sent_goes_whoever_it_was_addressed_to(town: Town, former: Customer) -> None:
    """Emptied, it could not be sent: its job failed time after time."""
    case = town.moves_in(replace(BEN, given_name="Bert", identifiers=()))
    case.staff("refuse", "We could not tell who it is.")
    assert case.request.messages.update(state="due", person=None, user=None)
    erases(former)
    assert not case.request.messages.filter(state="due").exists()


class TestWhoActsForSomebodyWhoIsForgotten:
    @pytest.fixture
    def cleo(self, town: Town, former: Customer) -> Person:
        """She has the account together with Ben."""
        cleo = factories.a_person(replace(BEN, given_name="Cleo", emails=("cleo@example.com",), identifiers=()))
        former.account.people.create(
            person=cleo, is_main=False, relationship="spouse", valid_from=town.now, recorded_at=town.now
        )
        return cleo

    def helper(self, former: Customer) -> User:
        return factories.a_login("carla@example.com", account=former.account, level="view", nickname="Ben's house")

    def test_does_so_no_longer_and_knows_no_name_of_it(self, former: Customer) -> None:
        self.helper(former)
        erases(former)
        assert not AccountAccess.objects.filter(ended_at=None).exists()
        assert not AccountAccess.objects.exclude(nickname="").exists()

    def test_goes_on_where_it_is_for_another_on_the_account(self, former: Customer, cleo: Person) -> None:
        carla = self.helper(former)
        erases(former)
        [held] = AccountAccess.objects.filter(ended_at=None)
        assert (held.user, held.nickname) == (carla, "Ben's house")

    def test_does_so_no_longer_where_they_had_let_them_in(self, town: Town, former: Customer, cleo: Person) -> None:
        carla = proved(factories.a_login("carla@example.com"))
        invites(former, carla)
        assert access.to_account(carla.pk, former.account.pk, at=town.now) is not None
        erases(former)
        assert access.to_account(carla.pk, former.account.pk, at=town.now) is None
