"""What does a page view cost the server? CPU time of Python and of PostgreSQL for each of the main pages, in one process.

The whole WSGI application answers, as `keyturn serve` runs it: the pages that lie ready, every middleware, the log's line, the
session, the database.
Beside it, in the same run, stands a bare Django view that says "ok" without any middleware. CPU time, not time on the clock, so that
others on the machine do not matter much.

    python -m bench.pages [--views 300] [--only PART] [--profile PART]
"""

import argparse
import cProfile
import gc
import os
import pstats
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from bench.stage import ROOT, cpu_of, environment_for, postmaster_of
from keyturn.commands.serve import SELDOM
from keyturn.local.homes import throw_away

Application = Callable[..., Any]
ROUNDS = 10


@contextmanager
def a_site() -> Iterator[int]:
    """Settings, tables and three premises in this process; gives the postmaster's process id."""
    with tempfile.TemporaryDirectory(prefix="keyturn-bench-") as name, throw_away(durable=True) as cluster:
        folder = Path(name)
        profile = folder / "profile"
        profile.mkdir()
        for each in (ROOT / "profiles" / "default").iterdir():
            (profile / each.name).write_bytes(each.read_bytes())
        with (profile / "policy.toml").open("a") as policy:
            policy.write("\nstaff_second_factor = false\n")  # signing in is not what is measured
        os.environ |= environment_for(cluster.url, folder, 8000, str(profile)) | {
            "KEYTURN_STATIC_ROOT": str(folder / "static"), "KEYTURN_LOG_LEVEL": "INFO",
            "KEYTURN_ALLOWED_HOSTS": "127.0.0.1,testserver",
        }  # fmt: skip
        shown, sys.stdout = sys.stdout, open(os.devnull, "w")  # noqa: SIM115  the log's lines: written, and read by nobody
        import django

        django.setup()
        from keyturn.look import storage

        storage.collect()
        import keyturn.site.wsgi  # noqa: F401  it sets up the logs once more

        sys.stdout = shown
        yield postmaster_of(cluster)


def somebody() -> dict[str, tuple[str, dict[str, str]]]:
    """Visitors of each page: what they ask for, and their cookies."""
    from django.test import Client

    from keyturn.records.models import Request, User
    from tests.durability.inside import prepare

    given = prepare(3)
    guest, staff = _guest(Client(), given["premises"][0]), Client()
    boss = User.objects.create_user(username="ana", email="ana@lumenvalley.example", staff_role="supervisor")
    staff.force_login(boss)
    reference = _submitted(guest)
    customer = Client()
    customer.force_login(User.objects.create_user(username="ben", email="ben@example.com"))
    for each in (staff, customer):
        each.get("/account")  # notes when the session began
    halfway = _guest(Client(), given["premises"][1])
    assert Request.objects.count() == 2
    nobody: dict[str, str] = {}
    return {
        "front": ("/", nobody),
        "before one starts": ("/start", nobody),
        "help: accessibility": ("/accessibility", nobody),
        "check a request": ("/requests", nobody),
        "sign in": ("/signin", nobody),
        "form: where": ("/start/where", _cookies(halfway)),
        "form: name": ("/start/name", _cookies(halfway)),
        "form: check": ("/start/check", _cookies(halfway)),
        "status": (f"/requests/{reference}", _cookies(guest)),
        "account": ("/account", _cookies(customer)),
        "console: queue": ("/console", _cookies(staff)),
        "console: a case": (f"/console/requests/{reference}", _cookies(staff)),
        "static file": (_stylesheet(), nobody),
        "health": ("/healthz", nobody),
    }


ANSWERS = {
    "kind": "person", "given_name": "Ana", "family_name": "Zelenko", "date_of_birth": "1985-03-27", "id_type": "passport",
    "id_value": "P1234567", "email": "ana.zelenko@example.com", "services": ["electric", "gas"], "language": "en",
    "consents": ["terms"], "phone": "503 555 0142",
}  # fmt: skip


def _guest(client: Any, premise: str) -> Any:
    """Somebody in the middle of the form, with everything answered."""
    from datetime import timedelta

    from django.conf import settings
    from django.utils import timezone

    from keyturn import flow
    from keyturn.portal import seat as seats
    from keyturn.records.models import Request

    assert client.post("/start").status_code == 302
    draft = Request.objects.latest("created_at")
    seat = seats.Seat(ident=draft.begun_by.partition(":")[2], draft=str(draft.pk))
    start = (timezone.now() + timedelta(days=5)).date().isoformat()
    answers = {**ANSWERS, "service_address": {"premise_id": premise}, "start_date": start, "mail_elsewhere": False}
    flow.answer(
        request_id=draft.pk, answers=answers, actor=seat.actor, now=timezone.now(), policy=settings.KEYTURN_POLICY,
        version=draft.version,
    )  # fmt: skip
    return client


def _submitted(client: Any) -> str:
    """The guest proves the e-mail and sends the request; its reference."""
    from django.utils import timezone

    from keyturn.records.models import Evidence, Request

    draft = Request.objects.latest("created_at")
    Evidence.objects.create(request=draft, kind="email", subject=draft.email_digest, at=timezone.now())
    page = client.get("/start/check")
    assert page.status_code == 200, page.url
    sent = client.post("/start/check", {"version": draft.version})
    assert sent.status_code == 302, sent.content
    return str(draft.reference)


