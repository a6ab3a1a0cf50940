"""Does a file that is silent about something of an account leave that as it is, on both sides?"""

from collections.abc import Callable
from datetime import date, timedelta

import pytest

from keyturn.connectors import cis
from keyturn.records.models import Account, Person, ServiceAgreement
from keyturn.records.queries import persons, rows
from keyturn.steps.maintain.intake import Intake

from .conftest import NOW

LATER = NOW + timedelta(days=30)

Row = dict[str, str]
TakeIn = Callable[..., Intake]


@pytest.fixture
def debt(take_in: TakeIn, ada: Row, house: Row, account: Row) -> Row:
    """Ada's account has ended, and 214.60 are owed."""
    owed = account | {
        "status": "stopped",
        "end_date": "2026-01-01",
        "balance": "214.60",
        "customer_class": "commercial",
    }
    for kind, row in (("premises", house), ("persons", ada), ("accounts", owed)):
        take_in(kind, row)
    return owed


def counts(intake: Intake) -> tuple[int, int, int, int]:
    return (intake.created, intake.changed, intake.unchanged, intake.rejected)


def test_what_a_row_does_not_say_of_an_account_stays(take_in: TakeIn, debt: Row) -> None:
    silent = {name: debt[name] for name in ("ref", "person_ref", "premise_ref", "start_date")}
    assert counts(take_in("accounts", silent)) == (0, 0, 1, 0)
    [row] = rows.export("accounts", at=LATER)
    assert row == debt
    [bill] = persons.unpaid_final_bills(person=Person.objects.get().pk, at=LATER)
    assert (str(bill.balance), bill.ended) == ("214.60", date(2026, 1, 1))
    found = cis.connector().read("account", "A1")
    assert found is not None and str(found["balance"]) == "214.60"


def test_a_row_without_a_premise_leaves_the_division(take_in: TakeIn, debt: Row) -> None:
    """As the export has it of somebody whose address is protected."""
    assert counts(take_in("accounts", debt | {"premise_ref": ""})) == (0, 0, 1, 0)
    assert Account.objects.get().division == "north"


def test_a_known_last_day_stays_until_the_row_says_otherwise(
    take_in: TakeIn, ada: Row, house: Row, account: Row
) -> None:
    leaving = account | {"status": "pending_stop", "end_date": "2026-03-31"}
    for kind, row in (("premises", house), ("persons", ada), ("accounts", leaving)):
        take_in(kind, row)
    silent = account | {"status": "", "end_date": ""}
    assert counts(take_in("accounts", silent)) == (0, 0, 1, 0)
    assert set(ServiceAgreement.objects.values_list("status", "end_date")) == {("pending_stop", date(2026, 3, 31))}
    take_in("accounts", silent | {"status": "active"})
    assert set(ServiceAgreement.objects.values_list("status", "end_date")) == {("active", None)}


def test_who_comes_back_is_served_without_an_end(take_in: TakeIn, debt: Row) -> None:
    again = debt | {"status": "", "start_date": "2026-01-10", "end_date": ""}
    assert take_in("accounts", again).rejected == 0
    assert set(ServiceAgreement.objects.filter(start_date="2026-01-10").values_list("status", "end_date")) == {
        ("active", None)
    }


@pytest.mark.rule("BR-43")
def test_a_service_that_has_ended_stays_so_while_another_goes_on(
    take_in: TakeIn, ada: Row, house: Row, account: Row
) -> None:
    """Ada has given up her water and keeps the electricity; a row, also our own export's, speaks of the account alone."""
    for kind, row in (("premises", house), ("persons", ada), ("accounts", account)):
        take_in(kind, row)
    gone = {"status": "stopped", "end_date": date(2026, 1, 1)}
    ServiceAgreement.objects.filter(service_point__service="water").update(**gone)
    cis.connector().adopt("accounts", [account | {**gone, "service_types": "water"}])
    [row] = rows.export("accounts", at=LATER)
    assert row["status"] == "active"
    for each in (row, row | {"status": "pending_stop", "end_date": "2026-03-31"}):
        take_in("accounts", each)
        here = ServiceAgreement.objects.values_list("service_point__service", "status", "end_date")
        there = cis.connector().read("account", "A1")
        assert there is not None
        ends = date.fromisoformat(each["end_date"]) if each["end_date"] else None
        stand = {("electric", each["status"], ends), ("water", "stopped", date(2026, 1, 1))}
        assert (
            set(here)
            == {(found["service"], found["status"], found["end_date"]) for found in there["agreements"]}
            == stand
        )
