"""What does one request cost, from the door to the customer's last mail, stage by stage: CPU time and trips to the database?

Everything runs in this process against a durable PostgreSQL of its own, so that whose CPU it was is known: ours by
the process's clock, PostgreSQL's by its processes'. Beside each other in one run: a bare Django view that writes one row
through the same stack, and the path. Single times differ between machines; how many times the bare view a stage costs
does so less. With `--sockets` also web server, worker, database and client as processes of their own.

    python -m bench.path [--persons 2000] [--requests 400] [--sockets] [--write]
"""

import argparse
import io
import json
import os
import platform
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import UUID, uuid4

from bench import febrl4, flame, parts
from bench.stage import ROOT, cpu_of, environment_for, postmaster_of
from keyturn.local.homes import throw_away

BARE = "a bare view that writes one row"
WHERE = (
    "Where our part of the CPU time goes, all stages together (of each sample, the innermost function that belongs to a part):",
    "",
)
QUEUE = "the queue: a job that does nothing, taken and ended by a worker (a request has four)"
NOTHING = "bench_nothing"
WARM = 20


@dataclass(frozen=True, slots=True)
class Cost:
    """Of one request, in milliseconds of CPU."""

    stage: str
    ours: float
    database: float
    trips: float | None  # None: not counted

    @property
    def both(self) -> float:
        return self.ours + self.database


class Meter:
    """Measures stages one after the other."""

    def __init__(self, postmaster: int) -> None:
        self.costs: list[Cost] = []
        self._postmaster = postmaster

    def measure(self, stage: str, one: Callable[[Any], object], of: Sequence[Any]) -> None:
        """Do `one` for each; what it cost on average is kept under `stage`."""

        def each_of_them() -> None:
            for each in of:
                one(each)

        self.measure_many(stage, each_of_them, len(of) or 1)

    def measure_many(self, stage: str, do: Callable[[], object], number: int) -> None:
        """`do` does so many at once. Trips over other connections than this thread's are not counted."""
        from django.db import connection

        trips = 0

        def count(execute: Any, *rest: Any) -> Any:
            nonlocal trips
            trips += 1
            return execute(*rest)

        with connection.execute_wrapper(count):
            ours, theirs = self._spent(do)
        self.costs.append(Cost(stage, ours / number, theirs / number, trips / number if trips else None))

    def _spent(self, do: Callable[[], object]) -> tuple[float, float]:
        """Milliseconds of CPU: ours, PostgreSQL's."""
        theirs, ours = cpu_of(self._postmaster), time.process_time()
        do()
        ours = time.process_time() - ours
        return ours * 1000, (cpu_of(self._postmaster) - theirs) * 1000


# ---------------------------------------------------------------- an installation in this process


@contextmanager
def installed() -> Iterator[tuple[Meter, Path]]:
    """Keyturn in this process, on a throw-away PostgreSQL that loses nothing when its power goes."""
    with TemporaryDirectory(prefix="keyturn-path-") as name, throw_away(durable=True) as cluster:
        folder = Path(name)
        os.environ.update(environment_for(cluster.url, folder, 80, "default"))
        import django

        django.setup()
        from django.db import connections

        from keyturn.connectors import cis
        from keyturn.records.migrate import migrate

        migrate()
        cis.install()
        try:
            yield Meter(postmaster_of(cluster)), folder
        finally:
            connections.close_all()


def take_in(kind: str, rows: list[dict[str, str]]) -> None:
    from django.conf import settings

    from keyturn import flow

    flow.take_in(kind, enumerate(rows, start=1), now=datetime.now(UTC), policy=settings.KEYTURN_POLICY)


class Door:
    """The WSGI application, called as a server calls it."""

    def __init__(self, application: Any, key: str = "") -> None:
        self._application = application
        self._key = key

    def post(self, path: str, body: Any, *, once: str = "") -> tuple[int, Any]:
        sent = json.dumps(body).encode()
        environ = {
            "REQUEST_METHOD": "POST", "SCRIPT_NAME": "", "PATH_INFO": path, "QUERY_STRING": "", "SERVER_NAME": "127.0.0.1",
            "SERVER_PORT": "80", "SERVER_PROTOCOL": "HTTP/1.1", "HTTP_HOST": "127.0.0.1", "REMOTE_ADDR": "127.0.0.1",
            "CONTENT_TYPE": "application/json", "CONTENT_LENGTH": str(len(sent)), "HTTP_AUTHORIZATION": f"Bearer {self._key}",
            "HTTP_IDEMPOTENCY_KEY": once, "wsgi.input": io.BytesIO(sent), "wsgi.errors": io.StringIO(), "wsgi.url_scheme": "http",
            "wsgi.version": (1, 0), "wsgi.multithread": True, "wsgi.multiprocess": True, "wsgi.run_once": False,
        }  # fmt: skip
        status: list[str] = []
        answer = self._application(environ, lambda said, headers, trouble=None: status.append(said))
        content = b"".join(answer)
        answer.close()
        return int(status[0].split()[0]), json.loads(content or b"null")


