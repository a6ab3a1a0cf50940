"""What does one request cost, from the door to the customer's last mail, stage by stage: CPU time and trips to the database?

Everything runs in this process against a durable PostgreSQL of its own, so that whose CPU it was is known: ours by
the process's clock, PostgreSQL's by its processes'. Beside each other in one run: a bare Django view that writes one row
through the same stack, and the path. Single times differ between machines; how many times the bare view a stage costs
does so less. Then the same over sockets: web server, worker, database, client, on the same cores.

    python -m bench.path [--persons 2000] [--requests 300] [--write]
"""

import argparse
import io
import json
import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import UUID

from bench import febrl4
from bench.stage import cpu_of, environment_for, postmaster_of
from keyturn.local.homes import throw_away


@dataclass(frozen=True, slots=True)
class Cost:
    """Of one request, in milliseconds of CPU."""

    stage: str
    ours: float
    database: float
    trips: float

    @property
    def both(self) -> float:
        return self.ours + self.database


class Meter:
    """Measures stages one after the other."""

    def __init__(self, postmaster: int) -> None:
        self.costs: list[Cost] = []
        self._postmaster = postmaster

    def __call__(self, stage: str, one: Callable[[Any], object], of: Sequence[Any]) -> None:
        """Do `one` for each; what it cost on average is kept under `stage`."""
        from django.db import connection

        trips = 0

        def count(execute: Any, *rest: Any) -> Any:
            nonlocal trips
            trips += 1
            return execute(*rest)

        with connection.execute_wrapper(count):
            theirs, ours = cpu_of(self._postmaster), time.process_time()
            for each in of:
                one(each)
            ours = time.process_time() - ours
        theirs = cpu_of(self._postmaster) - theirs
        number = len(of) or 1
        self.costs.append(Cost(stage, ours / number * 1000, theirs / number * 1000, trips / number))


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


def measured(meter: Meter, *, persons: int, requests: int) -> dict[str, int]:
    from django.conf import settings
    from django.core.handlers.wsgi import WSGIHandler

    from keyturn.flow import machine, messages, outside
    from keyturn.records.models import Message, Premise, Request

    policy = settings.KEYTURN_POLICY
    on_file, asking = febrl4.people(max(persons, requests), seed=1)
    asking = asking[:requests]
    take_in("persons", on_file)
    take_in("premises", febrl4.premises(requests))
    places = [str(each) for each in Premise.objects.order_by("ref").values_list("pk", flat=True)]
    door = Door(WSGIHandler(), a_key())
    accepted: list[UUID] = []

    def accept(number: int) -> None:
        asked = febrl4.body(asking[number], places[number], proved=True)
        status, answer = door.post("/api/v1/requests", asked, once=f"path-{number}")
        if status == 201:
            accepted.append(UUID(answer["id"]))

    def advance(request_id: UUID) -> None:
        machine.advance(request_id=request_id, now=datetime.now(UTC), policy=policy)

    def tell_cis(request_id: UUID) -> None:
        outside.tell_cis(request_id=request_id, now=datetime.now(UTC), policy=policy)

    def send(message_id: UUID) -> None:
        messages.send_message(message_id=message_id, now=datetime.now(UTC), policy=policy)

    def due() -> list[UUID]:
        return list(Message.objects.filter(state="due").values_list("pk", flat=True))

    first = range(10)  # a process's first requests find out what is kept for the others
    for number in first:
        accept(number)
    for request_id in accepted:
        advance(request_id)
        tell_cis(request_id)
    for message_id in due():
        send(message_id)
    accepted.clear()
    meter("accept", accept, range(len(first), requests))
    meter("mail: received", send, due())
    new, known = [], []
    truths = {row["ref"] for row in on_file}
    meter("decide", advance, accepted)
    established = list(Request.objects.filter(step="sync", standing="machine").values_list("pk", flat=True))
    meter("tell the CIS", tell_cis, established)
    meter("mail: completed", send, due())
    return {"accepted": len(accepted), "established": len(established)}


def a_key() -> str:
    from click.testing import CliRunner

    from keyturn.commands.api_key import command as keyturn

    scopes = [part for each in ("requests:write", "requests:attest") for part in ("--scope", each)]
    made = CliRunner().invoke(keyturn, ["create", "bench", *scopes], catch_exceptions=False)
    return made.output.split()[-1]


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--persons", type=int, default=2000)
    parser.add_argument("--requests", type=int, default=300)
    parser.add_argument("--profile")
    chosen = parser.parse_args()
    with installed() as (meter, folder):
        print(measured(meter, persons=chosen.persons, requests=chosen.requests))
        for each in meter.costs:
            print(f"{each.stage:20} {each.ours:6.2f} {each.database:6.2f} {each.both:6.2f}  {each.trips:5.1f}")
