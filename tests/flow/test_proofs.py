"""What does a proof hold for? For the answers that it was brought about, and no others (M-06)."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from keyturn import flow
from keyturn.flow import messages
from keyturn.records.models import Account, PersonAddress, PersonContact, PersonIdentifier
from keyturn.terms.person import Identifier
from keyturn.terms.request import Actor, Role
from tests.flow.town import ANA, COMPLETED, Case, Town, answers_of


def a_partner_fills_in(town: Town, *attested: str) -> Case:
    """A draft of a call centre, with everything in it, which has vouched for these."""
    actor = Actor(Role.PARTNER, "key-of-the-call-centre")
    request = flow.begin(
        journey="start_service", actor=actor, channel="api", language="en", now=town.now, policy=town.policy
    )
    case = Case(town, request, actor)
    place = {"service_address": {"premise_id": str(town.house().pk)}, "services": ["gas"], "start_date": town.day(3)}
    case.answers(**{**answers_of(ANA), **place})
    flow.attest(request_id=case.id, kinds=list(attested), may_attest=True, actor=actor, now=town.now)
    return case


def status_of(channel: str) -> str:
    return PersonContact.objects.get(channel=channel).status


def test_what_a_partner_vouched_for_is_verified_on_the_new_persons_file(town: Town) -> None:
    a_partner_fills_in(town, "email", "phone", "identity").submits()
    town.works()
    assert (status_of("email"), status_of("phone")) == ("verified", "verified")
    assert PersonIdentifier.objects.get().verified_at == town.now


def test_what_was_changed_afterwards_is_not(town: Town) -> None:
    case = a_partner_fills_in(town, "email", "phone", "identity")
    case.answers(email="other@example.com", phone="+15035550177", id_value="D7654321")
    case.submits()
    town.works()
    assert case.status == COMPLETED
    assert (status_of("email"), status_of("phone")) == ("pending", "pending")
    assert PersonIdentifier.objects.get().verified_at is None


@pytest.mark.parametrize(
    ("change", "asked"),
    [
        ({}, False),
        ({"phone": "+15035550177"}, False),  # nothing about who it is
        ({"family_name": "Unheard-of"}, True),
        ({"date_of_birth": "1990-01-02"}, True),
        ({"id_value": "D7654321"}, True),
    ],
)
def test_an_identity_that_was_vouched_for_is_checked_when_it_became_another(
    town: Town, settings: object, change: dict[str, str], asked: bool
) -> None:
    settings.KEYTURN_IDENTITY_CHECK = "simulator"  # type: ignore[attr-defined]
    town.policy_says(identity_check="always")
    case = a_partner_fills_in(town, "identity")
    case.answers(**change)
    case.submits()
    town.works()
    assert ("check_asked" in case.history) is asked


def test_a_bureau_that_could_not_be_reached_is_asked_again_when_staff_look_again(
    town: Town, settings: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    town.policy_says(identity_check="always")
    settings.KEYTURN_IDENTITY_CHECK = "off"  # type: ignore[attr-defined]
    case = town.moves_in(ANA)
    assert case.rules == {"Y-03"}
    settings.KEYTURN_IDENTITY_CHECK = "simulator"  # type: ignore[attr-defined]
    flow.look_again(request_id=case.id, actor=Actor(Role.STAFF, "7"), now=town.now)
    town.works()
    assert case.status == COMPLETED


class TestWhatIsWrittenDown:
    OLD = {"line1": "7 Birch Road", "city": "Salem", "state": "OR", "postal_code": "97301"}

    def test_where_somebody_lived_before_is_not_where_letters_go(self, town: Town) -> None:
        typed_and_taken_back = {"line1": "PO Box 5", "city": "Salem", "state": "OR", "postal_code": "97301"}
        town.moves_in(
            ANA, mail_elsewhere=False, mailing_address=typed_and_taken_back, previous_address=self.OLD
        )  # fmt: skip
        assert not PersonAddress.objects.filter(purpose="mailing").exists()

    def test_an_account_is_set_up_on_the_utilitys_own_day(self, town: Town) -> None:
        town.policy_says(time_zone="America/Los_Angeles")
        town.now = datetime(2026, 12, 8, 2, tzinfo=UTC)
        town.moves_in(ANA)
        assert str(Account.objects.get().set_up_on) == "2026-12-07"

    def test_of_an_identifier_four_of_its_own_characters_are_shown(self, town: Town) -> None:
        town.moves_in(replace(ANA, identifiers=(Identifier("driver_licence", "d12-345-67 89"),)))
        assert PersonIdentifier.objects.get().last_four == "6789"


def test_a_message_that_nobody_can_write_is_given_up_where_it_shows(town: Town) -> None:
    case = town.asks(ANA)
    message = case.request.messages.get(template="received")
    messages.message_gave_up(message_id=str(message.pk), now=town.now, problem="TemplateSyntaxError")
    message.refresh_from_db()
    assert message.state == "failed"
    messages.send_message(message_id=message.pk, now=town.now, policy=town.policy)
    assert not [mail for mail in town.mails() if case.request.reference in mail["Subject"]]
