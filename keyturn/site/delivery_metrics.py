"""What do the counters say of delivery to the CIS? The alarms and their thresholds are in docs/howto/operate.md."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from itertools import accumulate, groupby

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric

from keyturn.connectors.cis import known_as
from keyturn.connectors.cis.counted import BUCKETS
from keyturn.records.queries import deliveries
from keyturn.records.queries.deliveries import Calls
from keyturn.site.since import seconds_since


def told() -> Iterator[Metric]:
    """Read from the database at each scrape: a worker's counts get there every few seconds."""
    now = datetime.now(UTC)
    yield from _waiting(now)
    yield from _kept(now)
    yield from _gate(now)
    yield from _calls(deliveries.calls())


def _waiting(now: datetime) -> Iterator[Metric]:
    age = GaugeMetricFamily(
        "keyturn_queue_age_seconds", "How long the oldest job that is due has waited.", labels=["kind"]
    )
    for each in deliveries.queue_age(now=now):
        age.add_metric([each.kind], each.seconds)
    yield age


def _kept(now: datetime) -> Iterator[Metric]:
    number = GaugeMetricFamily("keyturn_deliveries", "What the CIS must be told yet.", labels=["state"])
    oldest = GaugeMetricFamily("keyturn_delivery_age_seconds", "How old the oldest of them is.", labels=["state"])
    for each in deliveries.kept():
        number.add_metric([each.state], each.number)
        oldest.add_metric([each.state], seconds_since(each.oldest, now))
    yield from (number, oldest)
    told = "Of these, how many wait without a job: the CIS is not called, or has no place."
    yield GaugeMetricFamily("keyturn_deliveries_parked", told, value=deliveries.parked())
    doubtful, first = deliveries.in_doubt()
    yield GaugeMetricFamily("keyturn_in_doubt", "Deliveries whose outcome nobody knows.", value=doubtful)
    yield GaugeMetricFamily(
        "keyturn_in_doubt_seconds", "Since when the first of them.", value=seconds_since(first, now)
    )
    yield GaugeMetricFamily("keyturn_stuck", "Requests that the machine gave up on.", value=deliveries.stuck())
    told = "Requests that are over and left something in the CIS that nobody has put right there."
    yield GaugeMetricFamily("keyturn_left_in_cis", told, value=deliveries.left_in_cis(most=0)[1])


def _gate(now: datetime) -> Iterator[Metric]:
    found = deliveries.gate(known_as(), now=now)
    values = {
        "keyturn_cis_open": (
            "1: the CIS does not answer, and nobody calls it but a probe.",
            float(found.since is not None),
        ),
        "keyturn_cis_open_seconds": ("Since when nobody calls it.", seconds_since(found.since, now)),
        "keyturn_cis_failures": ("Unanswered calls in a row.", float(found.failures)),
        "keyturn_cis_under_way": ("Calls under way now.", float(found.places)),
    }
    for name, (text, value) in values.items():
        metric = GaugeMetricFamily(name, text, labels=["cis"])
        metric.add_metric([found.cis], value)
        yield metric


def _calls(counted: Iterable[Calls]) -> Iterator[Metric]:
    rows = list(counted)
    took = HistogramMetricFamily("keyturn_cis_call_seconds", "How long calls take.", labels=["cis", "operation"])
    for (cis, operation), of_it in groupby(rows, key=lambda each: (each.cis, each.operation)):
        group = list(of_it)
        sums = accumulate(sum(each.buckets.get(end, 0) for each in group) for end in BUCKETS)
        ends = [str(end) for end in BUCKETS[:-1]] + ["+Inf"]
        took.add_metric([cis, operation], list(zip(ends, sums, strict=True)), sum(each.seconds for each in group))
    yield took
    ended = CounterMetricFamily(
        "keyturn_cis_calls", "Calls, by what came of them: ok, or a code.", labels=["cis", "operation", "outcome"]
    )
    for each in rows:
        ended.add_metric([each.cis, each.operation, each.outcome], each.number)
    yield ended
