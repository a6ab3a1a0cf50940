"""What do the counters say? Read from the database at each scrape, so that every web process tells the same."""

from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.db import DatabaseError, connection
from prometheus_client import REGISTRY
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from keyturn.site import delivery_metrics, door_metrics, inbound_metrics

_JOBS = """
SELECT count(*) FILTER (WHERE status = 'todo' AND coalesce(scheduled_at, now()) <= now()),
       count(*) FILTER (WHERE status = 'doing'),
       count(*) FILTER (WHERE status = 'failed'),
       (SELECT count(*) FROM procrastinate_workers WHERE last_heartbeat > now() - interval '1 minute')
  FROM procrastinate_jobs"""

_REQUESTS = """
SELECT standing, count(*), coalesce(extract(epoch FROM now() - min(updated_at)), 0)
  FROM request WHERE outcome = '' AND submitted_at IS NOT NULL GROUP BY standing"""

_PRIVACY = """
SELECT count(*) FROM privacy_case c JOIN request r ON r.id = c.request_id
 WHERE c.ended_at IS NULL AND r.ended_at IS NULL AND c.due_at < now()"""

_MESSAGES = """
SELECT count(*) FILTER (WHERE state = 'due'), count(*) FILTER (WHERE state = 'failed')
  FROM message WHERE state IN ('due', 'failed') AND created_at > now() - interval '7 days'"""


_SWITCH = 'SELECT "on" FROM link_switch ORDER BY id DESC LIMIT 1'


class FromTheDatabase(Collector):
    """The queue and the requests that are on their way. `keyturn_database_up` 0, and nothing else, while it is away."""

    def describe(self) -> list[Any]:
        return []  # so that registering it asks no database

    def collect(self) -> Iterator[Metric]:
        try:
            with connection.cursor() as cursor:
                cursor.execute(_JOBS)
                jobs = cursor.fetchone()
                cursor.execute(_REQUESTS)
                requests = cursor.fetchall()
                cursor.execute(_MESSAGES)
                messages = cursor.fetchone()
                cursor.execute(_PRIVACY)
                overdue = cursor.fetchone()
                cursor.execute(_SWITCH)
                switch = cursor.fetchone()
            delivery = [*delivery_metrics.told(), *inbound_metrics.told()]
        except DatabaseError:
            yield GaugeMetricFamily("keyturn_database_up", "Whether the database answers.", value=0)
            return
        yield GaugeMetricFamily("keyturn_database_up", "Whether the database answers.", value=1)
        yield from _of_the_queue(*jobs)
        yield from _of_the_requests(requests)
        yield from _of_the_messages(*messages)
        told = "Requests about one's own data that are past their day. Alarm above 0."
        yield GaugeMetricFamily("keyturn_privacy_overdue", told, value=overdue[0])
        made = settings.KEYTURN_POLICY.link_automatically and (switch is None or switch[0])
        yield from delivery
        told = "Whether the machine links requests to persons. Alarm on 0, unless the policy says so."
        yield GaugeMetricFamily("keyturn_links_on", told, value=float(made))


def _of_the_queue(due: int, doing: int, gave_up: int, workers: int) -> Iterator[GaugeMetricFamily]:
    states = GaugeMetricFamily("keyturn_jobs", "Jobs in the queue. Alarm on gave_up above 0.", labels=["state"])
    for state, number in (("due", due), ("doing", doing), ("gave_up", gave_up)):
        states.add_metric([state], number)
    yield states
    yield GaugeMetricFamily("keyturn_workers", "Workers that beat within the last minute.", value=workers)


def _of_the_requests(rows: list[tuple[str, int, float]]) -> Iterator[GaugeMetricFamily]:
    number = GaugeMetricFamily("keyturn_requests", "Open requests, by who must act next.", labels=["standing"])
    oldest = GaugeMetricFamily("keyturn_request_idle_seconds", "The longest since one moved.", labels=["standing"])
    for standing, count, seconds in rows:
        number.add_metric([standing], count)
        oldest.add_metric([standing], float(seconds))
    yield from (number, oldest)


def _of_the_messages(due: int, failed: int) -> Iterator[GaugeMetricFamily]:
    states = GaugeMetricFamily(
        "keyturn_messages", "Messages of the last seven days. Alarm on failed.", labels=["state"]
    )
    for state, number in (("due", due), ("failed", failed)):
        states.add_metric([state], number)
    yield states


REGISTRY.register(FromTheDatabase())
REGISTRY.register(door_metrics.OfTheDoor())
