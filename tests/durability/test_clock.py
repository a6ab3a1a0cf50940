"""T-05: when clocks are wrong, step back or change with the season, is anything sent twice, lost, or put in another order?

In a town each machine has a clock of its own: ten minutes apart, and now and then three days ahead or behind; a call that
is under way is overtaken by a machine whose clock says that its time is over. Stories are told through the nights in which
an hour is missing or comes twice, and on 29 February. Then two real workers run whose clocks are six
days apart, the web server's between them (`faketime`). CLOCK_REQUESTS and CLOCK_SEED set size and chance.
"""

import json
import os
import random
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest
from django.db import connection

from keyturn.flow import deliveries, outside
from keyturn.local.processes import Watch
from keyturn.records.models import Delivery, Request
from keyturn.terms.cis import Answer, Command
from tests import factories
from tests.durability import bound
from tests.durability.connectors import Forgetful
from tests.durability.customers import Customers, asks_for
from tests.durability.each_cis import Heard, There
from tests.durability.installation import an_installation
from tests.durability.test_cis_faults import Storm
from tests.durability.test_kill import Attack
from tests.durability.test_race import newcomers
from tests.flow.conftest import cis_installed, town  # noqa: F401
from tests.flow.town import COMPLETED, JOBS, Town

REQUESTS = int(os.environ.get("CLOCK_REQUESTS", "30"))
SEED = int(os.environ.get("CLOCK_SEED", "0")) or random.SystemRandom().randrange(10**6)
TEN = timedelta(minutes=10)
SKEWS = (timedelta(0), TEN, -TEN, TEN, -TEN, timedelta(days=3), -timedelta(days=3))
NIGHTS = {
    "an hour is missing": datetime(2027, 3, 14, 9, 30, tzinfo=UTC),  # half an hour before, in Portland
    "an hour comes twice": datetime(2027, 11, 7, 8, 30, tzinfo=UTC),
    "29 February": datetime(2028, 2, 29, 20, tzinfo=UTC),
    "the year ends": datetime(2027, 12, 31, 23, 59, 50, tzinfo=UTC),
}


class Machines(Town):
    """A town whose machines do not agree on the time. `now` is what the machine thinks whose turn it is."""

    skew = timedelta(0)
    chance = random.Random(SEED)
    true = datetime(2026, 12, 7, 10, tzinfo=UTC)

    @property
    def now(self) -> datetime:  # type: ignore[override]
        return self.true + self.skew

    @now.setter
    def now(self, now: datetime) -> None:
        self.true = now - self.skew

    @contextmanager
    def on_a_machine(self) -> Iterator[None]:
        self.skew = self.chance.choice(SKEWS)
        try:
            yield
        finally:
            self.skew = timedelta(0)

    def works_once(self) -> bool:
        """PostgreSQL's clock says what is due; the worker's says what time it is."""
        with connection.cursor() as cursor:
            cursor.execute(
                "DELETE FROM procrastinate_jobs WHERE id = (SELECT id FROM procrastinate_jobs WHERE status = 'todo'"
                " AND coalesce(scheduled_at, %s) <= %s ORDER BY id LIMIT 1) RETURNING task_name, args",
                [self.true, self.true],
            )
            row = cursor.fetchone()
        if row is None:
            return False
        with self.on_a_machine():
            arguments = json.loads(row[1]) if isinstance(row[1], str) else row[1]
            JOBS[row[0]](now=self.now, **arguments)
        return True


class Overtaken(Heard):
    """Now and then a call is overtaken: another machine, ten minutes ahead, thinks that whoever makes it has died."""

    chance = random.Random(SEED)
    overtaken = 0

    def send(self, command: Command, *, key: str) -> Answer:
        if self.chance.random() < 0.3:
            self.overtaken += 1
            request = Delivery.objects.get(key=key).request_id
            outside.tell_cis_job(request_id=str(request), now=self.clock() + TEN)
        return super().send(command, key=key)


def told(
    town: Town,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
    requests: int,
    *,
    forgetful: bool = False,
) -> tuple[Storm, Overtaken]:
    """Requests through a CIS that loses answers, in a town where no two clocks agree."""
    machines = Machines(town.mailbox)
    machines.cis = Forgetful(town.cis) if forgetful else town.cis
    storm = Storm(machines, There("reference", machines.cis, town.cis, lambda rows: None), random.Random(SEED))
    machines.cis_is(rates={"answer_lost": 0.2, "down": 0.1, "partial": 0.1}, seed=SEED)
    storm.heard = heard = Overtaken(machines.guarded, lambda: machines.now)
    for module in (outside, deliveries):
        monkeypatch.setattr(module, "cis", lambda: heard)
    for who, place in zip(newcomers(requests, 1), factories.many_premises(requests), strict=True):
        with machines.on_a_machine():
            case = machines.a_partner_asks(who, place, attested=("email", "identity"), services=["electric", "gas"])
        storm.cases.append(case)
        machines.works()
        machines.waits(seconds=20)
    machines.cis_is()
    heard.cis = machines.guarded
    machines.waits(days=8)  # what a clock three days ahead put off comes after those
    return storm, heard