def measured(meter: Meter, *, persons: int, requests: int, warm: Callable[[], object]) -> None:
    """Every stage of so many requests, into the meter; `warm` is called when what is built once is built."""
    from django.conf import settings
    from django.core.handlers.wsgi import WSGIHandler

    from keyturn.flow import inbound, machine, messages, outside
    from keyturn.records.models import Message, Premise, Request
    from keyturn.work import queue, worker

    policy = settings.KEYTURN_POLICY
    on_file, asking = febrl4.people(persons, seed=1)
    truths = {row["ref"] for row in on_file}
    take_in("persons", on_file)
    take_in("premises", febrl4.premises(requests))
    places = [str(each) for each in Premise.objects.order_by("ref").values_list("pk", flat=True)]
    door = Door(WSGIHandler(), a_key())
    known: list[UUID] = []
    newcomers: list[UUID] = []

    def accept(number: int) -> None:
        asked = febrl4.body(asking[number], places[number], proved=True)
        status, answer = door.post("/api/v1/requests", asked, once=f"path-{number}")
        if status == 201:
            is_known = asking[number]["ref"].replace("-dup-0", "-org") in truths
            (known if is_known else newcomers).append(UUID(answer["id"]))

    def advance(request_id: UUID) -> None:
        machine.advance(request_id=request_id, now=datetime.now(UTC), policy=policy)

    def tell_cis(request_id: UUID) -> None:
        outside.tell_cis(request_id=request_id, now=datetime.now(UTC), policy=policy)

    def send(message_id: UUID) -> None:
        messages.send_message(message_id=message_id, now=datetime.now(UTC), policy=policy)

    def hear_back() -> None:
        inbound.hear_cis(now=datetime.now(UTC), policy=policy)
        while inbound.look(now=datetime.now(UTC), policy=policy):
            pass

    def due() -> list[UUID]:
        return list(Message.objects.filter(state="due").values_list("pk", flat=True))

    def stages(numbers: Sequence[int]) -> None:
        meter.measure("accepted: POST /requests through the WSGI application", accept, numbers)
        meter.measure("mail sent: received", send, due())
        for kind, chosen in (("somebody on file", known), ("a newcomer", newcomers)):
            meter.measure(f"decided: {kind}", advance, chosen)
        waiting = Request.objects.filter(step="sync", standing="machine").values_list("pk", flat=True)
        meter.measure("told to the CIS, the reference CIS's part included", tell_cis, list(waiting))
        meter.measure("mail sent: completed", send, due())
        told = len(known) + len(newcomers)
        meter.measure_many("heard back: what the CIS says of person, account and premise is looked at", hear_back, told)

    def work() -> None:
        worker.run(wait=False, concurrency=1)

    def queue_alone(number: int) -> None:
        work()  # what the stages before have put there is no longer needed, and finds that it is done
        for _job in range(number):
            queue.later(NOTHING)
        meter.measure_many(QUEUE, work, number)

    queue.job(NOTHING)(lambda now: None)
    meter.measure(BARE, bare_view(), range(requests))
    stages(range(WARM))  # a process's first requests build what is kept for the others
    queue_alone(WARM)
    meter.costs[1:] = []
    warm()
    for each in (known, newcomers):
        each.clear()
    stages(range(WARM, requests))
    queue_alone(requests)


def bare_view() -> Callable[[int], object]:
    """What the stack costs by itself: JSON in, one row in one transaction, JSON out; no middleware, no key, no rule."""
    from django.core.handlers.wsgi import WSGIHandler
    from django.db import connection, transaction
    from django.http import HttpRequest, JsonResponse
    from django.test.utils import override_settings
    from django.urls import path

    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE bare_row (id uuid PRIMARY KEY, body jsonb NOT NULL)")

    def view(request: HttpRequest) -> JsonResponse:
        ident, asked = uuid4(), json.loads(request.body)
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("INSERT INTO bare_row VALUES (%s, %s)", [ident, json.dumps(asked)])
        return JsonResponse({"id": str(ident)}, status=201)

    class Urls:
        urlpatterns = (path("bare", view),)

    with override_settings(MIDDLEWARE=[]):
        door = Door(WSGIHandler())

    def post(number: int) -> None:
        with override_settings(ROOT_URLCONF=Urls):
            door.post("/bare", {"number": number, "name": "Ana Zelenko"})

    return post


