"""Does the page "what we hold and why" show everybody what is theirs, and nobody what is somebody else's?"""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from keyturn.records.crypto import digest
from keyturn.records.models import (
    Account,
    AccountPerson,
    Evidence,
    Message,
    Person,
    PersonContact,
    RedFlag,
    Request,
    ServiceAgreement,
    User,
)
from keyturn.records.queries import held
from tests import factories
from tests.flow.town import ANA, BEN

NOW = datetime(2026, 12, 7, 10, tzinfo=UTC)

pytestmark = pytest.mark.django_db


@pytest.fixture
def ana() -> Person:
    return factories.a_person(ANA, in_cis=False)


def lines_of(person: Person, *logins: int) -> dict[str, list[str]]:
    """Every value on the page, by the heading it stands under."""
    found = held.sections(persons=[person.pk], logins=list(logins))
    return {each.label: [line.value for row in each.rows for line in row] for each in found}


def a_request(*, email: str, proved: bool, **of: Any) -> Request:
    request = Request(journey="start_service", step="gather", standing="customer", channel="portal", begun_by="x",
                      created_at=NOW, updated_at=NOW, email_digest=digest("email", email), **of)  # fmt: skip
    request.answers = {"email": email, "previous_address": {"line1": "12 Potoroo Wynd"}}
    request.save()
    if proved:
        Evidence.objects.create(request=request, kind="email", subject=request.email_digest, source="code", at=NOW)
    return request


def text_of(**whose: Any) -> str:
    return str(held.everything(**whose))


def test_each_field_comes_with_its_purpose_and_how_long_it_is_kept(ana: Person) -> None:
    for section in held.sections(persons=[ana.pk], logins=[]):
        assert section.label and section.purpose and section.kept and section.count
        for row in section.rows:
            assert all(line.label and line.value and line.purpose and line.kept for line in row)
    shown = lines_of(ana)
    assert "Zelenko" in shown["Names"]
    assert {"ana@example.com", "+15035550142"} <= set(shown["E-mail addresses and phone numbers"])


def test_codes_are_said_in_words_each_of_a_list_too(ana: Person) -> None:
    place = factories.a_premise(services="electric;water", in_cis=False)
    account = Account.objects.create(set_up_on=NOW.date())
    AccountPerson.objects.create(account=account, person=ana, **factories.DATED)
    for point in place.service_points.all():
        ServiceAgreement.objects.create(account=account, service_point=point, status="active", start_date=NOW.date())
    shown = lines_of(ana)
    assert "Electricity, Water" in shown["Places where you are served"]
    assert "the person’s, for every account" in shown["Your part in accounts"]
    for heading in ("Services", "Where you are served"):
        assert {"Electricity", "Water"} <= set(shown[heading]), heading


def test_an_identifier_is_masked_on_the_screen_and_whole_in_a_copy(ana: Person) -> None:
    values = lines_of(ana)["Identity documents and tax numbers"]
    assert "•••• 4567" in values and not any("D1234567" in each for each in values)
    assert "D1234567" in text_of(persons=[ana.pk], logins=[])
    assert "D1234567" not in text_of(persons=[ana.pk], logins=[], masked=True)


def test_whoever_sits_in_an_open_session_does_not_learn_that_they_are_suspected(ana: Person) -> None:
    RedFlag.objects.create(trigger="D-26", person=ana, opened_at=NOW)
    assert "Cases that looked like fraud" not in lines_of(ana)
    assert "D-26" in text_of(persons=[ana.pk], logins=[])


def test_who_was_merged_into_somebody_is_the_same_human_being(ana: Person) -> None:
    twin = factories.a_person(replace(ANA, given_name="Anna-Maria", identifiers=()), in_cis=False)
    Person.objects.filter(pk=twin.pk).update(redirect_to=ana)
    assert "Anna-Maria" in text_of(persons=[ana.pk], logins=[])


def test_nobody_else_is_in_it(ana: Person) -> None:
    factories.a_person(BEN, in_cis=False)
    assert "Okafor" not in text_of(persons=[ana.pk], logins=[])


def test_a_draft_with_a_proved_address_of_theirs_is_theirs(ana: Person) -> None:
    a_request(email="ana@example.com", proved=True)
    assert "12 Potoroo Wynd" in text_of(persons=[ana.pk], logins=[])


def test_a_draft_that_only_names_their_address_is_somebody_elses(ana: Person) -> None:
    """Anybody can type an address into a form; what stands beside it may be anybody's."""
    a_request(email="ana@example.com", proved=False)
    assert "12 Potoroo Wynd" not in text_of(persons=[ana.pk], logins=[])


def test_an_address_that_they_never_proved_leads_to_nothing(ana: Person) -> None:
    PersonContact.objects.filter(person=ana, channel="email").update(status="pending")
    a_request(email="ana@example.com", proved=True)
    assert "12 Potoroo Wynd" not in text_of(persons=[ana.pk], logins=[])


def test_what_a_delegate_asked_for_somebody_else_is_not_the_delegates(ana: Person) -> None:
    delegate = User.objects.create_user("helper")
    request = a_request(email="x@example.com", proved=False, user=delegate, person=ana)
    assert request.reference not in text_of(persons=[], logins=[delegate.pk])
    assert request.reference in text_of(persons=[ana.pk], logins=[])


def test_one_damaged_value_keeps_nobody_from_the_rest(ana: Person) -> None:
    message = Message(person=ana, template="completed", channel="email", language="en", created_at=NOW)
    message.content = {"to": "ana@example.com"}
    message.sealed_content = bytes(message.sealed_content)[:-3] + b"xyz"
    message.save()
    text = text_of(persons=[ana.pk], logins=[])
    assert held.UNREADABLE in text and "Zelenko" in text


def test_somebody_of_whom_nothing_is_held_gets_an_empty_answer() -> None:
    assert held.everything(persons=[], logins=[]) == {"tables": [], "withheld": []}
    assert held.sections(persons=[], logins=[]) == []
