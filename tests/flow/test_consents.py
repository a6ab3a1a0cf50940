"""Is nobody told what they did not ask for, and does every way of saying stop work at once (BR-17, BR-18, BR-65, BR-66)?"""

from datetime import timedelta

import pytest

from keyturn import flow
from keyturn.connectors import mail
from keyturn.records import consents
from keyturn.records.models import Consent, Message, PersonContact, Preference
from keyturn.steps.confirm import step as confirm
from keyturn.steps.confirm.notice import rules
from keyturn.terms.errors import Invalid, NotAllowed, Unavailable
from tests.flow.at_home import Customer
from tests.flow.town import ANA, Town

NUMBER = "+15035550142"


@pytest.fixture
def ana(town: Town) -> Customer:
    return Customer(town)


def told(ana: Customer, topic: str) -> dict[str, str]:
    """Channel to "sent", or to why not."""
    found = flow.notify(
        person_id=ana.person.pk, topic=topic, subject="Something new", text="Read this.", now=ana.town.now,
        policy=ana.town.policy,
    )  # fmt: skip
    ana.town.works()
    return {each.channel: each.why or "sent" for each in found}


def says(ana: Customer, text: str) -> str:
    said = flow.text_received(number=NUMBER, text=text, now=ana.town.now, policy=ana.town.policy)
    ana.town.works()
    return said


def wants(ana: Customer, topic: str, *channels: str) -> None:
    ana.changes("change_preferences", **{f"about_{topic}": list(channels)})


class TestNewsOfTheirService:
    def test_goes_by_email_where_nothing_was_said_and_not_by_text(self, ana: Customer) -> None:
        assert told(ana, "outages") == {"email": "sent", "sms": "not_asked_for"}

    @pytest.mark.rule("C-34")
    def test_goes_where_it_was_asked_for_and_not_where_it_was_turned_off(self, ana: Customer) -> None:
        wants(ana, "outages", "sms")
        assert told(ana, "outages") == {"email": "turned_off", "sms": "sent"}

    @pytest.mark.rule("C-32")
    def test_is_not_texted_to_a_number_that_was_never_proved(self, ana: Customer) -> None:
        wants(ana, "outages", "sms")
        PersonContact.objects.filter(person=ana.person, channel="phone").update(status="pending")
        assert told(ana, "outages")["sms"] == "not_approved"

    @pytest.mark.rule("C-31")
    def test_goes_by_letter_where_mail_comes_back(self, town: Town, ana: Customer) -> None:
        PersonContact.objects.filter(person=ana.person, channel="email").update(status="bounced")
        found = told(ana, "bills")
        assert (found["email"], found["letter"]) == ("bounced", "sent")
        assert ana.premise.line1 in town.letters()[-1]

    def test_that_the_law_asks_for_goes_by_letter_whatever_was_turned_off(self, ana: Customer) -> None:
        assert told(ana, "shut_off")["letter"] == "sent"


