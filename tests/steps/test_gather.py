"""Can each answer be kept, and is every question answered? (G-01 to G-06)"""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from keyturn.flow import sentences
from keyturn.journeys import START_SERVICE
from keyturn.steps.gather import rules

NOW = datetime(2026, 12, 7, 10, tzinfo=UTC)
WHOLE: dict[str, Any] = {
    "service_address": {"premise_id": "p"}, "services": ["gas"], "start_date": "2026-12-10", "kind": "person",
    "given_name": "Suri", "date_of_birth": "1991-06-02", "id_type": "none", "email": "s@example.com", "consents": ["terms"],
}  # fmt: skip


def fields(found: Any) -> set[str]:
    return {each.field for each in found}


@pytest.mark.rule("G-01")
def test_an_answer_to_no_question_of_ours_is_named() -> None:
    assert fields(rules.questions_are_known(START_SERVICE, {"email": "", "is_admin": True, "x" * 500: 1})) == {
        "is_admin",
        "x" * 60,
    }


@pytest.mark.rule("G-01")
def test_the_names_that_are_near_stand_beside_it_or_all_of_them() -> None:
    (slip,), (far,) = (
        [*rules.questions_are_known(START_SERVICE, {name: "x"})] for name in ("famly_name", "is_admin")
    )  # fmt: skip
    assert slip.params["names"].split(", ")[0] == "family_name"
    assert slip.params["names"].count(",") < 3
    assert set(far.params["names"].split(", ")) == set(START_SERVICE.questions)
    assert "There are: family_name" in sentences.sentence(slip)


@pytest.mark.rule("G-02")
@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("  Ana\t\n Zelenko ", "Ana Zelenko"),
        ("Zoe\u0308", "Zoë"),  # composed, so that equal names are equal
        ("Ana\x00\x07", "Ana"),
        ("Ana\ud800", "Ana"),  # half of a surrogate pair
        ("Ana\u202eokneleZ\u202c", "AnaokneleZ"),  # would read backwards
        ("Ana\u2067x\u2069", "Anax"),
        ("क्‍ष", "क्‍ष"),  # a joiner that the script needs
        ("\u200d", "\u200d"),
        ("", ""),
        ("李", "李"),
        ("👩‍👩‍👧", "👩‍👩‍👧"),
    ],
)
def test_text_is_kept_as_people_mean_it(typed: str, kept: str) -> None:
    assert rules.clean_text(typed) == kept


@pytest.mark.rule("G-02")
def test_cleaning_reaches_every_text_in_an_answer_and_chooses_once_what_was_chosen_twice() -> None:
    typed = {"line1": " 1  Main ", "unit": None, "list": [" a", "a ", "b"], "yes": True}
    assert rules.cleaned(typed) == {"line1": "1 Main", "unit": None, "list": ["a", "b"], "yes": True}
    assert len(rules.cleaned(["x"] * 50)) == 50


@pytest.mark.rule("G-03")
@pytest.mark.parametrize(
    ("name", "value", "good"),
    [
        ("services", ["gas"], True),
        ("services", "gas", False),
        ("services", [1], False),
        ("services", ["gas"] * 21, False),
        ("mail_elsewhere", True, True),
        ("mail_elsewhere", "yes", False),
        ("mailing_address", {"line1": "1 Main", "line2": None}, True),
        ("mailing_address", {"planet": "Mars"}, False),
        ("mailing_address", {"line1": ["1 Main"]}, False),
        ("mailing_address", "1 Main", False),
        ("given_name", "Ana", True),
        ("given_name", {"$gt": ""}, False),
        ("given_name", 5, False),
        ("given_name", None, True),  # takes the answer back
    ],
)
def test_an_answer_has_the_shape_of_its_question(name: str, value: Any, good: bool) -> None:
    assert (list(rules.shapes_are_right(START_SERVICE, {name: value})) == []) is good


@pytest.mark.rule("G-03")
def test_who_sent_another_form_is_told_which_one_to_send() -> None:
    sent = {"service_address": {"street": "1 Main"}, "services": "gas", "mail_elsewhere": "yes", "given_name": 5}
    told = {each.field: sentences.sentence(each) for each in rules.shapes_are_right(START_SERVICE, sent)}
    assert told["service_address"].startswith(
        'This answer must have the form {"line1": "…", "line2": "…", "city": "…",'
    )
    assert told["services"] == 'This answer must have the form ["…", "…"].'
    assert told["mail_elsewhere"] == "This answer must have the form true."
    assert told["given_name"] == 'This answer must have the form "…".'


@pytest.mark.rule("G-04")
@pytest.mark.parametrize(
    ("answers", "wrong"),
    [
        ({"given_name": "x" * 100}, set()),
        ({"given_name": "x" * 101}, {"given_name"}),
        ({"suffix": "x" * 21}, {"suffix"}),
        ({"mailing_address": {"line1": "x" * 201, "city": "y"}}, {"mailing_address.line1"}),
        ({"mailing_address": {"country": "USA"}}, {"mailing_address.country"}),
        ({"unknown": "x" * 999}, set()),
        ({"services": ["gas", "x" * 101]}, {"services"}),
    ],
)
def test_an_answer_fits(answers: dict[str, Any], wrong: set[str]) -> None:
    assert fields(rules.lengths_are_right(START_SERVICE, answers)) == wrong


class TestCompleteness:
    @pytest.mark.rule("G-05")
    def test_a_whole_form_lacks_nothing(self) -> None:
        assert fields(rules.answers_are_complete(START_SERVICE, WHOLE, strict=True)) == set()

    @pytest.mark.rule("G-05")
    @pytest.mark.parametrize("name", [name for name in WHOLE if name != "given_name"])
    @pytest.mark.parametrize("empty", [None, "", [], {}])
    def test_the_portal_asks_everything(self, name: str, empty: Any) -> None:
        assert name in fields(rules.answers_are_complete(START_SERVICE, {**WHOLE, name: empty}, strict=True))

    @pytest.mark.rule("G-05")
    def test_a_partner_need_only_know_what_the_cis_must(self) -> None:
        found = rules.answers_are_complete(START_SERVICE, {"kind": "person", "given_name": "Suri"}, strict=False)
        assert fields(found) == {"service_address", "services", "start_date"}

    @pytest.mark.rule("G-05")
    def test_an_organisation_is_asked_for_its_name_and_not_when_it_was_born(self) -> None:
        missing = fields(rules.answers_are_complete(START_SERVICE, {"kind": "organisation"}, strict=True))
        assert "organisation_name" in missing and "date_of_birth" not in missing

    @pytest.mark.rule("G-05")
    def test_nobody_must_have_a_phone_a_middle_name_or_a_former_address(self) -> None:
        missing = fields(rules.answers_are_complete(START_SERVICE, {}, strict=True))
        assert not missing & {"phone", "middle_name", "suffix", "previous_address", "family_name", "given_name"}


@pytest.mark.rule("G-06")
def test_a_draft_expires_at_its_moment_and_not_before() -> None:
    assert rules.draft_has_expired(NOW, NOW)
    assert not rules.draft_has_expired(NOW + timedelta(microseconds=1), NOW)
    assert not rules.draft_has_expired(None, NOW)
