"""How many were turned away at the door, and how long did the others wait? Of all processes of one `keyturn serve` together.

Counted where nothing can be in the way, least of all a database that is too busy: in files in memory, which all processes of one
server share (PROMETHEUS_MULTIPROC_DIR; `keyturn serve` makes the folder). Another server on another machine counts its own.
"""

import os
from collections.abc import Iterator

from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.core import Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

_OWN = CollectorRegistry()
_AWAY = Counter(
    "keyturn_turned_away", "Requests answered with 503 because too many came. Alarm on any.", ["door"], registry=_OWN
)
_WAITED = Histogram(
    "keyturn_wait_seconds", "How long requests waited for a place.", registry=_OWN,
    buckets=(0.005, 0.025, 0.1, 0.25, 0.5, 1, 2.5, 5),
)  # fmt: skip
DOORS = ("portal", "console", "api")
for _door in DOORS:
    _AWAY.labels(_door)  # told as 0 from the beginning

turned_away = {door: _AWAY.labels(door).inc for door in DOORS}
waited = _WAITED.observe


class OfTheDoor(Collector):
    """What all processes counted, as `/metrics` tells it."""

    def describe(self) -> list[Metric]:
        return []

    def collect(self) -> Iterator[Metric]:
        shared = os.environ.get("PROMETHEUS_MULTIPROC_DIR")
        yield from MultiProcessCollector(None, shared).collect() if shared else _OWN.collect()
