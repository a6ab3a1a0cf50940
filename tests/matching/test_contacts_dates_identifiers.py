"""Do numbers, mailboxes, days and documents compare as people mean them?"""

from datetime import date

import pytest

from keyturn.matching.contacts import compare_emails, compare_phones, mailbox, normal_email, normal_phone
from keyturn.matching.dates import a_generation_apart, compare_dates, normal_date
from keyturn.matching.identifiers import compare_identifiers, digests_of
from keyturn.terms.person import Identifier


@pytest.mark.parametrize(
    ("typed", "country", "number"),
    [
        ("(503) 555-1234", "US", "+15035551234"),
        ("503.555.1234", "US", "+15035551234"),
        ("1 503 555 1234", "US", "+15035551234"),
        ("+1 503-555-1234", "AU", "+15035551234"),
        ("503 555 1234 ext. 9", "US", "+15035551234"),
        ("(02) 9999 1234", "AU", "+61299991234"),
        ("+52 55 1234 5678", "US", "+525512345678"),
        ("５０３-555-1234", "US", "+15035551234"),
        ("555-1234", "US", ""),
        ("call me", "US", ""),
        ("", "US", ""),
        ("111-111-1111", "US", ""),
        ("222-222-2222", "US", ""),
        ("503-555-5555", "US", ""),
        ("503 555 1234", "nowhere", ""),
    ],
)
def test_phones_become_e164_or_nothing(typed: str, country: str, number: str) -> None:
    assert normal_phone(typed, country=country) == number


@pytest.mark.parametrize(
    ("typed", "email"),
    [
        (" Jane.Roe@Example.COM ", "jane.roe@example.com"),
        ("mailto:jane@example.com", "jane@example.com"),
        ("jane", ""),
        ("jane@localhost", ""),
        ("@example.com", ""),
        ("jane roe@example.com", ""),
        ("ja\x00ne@example.com", ""),
        ("jane\ud800@example.com", ""),
        ("jane@ＥＸＡＭＰＬＥ.com", "jane@ｅｘａｍｐｌｅ.com"),
        ("ÁNA@dömäin.DE", "ána@dömäin.de"),
    ],
)
def test_emails_lose_case_and_space_only(typed: str, email: str) -> None:
    assert normal_email(typed) == email


@pytest.mark.parametrize(
    ("theirs", "mine"),
    [
        ("bob@strasse.example", "bob@straße.example"),  # two domains since IDNA 2008: who proves one has not the other
        ("i@example.com", "\u0130@example.com"),  # a Turkish capital
        ("fi@example.com", "\ufb01@example.com"),
    ],
)
def test_emails_that_only_look_alike_are_two(theirs: str, mine: str) -> None:
    assert normal_email(theirs) != normal_email(mine)


def test_an_email_is_one_however_its_accents_are_composed() -> None:
    assert normal_email("jose\u0301@example.com") == normal_email("jos\u00e9@example.com")


def test_dots_and_tags_make_one_mailbox_only_where_the_provider_ignores_them() -> None:
    assert mailbox("j.a.n.e+bills@googlemail.com") == mailbox("jane@gmail.com")
    assert mailbox("jane+bills@outlook.com") == mailbox("jane@outlook.com")
    assert mailbox("j.ane@outlook.com") != mailbox("jane@outlook.com")
    assert mailbox("jane+bills@example.com") != mailbox("jane@example.com")


def test_one_shared_contact_is_enough_and_none_known_is_no_difference() -> None:
    assert compare_emails(("a@example.com", "b@example.com"), ("b@example.com",)) == "exact"
    assert compare_emails(("a.b@gmail.com",), ("ab@gmail.com",)) == "same_mailbox"
    assert compare_emails(("a@example.com",), ("b@example.com",)) == "different"
    assert compare_emails((), ("b@example.com",)) == ""
    assert compare_phones(("+15035551234",), ("+15035551234", "+15035550000")) == "exact"
    assert compare_phones(("+15035551234",), ()) == ""


@pytest.mark.parametrize(
    ("one", "other", "level"),
    [
        ("1970-03-12", "1970-03-12", "exact"),
        ("1970-03-12", "1970-12-03", "day_month"),
        ("1970-03-12", "1970-03-21", "transposed"),
        ("1970-03-12", "1907-03-12", "transposed"),
        ("1970-10-12", "1970-01-12", "transposed"),
        ("1970-03-12", "1970-03-13", "one_digit"),
        ("1970-03-12", "1980-03-12", "one_digit"),
        ("1971-03-12", "1970-08-12", "different"),
        ("1970-03-12", "1970-03-25", "year_month"),
        ("1970-03-12", "1970-08-25", "year"),
        ("1970-03-12", "1959-03-12", "month_day"),
        ("1970-03-12", "1985-11-30", "different"),
    ],
)
def test_birth_dates(one: str, other: str, level: str) -> None:
    assert compare_dates(one, other) == level
    assert compare_dates(other, one) == level


