"""Does each rule keep out what it should, and nothing else?"""

from datetime import date

import pytest

from keyturn.steps import rulebook
from keyturn.steps.maintain import rules
from keyturn.steps.maintain.words import WORDS
from keyturn.terms.finding import Effect
from keyturn.terms.policy import Policy

TERMS = rules.Terms(Policy(), date(2026, 1, 15))
PERSON = {"ref": "P1", "given_name": "Ada", "family_name": "Byron"}
PREMISE = {"ref": "L1", "line1": "1 Mill Lane", "city": "Lumen", "service_types": "gas;electric"}
ACCOUNT = {"ref": "A1", "person_ref": "P1", "premise_ref": "L1", "status": "active", "start_date": "2020-05-01"}


def numbers(kind: str, row: dict[str, str]) -> set[tuple[str, str]]:
    return {(found.rule, found.field) for found in rules.check(kind, row, TERMS)}


@pytest.mark.parametrize(("kind", "row"), [("persons", PERSON), ("premises", PREMISE), ("accounts", ACCOUNT)])
def test_a_plain_row_passes(kind: str, row: dict[str, str]) -> None:
    assert rules.check(kind, row, TERMS) == []


@pytest.mark.parametrize(
    ("change", "rule", "field"),
    [
        ({"ref": ""}, "K-01", "ref"),
        ({"family_name": "x" * 101}, "K-03", "family_name"),
        ({"family_name": "By\x00ron"}, "K-03", "family_name"),
        ({"family_name": "By\ud800ron"}, "K-03", "family_name"),
        ({"city": "x" * 1_000_000}, "K-03", "city"),
        ({"country": "USA"}, "K-04", "country"),
        ({"kind": "dog"}, "K-05", "kind"),
        ({"given_name": "", "family_name": ""}, "K-06", "family_name"),
        ({"given_name": "7", "family_name": "-"}, "K-06", "family_name"),
        ({"kind": "organisation", "organisation_name": ""}, "K-06", "organisation_name"),
        ({"date_of_birth": "27/03/1985"}, "K-07", "date_of_birth"),
        ({"date_of_birth": "19850327"}, "K-07", "date_of_birth"),
        ({"date_of_birth": "1985-W13-3"}, "K-07", "date_of_birth"),  # ISO 8601, too
        ({"date_of_birth": "2026-02-30"}, "K-07", "date_of_birth"),
        ({"date_of_birth": "2026-01-16"}, "K-07", "date_of_birth"),
        ({"date_of_birth": "1850-01-01"}, "K-07", "date_of_birth"),
        ({"id_type": "passport"}, "K-08", "id_value"),
        ({"id_value": "123"}, "K-08", "id_type"),
        ({"id_type": "library_card", "id_value": "123"}, "K-08", "id_type"),
        ({"id_type": "passport", "id_value": "--"}, "K-08", "id_value"),
        ({"id_type": "ssn_last4", "id_value": "123456789"}, "K-08", "id_value"),
        ({"email": "nobody"}, "K-10", "email"),
        ({"phone": "12"}, "K-11", "phone"),
    ],
)
@pytest.mark.rule("K-01", "K-03", "K-04", "K-05", "K-06", "K-07", "K-08", "K-10", "K-11")
def test_a_person_is_objected_to(change: dict[str, str], rule: str, field: str) -> None:
    assert numbers("persons", PERSON | change) == {(rule, field)}


@pytest.mark.parametrize(
    "change",
    [
        {"given_name": "", "family_name": "Wulandari"},
        {"given_name": "Nguyễn", "family_name": ""},
        {"given_name": "", "family_name": "", "organisation_name": "3M"},
        {"kind": "organisation", "organisation_name": "7"},
        {"date_of_birth": "2015-01-01"},  # a minor may be on file
        {"id_type": "ssn_last4", "id_value": "0042"},
        {"phone": "+46 40 10 20 30", "country": "SE"},
        {"family_name": "x" * 100},
        {"family_name": "O'Brien-Ōyama de la Cruz"},
    ],
)
def test_a_person_passes(change: dict[str, str]) -> None:
    assert numbers("persons", PERSON | change) == set()


