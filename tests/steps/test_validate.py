"""Is what somebody says about themselves well formed and possible, whichever door it came through? (V-01 to V-07)"""

from datetime import UTC, date, datetime

import pytest

from keyturn.steps.validate import rules, step
from keyturn.terms.policy import Policy
from tests.steps.form import form, why


class TestNames:
    @pytest.mark.rule("V-01")
    @pytest.mark.parametrize(
        "names",
        [
            {"given_name": "Ana", "family_name": "Zelenko"},
            {"given_name": "Suri"},
            {"family_name": "Suri"},
            {"given_name": "O"},  # one letter is a name
            {"given_name": "Ng", "family_name": "Ỵ"},
            {"given_name": "李", "family_name": "明"},
            {"given_name": "X Æ A-12"},
            {"given_name": "D'Arcy", "family_name": "O’Neill-Smith"},
            {"given_name": "Null", "family_name": "None"},
        ],
    )
    def test_of_every_kind_are_names(self, names: dict[str, str]) -> None:
        assert list(rules.person_has_a_name(form(**names))) == []

    @pytest.mark.rule("V-01")
    @pytest.mark.parametrize(
        ("names", "fields"),
        [
            ({}, ["given_name"]),
            ({"given_name": "", "family_name": ""}, ["given_name"]),
            ({"given_name": "1234"}, ["given_name"]),
            ({"given_name": "Ana", "family_name": "???"}, ["family_name"]),
            ({"given_name": "Ana", "middle_name": "🦄"}, ["middle_name"]),
        ],
    )
    def test_need_a_letter(self, names: dict[str, str], fields: list[str]) -> None:
        assert [found.field for found in rules.person_has_a_name(form(**names))] == fields

    @pytest.mark.rule("V-01")
    def test_of_a_person_are_not_asked_of_an_organisation(self) -> None:
        assert list(rules.person_has_a_name(form(kind="organisation"))) == []

    @pytest.mark.rule("V-02")
    @pytest.mark.parametrize(
        ("name", "good"), [("Old Mill Bakery, LLC", True), ("3M", True), ("77", True), ("", False), ("---", False)]
    )
    def test_of_an_organisation_may_be_a_number(self, name: str, good: bool) -> None:
        found = rules.organisation_has_a_name(form(kind="organisation", organisation_name=name))
        assert (list(found) == []) is good

    @pytest.mark.rule("V-02")
    def test_of_an_organisation_are_not_asked_of_a_person(self) -> None:
        assert list(rules.organisation_has_a_name(form(kind="person"))) == []


class TestBirthDates:
    @pytest.mark.rule("V-03")
    @pytest.mark.parametrize(
        ("born", "reason"),
        [
            ("1985-03-27", []),
            ("2008-12-07", []),  # eighteen today
            ("2008-12-08", ["minor"]),  # eighteen tomorrow
            ("2026-12-08", ["future"]),
            ("2026-12-07", ["minor"]),  # born today
            ("1896-12-07", []),  # a hundred and thirty
            ("1895-12-07", ["too_old"]),
            ("1895-12-08", []),  # not yet a hundred and thirty-one
            ("27.3.1985", ["no_date"]),
            ("1985-02-30", ["no_date"]),
            ("19850327", ["no_date"]),
            ("1985-W13-3", ["no_date"]),
            ("yesterday", ["no_date"]),
            ("", []),
        ],
    )
    def test_make_an_adult_who_can_be_alive(self, born: str, reason: list[str]) -> None:
        assert why(rules.birth_date_is_possible(form(date_of_birth=born))) == reason

    @pytest.mark.rule("V-03")
    @pytest.mark.parametrize(
        ("today", "reason"), [(date(2026, 2, 28), ["minor"]), (date(2026, 3, 1), []), (date(2028, 2, 29), [])]
    )
    def test_on_a_leap_day_are_grown_up_on_the_first_of_march(self, today: date, reason: list[str]) -> None:
        assert why(rules.birth_date_is_possible(form(today=today, date_of_birth="2008-02-29"))) == reason

    @pytest.mark.rule("V-03")
    def test_follow_the_age_that_the_utility_sets(self) -> None:
        found = list(
            rules.birth_date_is_possible(form(policy=Policy(minimum_age_years=21), date_of_birth="2008-01-01"))
        )
        assert found[0].params == {"why": "minor", "age": 21}

    @pytest.mark.rule("V-03")
    def test_are_not_asked_of_organisations(self) -> None:
        assert list(rules.birth_date_is_possible(form(kind="organisation", date_of_birth="2026-12-08"))) == []

    @pytest.mark.rule("V-03")
    @pytest.mark.parametrize(("zone", "reason"), [("Pacific/Auckland", []), ("America/Los_Angeles", ["minor"])])
    def test_are_judged_on_the_utilitys_own_day(self, zone: str, reason: list[str]) -> None:
        """At noon UTC it is already tomorrow in Auckland."""
        noon = datetime(2026, 12, 7, 12, tzinfo=UTC)
        found = step.findings_for(
            {"date_of_birth": "2008-12-08", "given_name": "A"},
            channel="portal",
            now=noon,
            policy=Policy(time_zone=zone),
        )
        assert why(found) == reason


