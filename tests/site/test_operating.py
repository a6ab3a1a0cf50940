"""Do the numbers that alarms are set on exist, do a worker's reach every web process, and do they say what is so?"""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.db import DatabaseError
from django.test import Client
from prometheus_client.parser import text_string_to_metric_families

from keyturn.connectors.cis import cis, counted, known_as
from keyturn.flow import counting, gate, outside
from keyturn.records import cis_state
from keyturn.records.models import CisCalls, CisCursor, Reconciliation
from keyturn.records.queries import deliveries
from keyturn.terms.errors import Rejected, Unavailable
from keyturn.terms.policy import Policy
from keyturn.work import queue
from tests.flow.conftest import cis_installed, town  # noqa: F401 (fixtures)
from tests.flow.town import ANA, BEN, Town

PAPER = (Path(__file__).resolve().parents[2] / "docs/howto/operate.md").read_text(encoding="utf-8")


class Seen(dict[tuple[str, tuple[str, ...]], float]):
    """Samples by name and values of labels, in whichever order."""

    def __getitem__(self, key: tuple[str, tuple[str, ...]]) -> float:
        return super().__getitem__((key[0], tuple(sorted(key[1]))))


def told() -> Seen:
    """Every sample of /metrics."""
    families = text_string_to_metric_families(Client().get("/metrics").content.decode())
    return Seen(
        {
            (sample.name, tuple(sorted(sample.labels.values()))): sample.value
            for family in families
            for sample in family.samples
        }
    )


def a_call() -> None:
    counted.note("reference", "send", "ok", 0.2)
    counting.keep_counts()


@pytest.mark.django_db
def test_every_metric_that_the_page_names_exists_and_every_setting() -> None:
    a_call()
    queue.later("rescue")
    now = datetime.now(UTC)
    CisCursor.objects.create(name="changes", asked_at=now)
    Reconciliation.objects.create(begun_by="machine:", started_at=now, moved_at=now, ended_at=now)
    text = Client().get("/metrics").content.decode()
    there = set(re.findall(r"^# TYPE (\w+)", text, re.MULTILINE))
    named = set(re.findall(r"`(keyturn_\w+)`", PAPER))
    assert len(named) > 15
    assert sorted(named - there) == []
    delivery = {name for name in there if re.match(r"keyturn_(cis|deliver|in_doubt|stuck|left|queue)", name)}
    assert sorted(delivery - named) == [], "say on the page what they mean"
    settings = re.findall(r"^\| `(cis_\w+)` \| ([\w.]+)", PAPER, re.MULTILINE)
    assert len(settings) >= 8
    for name, value in settings:
        assert str(getattr(Policy(), name)).lower().removesuffix(".0") == value, name


@pytest.mark.django_db
class TestWhatIsTold:
    def test_the_breaker_and_what_waits_for_it(self, town: Town) -> None:  # noqa: F811
        town.policy_says(cis_breaker_failures=1)
        town.cis_is("down", calls=["send", "ping"])
        town.moves_in(ANA)
        town.moves_in(BEN)
        seen = told()
        assert seen["keyturn_cis_open", ("reference",)] == 1
        assert seen["keyturn_deliveries", ("intended",)] == 2
        assert seen["keyturn_deliveries_parked", ()] == 1

    def test_what_is_in_doubt_stuck_and_refused(self, town: Town) -> None:  # noqa: F811
        town.policy_says(cis_tries=1)
        town.cis_is(script=[{"fault": "answer_lost"}, {"fault": "refuses"}])
        town.moves_in(ANA)
        town.moves_in(BEN)
        seen = told()
        assert (
            seen["keyturn_in_doubt", ()] == seen["keyturn_stuck", ()] == seen["keyturn_deliveries", ("rejected",)] == 1
        )
        assert seen["keyturn_cis_open", ("reference",)] == 0

    def test_what_was_left_in_the_cis_until_somebody_says_that_it_is_gone(self, town: Town) -> None:  # noqa: F811
        town.cis_is(script=[{"fault": "refuses"}])
        case = town.moves_in(ANA)
        case.staff("refuse", "The meter at this address was removed.")
        outside._after_the_end(case.id, "left_in_cis", now=town.now, data={"code": "already_active"})
        assert told()["keyturn_left_in_cis", ()] == 1
        assert [each.pk for each in deliveries.left_in_cis(most=9)[0]] == [case.id]

    def test_how_long_the_oldest_job_has_waited_by_kind(self, town: Town) -> None:  # noqa: F811
        queue.later("rescue", at=town.now - timedelta(seconds=90))
        queue.later("rescue", at=town.now - timedelta(seconds=30))
        queue.later("expire", at=town.now + timedelta(seconds=30))
        queue.later("wake")
        found = {each.kind: each for each in deliveries.queue_age(now=town.now)}
        assert (found["rescue"].number, found["rescue"].seconds) == (2, 90)
        assert "expire" not in found
        assert found["wake"].number == 1