def test_an_e_mail_or_phone_that_reaches_nobody_is_only_noted() -> None:
    found = rules.check("persons", PERSON | {"email": "nobody", "phone": "12"}, TERMS)
    assert {each.effect for each in found} == {Effect.NOTE}


@pytest.mark.parametrize(
    ("change", "rule", "field"),
    [
        ({"line1": ""}, "K-13", "line1"),
        ({"city": ""}, "K-13", "city"),
        ({"service_types": ""}, "K-14", "service_types"),
        ({"service_types": "electric;steam"}, "K-14", "service_types"),
    ],
)
@pytest.mark.rule("K-13", "K-14")
def test_a_premise_is_objected_to(change: dict[str, str], rule: str, field: str) -> None:
    assert numbers("premises", PREMISE | change) == {(rule, field)}


def test_services_are_read_however_they_are_written() -> None:
    assert rules.services_of({"service_types": " Water; electric ;electric"}) == ("electric", "water")


@pytest.mark.parametrize(
    ("change", "rule", "field"),
    [
        ({"status": "sleeping"}, "K-16", "status"),
        ({"start_date": "May 2020"}, "K-16", "start_date"),
        ({"start_date": ""}, "K-16", "start_date"),
        ({"end_date": "2020-04-30"}, "K-16", "end_date"),
        ({"status": "stopped"}, "K-16", "end_date"),
        ({"balance": "1,234.50"}, "K-17", "balance"),
        ({"balance": "$5"}, "K-17", "balance"),
        ({"balance": "1.005"}, "K-17", "balance"),
        ({"balance": "NaN"}, "K-17", "balance"),
    ],
)
@pytest.mark.rule("K-16", "K-17")
def test_an_account_is_objected_to(change: dict[str, str], rule: str, field: str) -> None:
    assert numbers("accounts", ACCOUNT | change) == {(rule, field)}


@pytest.mark.parametrize(
    ("start", "end", "status"),
    [
        ("2020-05-01", "", "active"),
        ("2026-02-01", "", "pending_start"),
        ("2020-05-01", "2026-01-15", "pending_stop"),
        ("2020-05-01", "2026-01-14", "stopped"),
    ],
)
def test_a_silent_status_shows_in_the_dates(start: str, end: str, status: str) -> None:
    assert rules.status_of({"start_date": start, "end_date": end}, TERMS.today) == status


@pytest.mark.parametrize(
    ("other", "clash"),
    [
        (rules.Stay("A2", date(2026, 1, 1), None), True),
        (rules.Stay("A2", date(2025, 1, 1), date(2026, 1, 10)), True),  # its last day is the first of ours
        (rules.Stay("A2", date(2025, 1, 1), date(2026, 1, 9)), False),
        (rules.Stay("A2", date(2026, 2, 1), None), False),
        (rules.Stay("A1", date(2020, 1, 1), None), False),  # the account itself
    ],
)
@pytest.mark.rule("K-18")
def test_two_customers_cannot_be_served_on_one_day(other: rules.Stay, clash: bool) -> None:
    stay = rules.Stay("A1", date(2026, 1, 10), date(2026, 1, 31))
    assert bool(list(rules.nobody_else_is_served(stay, [other]))) is clash


def test_text_is_composed_and_its_spaces_are_tidied() -> None:
    assert rules.clean("  Andre\u0301 \t\r\n  Dupont ") == "André Dupont"
    assert rules.clean(["electric", "gas"]) == "electric;gas"


NO_FINDINGS = {"K-19"}
"""Rules that answer with a value and keep nothing out."""


def test_every_rule_that_keeps_a_row_out_has_its_words() -> None:
    of_imports = {number for number, rule in rulebook().items() if rule.function.__module__ == rules.__name__}
    assert len(of_imports) > 15
    assert of_imports - NO_FINDINGS <= {key.partition(".")[0] for key in WORDS}
