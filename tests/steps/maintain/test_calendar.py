"""What changes because a day has begun? (K-19)"""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.conf import settings

from keyturn import flow
from keyturn.records.models import Request, ServiceAgreement
from keyturn.steps.maintain.rules import status_today
from keyturn.terms.person import PersonDetails
from keyturn.terms.premise import AgreementStatus as Status
from tests import factories

DAY = date(2026, 12, 7)
BEFORE, AFTER = DAY - timedelta(days=1), DAY + timedelta(days=1)


@pytest.mark.rule("K-19")
@pytest.mark.parametrize(
    ("status", "start", "end", "today"),
    [
        (Status.PENDING_START, AFTER, None, Status.PENDING_START),
        (Status.PENDING_START, DAY, None, Status.ACTIVE),
        (Status.PENDING_START, DAY, AFTER, Status.PENDING_STOP),
        (Status.PENDING_START, BEFORE, BEFORE, Status.STOPPED),
        (Status.PENDING_STOP, BEFORE, DAY, Status.PENDING_STOP),
        (Status.PENDING_STOP, BEFORE, BEFORE, Status.STOPPED),
        (Status.ACTIVE, BEFORE, None, Status.ACTIVE),
        (Status.CANCELLED, BEFORE, BEFORE, Status.CANCELLED),
    ],
)
def test_an_agreement_follows_the_calendar(status: str, start: date, end: date | None, today: str) -> None:
    assert status_today(status, start, end, DAY) == today


NIGHT = datetime(2026, 12, 7, 12, tzinfo=UTC)
ADA = PersonDetails(given_name="Ada", family_name="Byrne")


def turned() -> int:
    return flow.turn_day(now=NIGHT, policy=settings.KEYTURN_POLICY)


@pytest.mark.usefixtures("utility")
def test_a_new_day_starts_and_stops_what_came_in_with_an_import() -> None:
    person = factories.a_person(ADA)
    starts = factories.an_account(person, factories.a_premise(), status=Status.PENDING_START, since=DAY)
    stops = factories.an_account(person, factories.a_premise(), status=Status.PENDING_STOP, until=BEFORE)
    assert (turned(), turned()) == (6, 0)
    assert set(starts.agreements.values_list("status", flat=True)) == {Status.ACTIVE}
    assert set(stops.agreements.values_list("status", flat=True)) == {Status.STOPPED}


@pytest.mark.usefixtures("utility")
def test_a_new_day_starts_nothing_that_the_cis_has_not_confirmed() -> None:
    premise = factories.a_premise(services="electric")
    account = factories.an_account(factories.a_person(ADA), premise, status=Status.PENDING_START, since=DAY)
    request = Request.objects.create(
        journey="start_service", step="sync", standing="machine", channel="api", begun_by="partner:1", account=account,
        premise=premise, created_at=NIGHT, updated_at=NIGHT,
    )  # fmt: skip
    assert turned() == 0
    ServiceAgreement.objects.update(ref="A-1")
    Request.objects.filter(pk=request.pk).update(standing="nobody", outcome="completed")
    assert turned() == 1
