"""Does a failure of the reference CIS's database mean to Keyturn what it is: nothing done, perhaps done, or refused?"""

import socket
import threading
from dataclasses import replace
from time import perf_counter

import psycopg
import pytest

from keyturn.connectors.cis.contract_kit import ONCE, a_key, newcomer_at
from keyturn.connectors.cis.reference import ReferenceCis
from keyturn.terms.errors import InDoubt, Unavailable
from tests.connectors.wire import Cut, Wire

SHORT_SECONDS = 0.5


@pytest.fixture
def wire(reference):
    wire = Wire(reference._link.url)
    yield wire
    wire.close()


@pytest.fixture
def distant(reference, wire):
    """The same CIS at the other end of a line that can be cut."""
    cis = ReferenceCis(wire.url, schema=reference._link.schema, timeout_seconds=10)
    yield cis
    cis.close()


@pytest.fixture
def impatient(reference, wire):
    """The same with a time limit worth waiting for in a test."""
    cis = ReferenceCis(wire.url, schema=reference._link.schema, timeout_seconds=SHORT_SECONDS)
    yield cis
    cis.close()


def test_a_server_that_is_not_there_is_unavailable_at_once():
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    before = perf_counter()
    with pytest.raises(Unavailable, match="cis_unreachable") as no:
        ReferenceCis(f"postgresql://u:sesame@127.0.0.1:{port}/x", timeout_seconds=10).ping()
    assert perf_counter() - before < 2
    assert "sesame" not in str(no.value)


def test_a_database_without_the_cis_is_unavailable_and_says_so(reference):
    with pytest.raises(Unavailable, match="cis_not_installed"):
        ReferenceCis(reference._link.url, schema="nobody_made_this", timeout_seconds=2).ping()


@pytest.mark.parametrize(
    ("cut", "error", "done"),
    [
        (Cut.AT_FIRST_WRITE, Unavailable, False),
        (Cut.BEFORE_COMMIT, InDoubt, False),
        (Cut.AFTER_COMMIT, InDoubt, True),
    ],
)
def test_a_line_cut(reference, town, distant, wire, cut, error, done):
    command, key = newcomer_at(town.vacant()), a_key()
    distant.ping()
    wire.cut = cut
    with pytest.raises(error):
        distant.send(command, key=key)
    wire.cut = Cut.NEVER
    assert (distant.find(key) is not None) == done
    assert distant.send(command, key=key).repeated == done
    assert town.totals() == ONCE


def test_a_server_that_falls_silent_holds_nobody_longer_than_the_limit(town, impatient, wire):
    command = newcomer_at(town.vacant())
    impatient.ping()
    wire.cut = Cut.SILENT
    before = perf_counter()
    with pytest.raises(Unavailable):
        impatient.send(command, key=a_key())
    assert wire.heard.is_set()
    assert perf_counter() - before < SHORT_SECONDS + 4


def test_a_connection_that_died_while_idle_is_replaced_unnoticed(reference):
    reference.ping()
    with psycopg.connect(reference._link.url, autocommit=True) as other:
        other.execute(
            "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE application_name = 'keyturn-cis'"
        )
    reference.ping()


def test_waiting_too_long_for_a_lock_is_unavailable_and_has_done_nothing(reference, town, impatient):
    premise = town.vacant()
    with reference._link.writing() as cursor:
        cursor.execute("SELECT 1 FROM service_point WHERE premise_ref = %s FOR UPDATE", (premise,))
        with pytest.raises(Unavailable, match="cis_unavailable"):
            impatient.send(newcomer_at(premise), key=a_key())
    assert town.totals()["accounts"] == 0


def test_more_callers_than_connections_wait_their_turn(reference, town):
    cis = ReferenceCis(reference._link.url, schema=reference._link.schema, timeout_seconds=10)
    commands = [newcomer_at(town.vacant()) for _ in range(30)]
    threads = [threading.Thread(target=cis.send, args=(command,), kwargs={"key": a_key()}) for command in commands]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert len(cis._link._idle) <= 8
    cis.close()
    assert town.totals() == {"persons": 30, "accounts": 30, "agreements": 60}


def test_a_call_that_fails_leaves_no_transaction_open(reference, town):
    with pytest.raises(Exception, match="no_person"):
        reference.send(replace(newcomer_at(town.vacant()), person=None), key=a_key())
    with psycopg.connect(reference._link.url) as other:
        row = other.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'keyturn-cis'"
            " AND state LIKE 'idle in transaction%'"
        ).fetchone()
    assert row == (0,)
