"""Do the registry and the CIS hold the same, in numbers?"""

from collections.abc import Iterator

from django.db import connection
from prometheus_client.core import GaugeMetricFamily

_NEWS = """
SELECT count(*), coalesce(extract(epoch FROM now() - min(told_at)), 0) FROM cis_news"""

_HEARD = "SELECT greatest(0, extract(epoch FROM now() - asked_at)) FROM cis_cursor WHERE asked_at IS NOT NULL"

_CASES = """
SELECT count(*), coalesce(extract(epoch FROM now() - min(opened_at)), 0) FROM cis_difference WHERE state = 'open'"""

_COMPARED = """
SELECT id, extract(epoch FROM now() - ended_at) FROM reconciliation WHERE ended_at IS NOT NULL
 ORDER BY started_at DESC LIMIT 1"""

_DRIFT = "SELECT kind, count(*) FROM drift WHERE reconciliation_id = %s AND state IN ('found', 'review') GROUP BY kind"


def told() -> Iterator[GaugeMetricFamily]:
    """Asks the database; what it raises is the caller's to say."""
    with connection.cursor() as cursor:
        cursor.execute(_NEWS)
        waiting, oldest = cursor.fetchone()
        cursor.execute(_HEARD)
        heard = cursor.fetchone()
        cursor.execute(_CASES)
        cases, longest = cursor.fetchone()
        cursor.execute(_COMPARED)
        run = cursor.fetchone()
        drift = []
        if run:
            cursor.execute(_DRIFT, [run[0]])
            drift = cursor.fetchall()
    yield GaugeMetricFamily(
        "keyturn_cis_news", "Things that the CIS says have changed, to be looked at.", value=waiting
    )
    text = "Since when the oldest of them waits. Alarm above 3600."
    yield GaugeMetricFamily("keyturn_cis_news_seconds", text, value=float(oldest))
    if heard:
        text = "Since the CIS last told its changes. Alarm above 900 where it offers them."
        yield GaugeMetricFamily("keyturn_cis_heard_seconds", text, value=float(heard[0]))
    yield GaugeMetricFamily("keyturn_cis_differences", "Differences that wait for staff.", value=cases)
    text = "Since when the oldest of them waits. Alarm above 259200."
    yield GaugeMetricFamily("keyturn_cis_differences_seconds", text, value=float(longest))
    if run:
        text = "Since registry and CIS were last compared to the end. Alarm above 172800."
        yield GaugeMetricFamily("keyturn_reconciled_seconds", text, value=float(run[1]))
    kinds = GaugeMetricFamily("keyturn_drift", "What that comparison found and is not put right.", labels=["kind"])
    for kind, count in drift:
        kinds.add_metric([kind], count)
    yield kinds