class TestIdentifiers:
    @pytest.mark.rule("V-04")
    @pytest.mark.parametrize(
        ("kind", "id_type", "good"),
        [
            ("person", "passport", True),
            ("person", "ssn_last4", True),
            ("person", "none", True),
            ("person", "", True),
            ("person", "tax_id", False),
            ("person", "ssn", False),  # never a whole SSN by default
            ("organisation", "tax_id", True),
            ("organisation", "passport", False),
            ("person", "library_card", False),
        ],
    )
    def test_are_of_an_accepted_type(self, kind: str, id_type: str, good: bool) -> None:
        assert (list(rules.identifier_type_is_accepted(form(kind=kind, id_type=id_type))) == []) is good

    @pytest.mark.rule("V-04")
    def test_may_be_a_whole_ssn_where_the_utility_accepts_it(self) -> None:
        policy = Policy(identifiers_for_person=("ssn",))
        assert list(rules.identifier_type_is_accepted(form(policy=policy, id_type="ssn"))) == []

    @pytest.mark.rule("V-05")
    @pytest.mark.parametrize(
        ("id_type", "value", "reason"),
        [
            ("driver_licence", "D123-4567", []),
            ("driver_licence", "D 123 4567", []),
            ("driver_licence", "abc", ["characters"]),
            ("driver_licence", "D1234567; DROP", ["characters"]),
            ("driver_licence", "", ["missing"]),
            ("driver_licence", " - ", ["missing"]),
            ("passport", "X" * 25, ["characters"]),
            ("passport", "Ж1234567", ["characters"]),
            ("ssn_last4", "6789", []),
            ("ssn_last4", "078-05-1120", ["four_digits"]),  # the whole number, typed by mistake
            ("ssn_last4", "678", ["four_digits"]),
            ("ssn_last4", "٦٧٨٩", ["four_digits"]),  # digits, but not ours
            ("ssn", "536-90-4399", []),
            ("ssn", "000-12-3456", ["ssn"]),
            ("ssn", "666-12-3456", ["ssn"]),
            ("ssn", "900-12-3456", ["ssn"]),
            ("ssn", "536-00-4399", ["ssn"]),
            ("ssn", "536-90-0000", ["ssn"]),
            ("tax_id", "12-3456789", []),
            ("tax_id", "12-345678", ["tax_id"]),
            ("none", "whatever", []),
            ("", "", []),
        ],
    )
    def test_have_the_form_of_their_type(self, id_type: str, value: str, reason: list[str]) -> None:
        assert why(rules.identifier_is_well_formed(form(id_type=id_type, id_value=value))) == reason


class TestContacts:
    @pytest.mark.rule("V-06")
    @pytest.mark.parametrize(
        "address",
        ["ana@example.com", "ANA.Z+test@Example.ORG", "josé@dömäin.de", "a@b.co", "x@lumenvalley.example", ""],
    )
    def test_an_email_that_can_exist_passes(self, address: str) -> None:
        assert list(rules.email_is_possible(form(email=address))) == []

    @pytest.mark.rule("V-06")
    @pytest.mark.parametrize(
        "address",
        ["ana", "ana@", "@example.com", "ana@example", "ana@@example.com", "ana zelenko@example.com", "ana@exa mple.com",
         "ana@example.com\nBcc: all@example.com", '"><script>@example.com', "ana@.example"],
    )  # fmt: skip
    def test_an_email_that_cannot_is_to_be_mended(self, address: str) -> None:
        assert why(rules.email_is_possible(form(email=address))) == ["email"]

    @pytest.mark.rule("V-07")
    @pytest.mark.parametrize(
        ("number", "good"),
        [
            ("", True),  # nobody must have one
            ("(503) 555-0142", True),
            ("+34 612 345 678", True),
            ("503.555.0142 ext. 7", True),
            ("12", False),
            ("555-0142", False),  # without its area code it is another telephone in every town
            ("111-111-1111", False),
            ("my mother's", False),
            ("+999 1234567890", False),
        ],
    )
    def test_a_phone_number_can_be_dialled(self, number: str, good: bool) -> None:
        assert (list(rules.phone_is_possible(form(phone=number))) == []) is good


def test_every_rule_is_asked_in_the_order_of_the_pages() -> None:
    everything_wrong = form(
        service_address={}, services=["steam"], start_date="x", kind="person", date_of_birth="x", id_type="x", id_value="x",
        email="x", phone="x", mail_elsewhere=True, mailing_address={}, language="x", consents=[],
    )  # fmt: skip
    found = list(dict.fromkeys(each.rule for each in rules.check(everything_wrong)))
    assert found == ["V-12", "V-09", "V-10", "V-01", "V-03", "V-04", "V-05", "V-06", "V-07", "V-08", "V-13", "V-11"]
