"""How often does the machine go to the database for one request?

Not how long it takes: machines differ, and what is counted here is the same on all of them. Nearly all time of a job
goes into its trips (the ORM's share on our side, PostgreSQL's on the other), and a decision makes them while it holds
the identity's locks. A trip too many is easily written and seen by nobody. BEGIN and COMMIT are counted, too.
"""

import pytest
from django.db import connection

from keyturn.flow import machine, messages, outside
from keyturn.records.models import Message
from tests.factories import a_person
from tests.flow.town import ANA, BEN, COMPLETED, PROCESSING, Town
from tests.trips import Trips

WHY = "another trip to the database is made for each request: is it needed, and cannot it go with one that is made?\n"


def trips(counted: Trips) -> str:
    """For the message of a test that fails."""
    return WHY + "\n".join(each["sql"][:160] for each in counted.captured_queries)


@pytest.fixture(autouse=True)
def warm(town: Town) -> None:
    """The first request of a process finds out what is kept for the others, and the first delivery makes the CIS's places."""
    town.moves_in(BEN)


def test_a_newcomer_is_decided_in_few_trips(town: Town) -> None:
    case = town.asks(ANA)
    with Trips(connection) as counted:
        machine.advance(request_id=case.id, now=town.now, policy=town.policy)
    assert case.history[-2:] == ["established", "handed_to_cis"]
    assert len(counted) <= 8, trips(counted)


def test_somebody_on_file_is_decided_in_few_trips(town: Town) -> None:
    person = a_person(ANA)
    case = town.asks(ANA)
    with Trips(connection) as counted:
        machine.advance(request_id=case.id, now=town.now, policy=town.policy)
    assert case.person == person and case.history[-1] == "handed_to_cis"
    assert len(counted) <= 9, trips(counted)


def test_the_cis_is_told_in_few_trips(town: Town) -> None:
    """Ours: the reference CIS has a connection of its own."""
    case = town.asks(ANA)
    machine.advance(request_id=case.id, now=town.now, policy=town.policy)
    with Trips(connection) as counted:
        outside.tell_cis(request_id=case.id, now=town.now, policy=town.policy)
    assert case.status == COMPLETED
    assert len(counted) <= 10, trips(counted)


def test_a_message_is_sent_in_two_trips(town: Town) -> None:
    case = town.asks(ANA)
    message = Message.objects.get(request=case.id, template="received")
    with Trips(connection) as counted:
        messages.send_message(message_id=message.pk, now=town.now, policy=town.policy)
    assert case.status == PROCESSING and len(town.mails(ANA.emails[0])) == 1
    assert len(counted) <= 2, trips(counted)