@pytest.mark.django_db
class TestCounts:
    @pytest.fixture(autouse=True)
    def none_yet(self) -> None:
        counted.take()

    def test_of_a_worker_reach_every_process_and_are_added_up(self) -> None:
        for seconds in (0.01, 0.2, 0.2, 99.0):
            counted.note("reference", "send", "ok", seconds)
        counted.note("reference", "send", "premise_occupied", 0.01)
        assert counting.keep_counts() == 4
        a_call()
        seen = told()
        assert seen["keyturn_cis_calls_total", ("reference", "send", "ok")] == 5
        assert seen["keyturn_cis_calls_total", ("reference", "send", "premise_occupied")] == 1
        assert seen["keyturn_cis_call_seconds_bucket", ("reference", "send", "0.05")] == 2
        assert seen["keyturn_cis_call_seconds_bucket", ("reference", "send", "0.25")] == 5
        assert seen["keyturn_cis_call_seconds_bucket", ("reference", "send", "+Inf")] == 6
        assert seen["keyturn_cis_call_seconds_sum", ("reference", "send")] == pytest.approx(99.62)

    def test_are_not_lost_while_the_database_is_away(self, monkeypatch: pytest.MonkeyPatch) -> None:
        counted.note("reference", "ping", "ok", 0.01)
        with monkeypatch.context() as away:

            def refuses(_counts: object) -> None:
                raise DatabaseError

            away.setattr(cis_state, "add_calls", refuses)
            assert counting.keep_counts() == 0
        counted.note("reference", "ping", "ok", 0.01)
        assert counting.keep_counts() == 1
        assert CisCalls.objects.get(operation="ping").calls == 2

    def test_are_made_of_every_call_and_hold_codes_only(self, town: Town, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: F811
        asked = cis()
        asked.ping()
        assert asked.find("KT-NOBODY") is None
        with monkeypatch.context() as refusing:

            def refuses(_key: str) -> None:
                raise Rejected("refused", "for ana.zelenko")

            refusing.setattr(type(town.cis), "find", lambda _self, key: refuses(key))
            with pytest.raises(Rejected):
                asked.find("KT-NOBODY")
        assert {key[:3] for key in counted.take()} == {
            (known_as(), "ping", "ok"), (known_as(), "find", "ok"), (known_as(), "find", "refused"),
        }  # fmt: skip

    def test_the_page_of_a_share_is_the_end_of_its_bucket(self) -> None:
        for seconds in (0.01,) * 9 + (4.0,):
            counted.note("reference", "send", "ok", seconds)
        counting.keep_counts()
        assert deliveries.quantile(deliveries.calls(), 0.5) == 0.05
        assert deliveries.quantile(deliveries.calls(), 0.95) == 5.0
        assert deliveries.quantile([], 0.5) is None


@pytest.mark.django_db
def test_a_silence_that_opens_the_breaker_is_seen_at_once(town: Town) -> None:  # noqa: F811
    town.policy_says(cis_breaker_failures=1)
    gate.heard(Unavailable("cis_unreachable"), now=town.now, policy=town.policy)
    assert deliveries.gate(known_as(), now=town.now).since == town.now