def test_no_two_clocks_agree_and_nothing_is_lost_or_doubled(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: F811
    storm, heard = told(town, monkeypatch, REQUESTS)
    wrongs = storm.wrongs()
    wrongs.pop("sent again before the CIS was asked", None)  # the one who was overtaken could not know
    out_of_order = sum(1 for each in Request.objects.all() if _times(each) != sorted(_times(each)))
    bound.tell(
        "T-05", __doc__,
        f"seed {SEED}: clocks ten minutes and three days apart, {REQUESTS} requests, {heard.overtaken} calls overtaken; by"
        f" the times of their events {out_of_order} requests would be told in another order than by their numbers",
        bound.of(sum(map(len, wrongs.values())), REQUESTS, "lost, doubled or with a broken history"),
    )  # fmt: skip
    assert wrongs == {}
    assert heard.overtaken and out_of_order, "the clocks did not matter: this test could not see anything"


def _times(request: Request) -> list[datetime]:
    return list(request.events.order_by("number").values_list("at", flat=True))


@bound.long
def test_negative_control_a_cis_without_memory_is_seen(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: F811
    monkeypatch.setattr("keyturn.steps.sync.rules.must_look_up", lambda state: False)
    storm, _ = told(town, monkeypatch, 8, forgetful=True)
    assert storm.wrongs()


@pytest.mark.parametrize("night", NIGHTS)
def test_a_request_goes_through_the_night(town: Town, night: str) -> None:  # noqa: F811
    """Asked for, lost by the CIS for three hours, answered; the customer's day is the utility's day."""
    town.now = NIGHTS[night]
    town.cis_is("down", calls=["send", "find", "search", "ping"])
    case = town.asks(start_date=town.day(1))
    town.works()
    for _ in range(6):
        town.waits(minutes=30)
    town.cis_is()
    town.waits(minutes=20)
    assert case.status == COMPLETED
    assert town.cis_holds() == {"persons": 1, "accounts": 1, "agreements": 2}
    assert _times(case.request) == sorted(_times(case.request))
    assert case.chain_holds()


needs_faketime = pytest.mark.skipif(
    not shutil.which("faketime"), reason="faketime is not installed: no real clocks are set"
)


def its_clock(offset: str) -> dict[str, str]:
    """What `faketime` sets before it starts a program. It stays that program's parent, and whoever ends it ends only that."""
    said = subprocess.run(["faketime", "-f", offset, "env"], check=True, capture_output=True, text=True).stdout
    return dict(line.split("=", 1) for line in said.splitlines() if line.startswith(("LD_PRELOAD=", "FAKETIME=")))


@needs_faketime
def test_real_workers_six_days_apart_lose_and_double_nothing_and_tell_one_time(tmp_path: Path) -> None:
    number = max(12, REQUESTS // 2)
    with an_installation(tmp_path, cis="reference") as installation:
        faults = tmp_path / "faults.json"
        faults.write_text('{"rates": {"answer_lost": 0.2, "down": 0.1}, "seed": 5}')
        told = {"KEYTURN_LOG_LEVEL": "INFO"}  # a line for each job, with the time that the worker thinks it is
        installation.environment |= {"KEYTURN_CIS_FAULTS": str(faults), "DONT_FAKE_MONOTONIC": "1", **told}
        given = installation.ask_inside("prepare", str(number))
        installation.start(workers=0, webs=1)
        for name, offset in (("ahead", "+3d"), ("behind", "-3d")):
            command = [sys.executable, "-m", "keyturn.cli", "worker"]
            log = tmp_path / f"{name}.log"
            installation.crew.add(Watch(name, command, env=installation.environment | its_clock(offset), log=log))
        asks = asks_for(given["premises"], random.Random(SEED))
        customers = Customers(installation.url, given["api_key"], asks, seconds=3, seed=SEED, callers=4)
        customers.start()
        drained_in = installation.drains(customers, patience=90)
        done = Attack(asks, customers.heard, {}, drained_in, installation.ask_inside("look"))
        apart = _times_apart(installation.cluster.url)
    own = [_own_time(tmp_path / f"{name}.log") for name in ("ahead", "behind")]
    wrongs = done.wrongs()
    bound.tell(
        "T-05", __doc__,
        f"real workers {(own[0] - own[1]).days} days apart, seed {SEED}: {len(done.acknowledged)} requests, the first and the"
        f" last event of one {apart:.0f} s apart at most",
        bound.of(sum(map(len, wrongs.values())), number, "lost, doubled or with a broken history"),
    )  # fmt: skip
    assert wrongs == {}
    assert own[0] - own[1] > timedelta(days=5), "the workers' own clocks were right"
    assert apart < 3600, "somebody wrote down what his own clock said"


def _own_time(log: Path) -> datetime:
    """What a worker itself holds to be the time, in the last line that it logged of a job."""
    told = [json.loads(line)["timestamp"] for line in log.read_text().splitlines() if line.startswith("{")]
    return datetime.fromisoformat(max(told))


def _times_apart(url: str) -> float:
    query = (
        "SELECT extract(epoch FROM max(apart)) FROM (SELECT max(at) - min(at) AS apart FROM keyturn.request_event"
        " GROUP BY request_id) AS each"
    )
    with psycopg.connect(url) as there:
        (seconds,) = there.execute(query).fetchone() or (0,)
    return float(seconds or 0)
