"""Who is told what, in which language, by which channel, and what must never stand in a message?"""

from dataclasses import replace

import pytest

from keyturn import flow
from keyturn.connectors import mail
from keyturn.records.models import Message
from keyturn.terms.errors import Rejected, Unavailable
from tests.flow.town import ANA, COMPLETED, Town


def test_the_confirmation_names_reference_services_address_and_day(town: Town) -> None:
    house = town.house()
    case = town.moves_in(ANA, at=house, start_date="2026-12-24")
    text = case.last_message()
    for part in (case.request.reference, house.line1, "Electricity, Gas", "24"):
        assert part in text


LATE = {
    "en": ("has passed: we start service as soon as we can", "before the start date", "Service starts on"),
    "es": ("ya pasó: empezaremos el servicio tan pronto como podamos", "antes de la fecha de inicio", "El servicio empieza el"),
}  # fmt: skip


@pytest.mark.parametrize("language", LATE)
def test_who_is_approved_after_their_start_date_reads_that_it_starts_as_soon_as_we_can(
    town: Town, language: str
) -> None:
    says, *nothing_of = LATE[language]
    case = town.moves_in(replace(ANA, identifiers=()), start_date=town.day(1), language=language)
    town.waits(days=5)
    case.staff("approve", "Found another proof.")
    text = " ".join(case.last_message().split())
    assert says in text
    assert not [each for each in nothing_of if each in text]


@pytest.mark.parametrize(("start", "still"), [(0, False), (1, True)])
def test_who_starts_today_is_not_asked_to_tell_us_before(town: Town, start: int, still: bool) -> None:
    text = town.moves_in(ANA, start_date=town.day(start)).last_message()
    assert "Service starts on" in text
    assert ("before the start date" in text) is still


def test_the_confirmation_of_receipt_says_where_to_look(town: Town) -> None:
    case = town.asks(ANA)
    assert f"/requests/{case.request.reference}" in case.last_message()


def test_everybody_is_written_to_in_the_language_they_chose(town: Town) -> None:
    case = town.moves_in(ANA, language="es")
    assert set(case.request.messages.values_list("template", "language")) == {
        ("email_code", "es"), ("received", "es"), ("completed", "es"),
    }  # fmt: skip
    assert {mail["Content-Language"] for mail in town.mails()} == {"es"}


def test_who_chose_none_is_written_to_in_the_language_of_the_form(town: Town) -> None:
    case = town.starts_to_fill_in(ANA)
    request = case.request
    request.language = "es"
    request.save()
    case.proves_email().submits()
    assert set(request.messages.values_list("language", flat=True)) == {"es"}


def test_no_message_holds_an_identifier_or_a_birth_date(town: Town) -> None:
    case = town.moves_in(ANA, consents=["terms", "texts"])
    case_refused = town.moves_in(
        replace(ANA, identifiers=(), given_name="Mona", family_name="Lund", emails=("mona@example.com",))
    )
    case_refused.staff("ask", "Which document can you bring?").replies("None.").staff(
        "refuse", "We cannot tell who you are."
    )
    case.is_sent_a_code("status")
    town.works()
    everything = [str(mail) + mail.get_content() for mail in town.mails()] + town.texts() + town.letters()
    assert len(everything) >= 8
    secrets = ("D1234567", "1985", "03-27", "3/27", "March 27", "27 March")  # 27 alone may be a house or in a code
    for text in everything:
        assert not [secret for secret in secrets if secret in _without_headers(text)]


def _without_headers(text: str) -> str:
    """Dates and ids of the mail itself are no message."""
    skipped = ("Message-ID", "Date:", "Content-", "MIME", "http", "boundary", "X-")
    return "\n".join(line for line in text.splitlines() if not line.startswith(skipped))


class TestTexts:
    def test_go_to_who_asked_for_them_and_say_nothing_about_anybody(self, town: Town) -> None:
        house = town.house()
        town.moves_in(ANA, at=house, consents=["terms", "texts"])
        [text] = town.texts()
        assert "To: +15035550142" in text
        assert not [secret for secret in (house.line1, "Ana", "Zelenko") if secret in text]

    def test_go_to_nobody_who_did_not(self, town: Town) -> None:
        town.moves_in(ANA)
        assert town.texts() == []

    def test_go_nowhere_without_a_number(self, town: Town) -> None:
        assert town.moves_in(replace(ANA, phones=()), consents=["terms", "texts"]).status == COMPLETED
        assert town.texts() == []


class TestLetters:
    def test_go_to_the_mailing_address_also_abroad(self, town: Town) -> None:
        town.a_partner_asks(
            replace(ANA, emails=()),
            mail_elsewhere=True,
            mailing_address={"line1": "Rua Augusta 5", "city": "Lisboa", "country": "PT"},
        )
        town.works()
        assert town.letters()[0].startswith("Ana Zelenko\nRua Augusta 5\nLisboa,\nPT\n")

    def test_go_to_the_new_home_where_no_other_address_was_given(self, town: Town) -> None:
        house = town.house()
        case = town.a_partner_asks(replace(ANA, emails=()), at=house)
        town.works()
        assert case.status == COMPLETED
        assert house.line1 in town.letters()[-1]

    def test_never_carry_a_code(self, town: Town) -> None:
        case = town.a_partner_asks(replace(ANA, emails=()))
        assert case.is_sent_a_code("status") == ""


class TestTheMailServer:
    def test_down_is_tried_again(self, town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("keyturn.steps.confirm.step.SEND", {"email": _fails(Unavailable("mail_unreachable"))})
        case = town.moves_in(ANA)
        assert town.mails() == []
        monkeypatch.setattr("keyturn.steps.confirm.step.SEND", {"email": mail.send})
        town.waits(hours=1)
        assert len(town.mails()) == 3
        assert case.status == COMPLETED

    def test_that_refuses_an_address_is_not_asked_again(self, town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("keyturn.steps.confirm.step.SEND", {"email": _fails(Rejected("mail_refused"))})
        town.moves_in(ANA)
        assert set(Message.objects.values_list("state", flat=True)) == {"failed"}
        assert town.jobs("send_message") == 0

    def test_that_stays_down_is_given_up_where_it_shows(self, town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("keyturn.steps.confirm.step.SEND", {"email": _fails(Unavailable("mail_unreachable"))})
        town.moves_in(ANA)
        town.waits(hours=12)
        assert set(Message.objects.values_list("state", flat=True)) == {"failed"}


def _fails(problem: Exception):
    def send(_message: object) -> None:
        raise problem

    return send


def test_a_message_that_is_sent_again_is_still_one(town: Town) -> None:
    case = town.moves_in(ANA)
    message = case.request.messages.get(template="completed")
    flow.send_message(message_id=message.pk, now=town.now, policy=town.policy)
    message.state = "due"  # the worker died after the server had taken it
    message.save()
    flow.send_message(message_id=message.pk, now=town.now, policy=town.policy)
    assert len(town.mails()) == 3


def test_the_status_code_goes_to_the_proved_address_and_shows_the_reference(town: Town) -> None:
    case = town.moves_in(ANA)
    code = case.is_sent_a_code("status")
    assert case.request.reference in case.last_message()
    assert case.tries(code, purpose="status") == ""