class TestAdvertising:
    @pytest.mark.rule("C-33")
    def test_goes_to_nobody_who_did_not_agree(self, ana: Customer) -> None:
        assert told(ana, "offers") == {"email": "no_consent", "sms": "no_consent", "letter": "no_consent"}

    @pytest.mark.rule("C-35")
    def test_says_how_to_stop_it_and_one_press_stops_it(self, town: Town, ana: Customer) -> None:
        wants(ana, "offers", "email")
        assert told(ana, "offers")["email"] == "sent"
        mail_ = town.mails("ana@example.com")[-1]
        link = mail_["List-Unsubscribe"].strip(" <>")
        assert mail_["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        assert link in mail_.get_content()
        token = link.rpartition("/")[2]
        assert flow.unsubscribes(token=token) == ("offers", "email")
        assert flow.unsubscribe(token=token, now=town.now)
        assert told(ana, "offers")["email"] == "no_consent"
        assert flow.unsubscribe(token=token, now=town.now)  # for ever, and twice is once

    def test_a_link_that_is_not_ours_stops_nothing(self, town: Town) -> None:
        assert flow.unsubscribes(token="x:y:z") is None
        assert not flow.unsubscribe(token="x:y:z", now=town.now)

    @pytest.mark.parametrize(
        ("country", "basis", "days", "channel", "why"),
        [
            ("US", "express", None, "email", ""),
            ("US", "implied", 30, "email", "no_consent"),
            ("CA", "implied", 30, "email", ""),
            ("CA", "implied", -1, "email", "no_consent"),
            ("CA", "implied", 30, "sms", "no_consent"),
            ("CA", "express", None, "sms", ""),
        ],
    )
    @pytest.mark.rule("C-33")
    def test_rests_on_the_consent_that_the_law_of_the_country_wants(
        self, town: Town, country: str, basis: str, days: int | None, channel: str, why: str
    ) -> None:
        town.policy_says(country=country)
        until = town.now + timedelta(days=days) if days is not None else None
        facts = rules.Facts("offers", channel, "verified", False, "on", "given", basis, until, town.now)
        assert rules.barred(facts, town.policy) == why


class TestStop:
    @pytest.mark.rule("C-30")
    @pytest.mark.rule("C-36")
    @pytest.mark.parametrize("word", ["STOP", "stop.", " Stop ", "unsubscribe", "Opt out", "ALTO", "Stop texting me"])
    def test_in_any_of_its_words_stops_texts_at_once(self, town: Town, ana: Customer, word: str) -> None:
        wants(ana, "outages", "sms")
        assert says(ana, word) == "stop"
        assert told(ana, "outages")["sms"] == "stopped"
        assert "no more texts" in town.texts()[-1]

    def test_holds_for_the_news_of_a_request_too(self, town: Town) -> None:
        case = town.asks(ANA, consents=["terms", "texts"])
        flow.text_received(number=NUMBER, text="STOP", now=town.now, policy=town.policy)
        town.works()
        assert case.status == "completed"
        assert not any("arranged" in text for text in town.texts())

    def test_holds_for_a_text_that_still_waits_for_the_gateway(
        self, town: Town, ana: Customer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        wants(ana, "outages", "sms")
        with monkeypatch.context() as away:
            away.setitem(confirm.SEND, "sms", _is_away)
            assert told(ana, "outages")["sms"] == "sent"
            says(ana, "STOP")
        town.waits(hours=1)
        assert ["no more texts" in text for text in town.texts()] == [True]
        assert Message.objects.get(template="notice", channel="sms").state == "stopped"

    def test_start_takes_it_back(self, ana: Customer) -> None:
        wants(ana, "outages", "sms")
        says(ana, "STOP")
        assert says(ana, "START") == "start"
        assert told(ana, "outages")["sms"] == "sent"

    def test_from_a_number_that_nobody_has_is_entered_all_the_same(self, town: Town) -> None:
        assert flow.text_received(number="+15035550900", text="stop", now=town.now, policy=town.policy) == "stop"
        assert consents.stopped(["+15035550900"]) == {"+15035550900"}

    def test_anything_else_is_taken_for_nothing(self, ana: Customer) -> None:
        assert says(ana, "Thanks, don't stop the good work") == ""
        assert says(ana, "") == ""
        assert consents.stopped([NUMBER]) == set()


def _is_away(_message: object) -> None:
    raise Unavailable("gateway_unreachable")


class TestTheLedger:
    def test_keeps_every_entry_with_what_was_read(self, ana: Customer) -> None:
        wants(ana, "offers", "email")
        wants(ana, "offers")
        rows = list(Consent.objects.filter(person=ana.person, purpose="offers", channel="email").order_by("at", "id"))
        assert [row.act for row in rows] == ["given", "withdrawn"]
        assert rows[0].wording.startswith("Offers and tips.")
        assert Preference.objects.get(person=ana.person, topic="offers", channel="email").state == "off"

    def test_keeps_it_in_the_language_that_was_read(self, town: Town) -> None:
        case = town.moves_in(ANA, language="es", consents=["terms"])
        assert Consent.objects.get(person=case.person, purpose="terms").wording_version == "1"

    @pytest.mark.rule("C-37")
    def test_nothing_is_said_about_no_topic_or_to_nobody(self, town: Town, ana: Customer) -> None:
        with pytest.raises(Invalid):
            told(ana, "gossip")
        with pytest.raises(NotAllowed, match="unknown_person"):
            flow.notify(
                person_id=ana.account.pk, topic="bills", subject="a", text="b", now=town.now, policy=town.policy
            )


def test_a_message_that_advertises_nothing_has_no_button_to_stop_it() -> None:
    from keyturn.terms.message import Outgoing

    assert mail._one_click(Outgoing("1", "a@example.com", "s", "t")) == {}
