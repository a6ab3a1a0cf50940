"""Do the registry and the CIS hold the same, in numbers?"""

from collections.abc import Iterator
from datetime import UTC, datetime

from prometheus_client.core import GaugeMetricFamily

from keyturn.records.queries import reconciliation
from keyturn.site.since import seconds_since

LEFT = ("found", "review")


def told() -> Iterator[GaugeMetricFamily]:
    """Asks the database; what it raises is the caller's to say."""
    now, waiting, first = datetime.now(UTC), reconciliation.waiting(), reconciliation.since()
    text = "Things that the CIS says have changed, to be looked at."
    yield GaugeMetricFamily("keyturn_cis_news", text, value=waiting["news"])
    text = "Since when the oldest of them waits. Alarm above 3600."
    yield GaugeMetricFamily("keyturn_cis_news_seconds", text, value=seconds_since(first["news"], now))
    heard, _problem = reconciliation.heard()
    if heard:
        text = "Since the CIS last told its changes. Alarm above 900 where it offers them."
        yield GaugeMetricFamily("keyturn_cis_heard_seconds", text, value=seconds_since(heard, now))
    text = "Differences that wait for staff."
    yield GaugeMetricFamily("keyturn_cis_differences", text, value=waiting["differences"])
    text = "Since when the oldest of them waits. Alarm above 259200."
    yield GaugeMetricFamily("keyturn_cis_differences_seconds", text, value=seconds_since(first["differences"], now))
    run = reconciliation.newest(ended=True)
    if run:
        text = "Since registry and CIS were last compared to the end. Alarm above 172800."
        yield GaugeMetricFamily("keyturn_reconciled_seconds", text, value=seconds_since(run.ended_at, now))
    kinds = GaugeMetricFamily("keyturn_drift", "What that comparison found and is not put right.", labels=["kind"])
    for kind, states in (reconciliation.by_state(run) if run else {}).items():
        if left := sum(states.get(state, 0) for state in LEFT):
            kinds.add_metric([kind], left)
    yield kinds
