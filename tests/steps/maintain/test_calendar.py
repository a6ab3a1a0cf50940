"""What changes because a day has begun? (K-19)"""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.conf import settings

from keyturn import flow
from keyturn.records.models import ServiceAgreement
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


@pytest.mark.usefixtures("utility")
def test_a_new_day_starts_what_the_cis_has_confirmed_and_nothing_else() -> None:
    person = factories.a_person(PersonDetails(given_name="Ada", family_name="Byrne"))
    account = factories.an_account(
        person, factories.a_premise(services="electric;gas"), status=Status.PENDING_START, since=DAY
    )
    confirmed, unconfirmed = account.agreements.order_by("pk")
    ServiceAgreement.objects.filter(pk=confirmed.pk).update(ref="A-1")
    night = datetime(2026, 12, 7, 12, tzinfo=UTC)
    assert flow.turn_day(now=night, policy=settings.KEYTURN_POLICY) == 1
    assert flow.turn_day(now=night, policy=settings.KEYTURN_POLICY) == 0
    confirmed.refresh_from_db()
    unconfirmed.refresh_from_db()
    assert (confirmed.status, unconfirmed.status) == (Status.ACTIVE, Status.PENDING_START)