def _cookies(client: Any) -> dict[str, str]:
    return {name: each.value for name, each in client.cookies.items()}


def _stylesheet() -> str:
    from django.templatetags.static import static

    return static("look/look.css")


def environ_of(path: str, cookies: dict[str, str]) -> dict[str, Any]:
    """As granian makes it of a browser's GET."""
    return {
        "REQUEST_METHOD": "GET", "PATH_INFO": path, "QUERY_STRING": "", "SCRIPT_NAME": "", "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "8000", "SERVER_PROTOCOL": "HTTP/1.1", "REMOTE_ADDR": "127.0.0.1", "HTTP_HOST": "127.0.0.1",
        "HTTP_ACCEPT": "text/html", "HTTP_ACCEPT_ENCODING": "gzip, deflate, br", "HTTP_ACCEPT_LANGUAGE": "en-US,en;q=0.9",
        "HTTP_USER_AGENT": "Mozilla/5.0", "HTTP_COOKIE": "; ".join(f"{name}={value}" for name, value in cookies.items()),
        "wsgi.version": (1, 0), "wsgi.url_scheme": "http", "wsgi.input": BytesIO(), "wsgi.errors": sys.stderr,
        "wsgi.multithread": True, "wsgi.multiprocess": True, "wsgi.run_once": False,
    }  # fmt: skip


def view(application: Application, path: str, cookies: dict[str, str]) -> tuple[str, int]:
    """One page view: its status, and how many bytes go over the wire."""
    said: list[str] = []
    answer = application(environ_of(path, cookies), lambda status, headers, *_: said.append(status))
    size = sum(len(each) for each in answer)
    if hasattr(answer, "close"):
        answer.close()
    return said[0], size


def measure(
    sites: dict[str, tuple[Application, str, dict[str, str]]], *, views: int, database: int
) -> dict[str, dict[str, Any]]:
    """CPU milliseconds per view of each, by turns, so that a slow moment of the machine is everybody's."""
    rows = {}
    for name, site in sites.items():
        for _ in range(10):  # templates are read, connections made
            status, size = view(*site)
        rows[name] = {"status": status[:3], "bytes": size, "spent": [], "database": 0.0}
    for _ in range(ROUNDS):
        for name, site in sites.items():
            before = cpu_of(database)
            for _ in range(views // ROUNDS):
                began = time.process_time()
                view(*site)
                rows[name]["spent"].append((time.process_time() - began) * 1000)
            rows[name]["database"] += (cpu_of(database) - before) * 1000 / views
    return rows


def bare() -> Application:
    """A Django that does nothing but answer: no middleware, one address."""
    from django.core.handlers.wsgi import WSGIHandler
    from django.http import HttpRequest, HttpResponse
    from django.test import override_settings

    class Bare(WSGIHandler):
        def resolve_request(self, request: HttpRequest) -> tuple[Any, tuple[Any, ...], dict[str, Any]]:
            return (lambda _request: HttpResponse("ok")), (), {}

    with override_settings(MIDDLEWARE=[]):
        return Bare()


def with_ready_pages(application: Application) -> Application:
    """Without the threads of `keyturn serve`."""
    from keyturn.site.ready import Pages

    ready = Pages(application)

    def served(environ: dict[str, Any], start_response: Any) -> Any:
        found = ready.answer(environ, start_response)
        return application(environ, start_response) if found is None else found

    return served


def table(rows: dict[str, dict[str, Any]]) -> str:
    lines = ["| page | status | CPU ms p50 | p95 | PostgreSQL's CPU ms | bytes |", "|---|---|---|---|---|---|"]
    lines += [
        f"| {name} | {each['status']} | {median(each['spent']):.2f} | {quantiles(each['spent'], n=20)[-1]:.2f}"
        f" | {each['database']:.2f} | {each['bytes']:,} |"
        for name, each in rows.items()
    ]
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--views", type=int, default=300)
    parser.add_argument("--only", default="", help="pages with this in their name")
    parser.add_argument("--profile", default="", help="show where the time of the page with this in its name goes")
    chosen = parser.parse_args()
    with a_site() as database:
        from keyturn.site.wsgi import application

        pages = {name: each for name, each in somebody().items() if (chosen.only or chosen.profile) in name}
        if chosen.profile:
            profile(application, *next(iter(pages.values())), views=chosen.views)
            return
        served = with_ready_pages(application)
        gc.collect()
        gc.freeze()  # as `keyturn serve` does
        gc.set_threshold(*SELDOM)
        sites = {"a bare Django view": (bare(), "/", {})}
        sites |= {name: (served, *each) for name, each in pages.items()}
        print(table(measure(sites, views=chosen.views, database=database)))


def profile(application: Application, path: str, cookies: dict[str, str], *, views: int) -> None:
    for _ in range(10):
        view(application, path, cookies)
    watch = cProfile.Profile()
    watch.enable()
    for _ in range(views):
        view(application, path, cookies)
    watch.disable()
    pstats.Stats(watch).sort_stats("tottime").print_stats(35)
    pstats.Stats(watch).sort_stats("cumtime").print_stats(70)


if __name__ == "__main__":
    main()
