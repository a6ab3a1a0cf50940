"""Is this process alive, can it serve, and what do the counters say?"""

from collections.abc import Callable

from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, HttpResponseNotFound, JsonResponse
from django.urls import resolve
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

import keyturn.site.metrics  # noqa: F401  it registers what it counts

_migrated = False


def healthz(request: HttpRequest) -> HttpResponse:
    """The process answers."""
    return HttpResponse("ok\n", content_type="text/plain")


def readyz(request: HttpRequest) -> JsonResponse:
    """Database reachable, migrations applied, queue in place; 503 with what is missing otherwise."""
    try:
        problems = _problems()
    except DatabaseError:
        problems = ["database"]
    return JsonResponse({"ready": not problems, "missing": problems}, status=503 if problems else 200)


def _problems() -> list[str]:
    global _migrated
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass('procrastinate_jobs') IS NOT NULL")
        queue = cursor.fetchone() == (True,)
    if not _migrated:
        executor = MigrationExecutor(connection)
        _migrated = not executor.migration_plan(executor.loader.graph.leaf_nodes())
    return [name for name, good in (("migrations", _migrated), ("queue", queue)) if not good]


def metrics(request: HttpRequest) -> HttpResponse:
    """Prometheus counters, for callers on this machine only unless KEYTURN_METRICS_PUBLIC says otherwise."""
    if not settings.KEYTURN_METRICS_PUBLIC and not _asked_here(request):
        return HttpResponseNotFound()
    return HttpResponse(generate_latest(), content_type=CONTENT_TYPE_LATEST)


def _asked_here(request: HttpRequest) -> bool:
    """By a program on this machine itself: a proxy on this machine asks for somebody else, and says so."""
    handed_on = {"X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host", "X-Real-Ip", "Forwarded", "Via"}
    return request.META.get("REMOTE_ADDR") in ("127.0.0.1", "::1") and not handed_on & set(request.headers)


class Probes:
    """Middleware that answers probes before anybody asks for a host name: they call a process by its address."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path_info not in PROBES:
            return self.get_response(request)
        request.resolver_match = resolve(request.path_info)
        return PROBES[request.path_info](request)


PROBES: dict[str, Callable[[HttpRequest], HttpResponse]] = {"/healthz": healthz, "/readyz": readyz, "/metrics": metrics}