def a_key() -> str:
    from click.testing import CliRunner

    from keyturn.commands.api_key import command as keyturn

    scopes = [part for each in ("requests:write", "requests:attest") for part in ("--scope", each)]
    made = CliRunner().invoke(keyturn, ["create", "bench", *scopes], catch_exceptions=False)
    return made.output.split()[-1]


def table(costs: Sequence[Cost]) -> str:
    bare = next(each.both for each in costs if each.stage == BARE)
    lines = [
        "| one request | Python, ms | PostgreSQL, ms | both | trips | times the bare view |",
        "|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {each.stage} | {each.ours:.2f} | {each.database:.2f} | {each.both:.2f} | {_trips(each)} | {each.both / bare:.1f} |"
        for each in costs
    ]
    return "\n".join(lines)


def _trips(cost: Cost) -> str:
    return "not counted" if cost.trips is None else f"{cost.trips:.1f}"


def per_second(costs: Sequence[Cost], *stages: str, cores: int = 2) -> float:
    """Requests a second that so much CPU time allows on that many cores, were nobody else there."""
    return cores * 1000 / sum(each.both for each in costs if each.stage.startswith(stages))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--persons", type=int, default=2000, help="how many are on file")
    parser.add_argument(
        "--requests", type=int, default=400, help="how many ask; a tenth of those who could is nobody on file"
    )
    parser.add_argument(
        "--sockets", action="store_true", help="then the same over sockets, with processes of their own"
    )
    parser.add_argument("--write", action="store_true", help="write docs/results/speed.md and its flame graph")
    chosen = parser.parse_args()
    with installed() as (meter, _folder), flame.sampled(beneath="_spent") as stacks:
        measured(meter, persons=chosen.persons, requests=chosen.requests, warm=stacks.clear)
    told = [table(meter.costs), "", summary(meter.costs), "", *WHERE, parts.table(stacks)]
    if chosen.sockets:
        told += ["", over_sockets(chosen.requests)]
    print("\n".join(told))
    if chosen.write:
        results = ROOT / "docs" / "results"
        (results / "speed.svg").write_text(flame.svg(stacks), encoding="utf-8")
        (results / "speed.md").write_text(page("\n".join(told), chosen), encoding="utf-8")


def summary(costs: Sequence[Cost]) -> str:
    known, new = (per_second(costs, "accepted", f"decided: {kind}", QUEUE) for kind in ("somebody", "a newcomer"))
    return (
        f"CPU time of two cores is enough for {known:.0f} requests a second of somebody on file, accepted and matched, and for"
        f" {new:.0f} of newcomers (computed from the table, with the job that decides; the goal is 600)."
    )


def over_sockets(requests: int) -> str:
    """Web server, worker, database and client, each a process, all on these cores; until every request is decided and told."""
    on_file, asking = febrl4.people(requests, seed=1)
    found = febrl4.arm("over sockets", on_file, asking, proved=True)
    rows = [f"| {name} | {found[name]} |" for name in found if name.startswith(("CPU ms", "requests"))]
    return "\n".join(["| over sockets | |", "|---|---|", *rows])


def page(told: str, chosen: argparse.Namespace) -> str:
    return (
        "# What one request costs\n\n"
        "CPU time and trips to the database of one request, stage by stage, on a durable PostgreSQL of its own. Those who ask are\n"
        "FEBRL4's corrupted duplicates, with their identifier and a call centre's word for it, of whom nine in ten are on file. Times\n"
        "differ between machines, and more so where others use them; how many times the bare view something costs does so less. The\n"
        "bare view is Django without any middleware that reads JSON and writes one row.\n\n"
        f"Measured on {datetime.now(UTC):%Y-%m-%d}, Python {platform.python_version()}, {os.cpu_count()} cores, load"
        f" {os.getloadavg()[0]:.0f}, by `python -m bench.path --write --persons {chosen.persons} --requests {chosen.requests}`.\n\n"
        f"{told}\n\n"
        "Where our part goes (width is CPU time; ours orange, Django green, psycopg blue):\n\n"
        "![Flame graph of all stages](speed.svg)\n"
    )


if __name__ == "__main__":
    main()