def test_a_slip_in_the_year_can_hide_a_generation() -> None:
    assert a_generation_apart("1951-03-12", "1981-03-12")
    assert not a_generation_apart("1951-03-12", "1953-03-12")


@pytest.mark.parametrize("other", ["1681-03-12", "2981-03-12", "1911-03-12"])
def test_a_year_in_which_no_parent_was_born_is_a_slip(other: str) -> None:
    assert not a_generation_apart(other, "1981-03-12")


def test_a_date_that_systems_make_up_is_no_date() -> None:
    assert normal_date(date(1900, 1, 1)) == ""
    assert normal_date(None) == ""
    assert normal_date(date(1970, 3, 12)) == "1970-03-12"


def echo(id_type: str, value: str) -> str:
    return f"<{value}>"


def test_one_document_has_one_digest_however_it_is_spaced() -> None:
    one, other = Identifier("ssn", "123-45-6789"), Identifier("ssn", " 123 45 6789 ")
    assert digests_of([one], echo) == digests_of([other], echo)
    assert digests_of([Identifier("passport", "ab 12")], echo) == (("passport", "<AB12>"),)
    assert digests_of([Identifier("passport", " - ")], echo) == ()


def test_a_full_number_supports_the_last_four_digits_of_another_record() -> None:
    full = digests_of([Identifier("ssn", "123-45-6789")], echo)
    last4 = digests_of([Identifier("ssn_last4", "6789")], echo)
    assert compare_identifiers(full, last4) == "last4"
    assert compare_identifiers(full, digests_of([Identifier("ssn_last4", "6780")], echo)) == "different_last4"


def test_documents_of_two_kinds_say_nothing_and_a_contradiction_outweighs_an_agreement() -> None:
    licence, passport = ("driver_licence", "a"), ("passport", "b")
    assert compare_identifiers((licence,), (passport,)) == ""
    assert compare_identifiers((licence,), (licence, passport)) == "equal"
    assert compare_identifiers((licence, passport), (licence, ("passport", "c"))) == "different"
    assert compare_identifiers((("ssn", "x"), ("ssn_last4", "4")), (("ssn", "y"), ("ssn_last4", "4"))) == "different"


@pytest.mark.parametrize(
    ("one", "other", "level"),
    [
        ("jane.roe@gmail.com", "jane.roe@gmial.com", "similar"),
        ("jane.roe@gmail.com", "jane.reo@gmail.com", "similar"),
        ("jane.roe1@gmail.com", "jane.roe2@gmail.com", "different"),
        ("jo@example.com", "joe@example.com", "different"),
        ("jane@example.com", "igor@example.com", "different"),
    ],
)
def test_a_slip_in_a_mailbox_is_told_from_another_mailbox(one: str, other: str, level: str) -> None:
    assert compare_emails((one,), (other,)) == compare_emails((other,), (one,)) == level


@pytest.mark.parametrize(
    ("other", "level"),
    [
        ("+15035551234", "exact"),
        ("+15035551235", "one_digit"),
        ("+15035551243", "one_digit"),
        ("+15035551299", "different"),
    ],
)
def test_a_digit_of_a_telephone(other: str, level: str) -> None:
    assert compare_phones(("+15035551234",), (other,)) == compare_phones((other,), ("+15035551234",)) == level


@pytest.mark.parametrize(
    ("one", "other", "level"),
    [
        ("1970-03-31", "1970-04-01", "day_off"),
        ("1969-12-31", "1970-01-01", "day_off"),
        ("1970-03-19", "1970-03-20", "day_off"),
        ("1970-01-01", "1970-08-23", "first_of_january"),
        ("1970-01-01", "1971-08-23", "different"),
        ("1970-01-01", "1971-01-01", "month_day"),
        ("1989-01-01", "1998-01-01", "month_day"),
    ],
)
def test_a_day_s_difference_and_a_day_that_nobody_knew(one: str, other: str, level: str) -> None:
    assert compare_dates(one, other) == compare_dates(other, one) == level
