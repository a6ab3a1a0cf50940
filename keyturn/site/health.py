"""Is this process alive, can it serve, and what do the counters say?"""

from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, HttpResponseNotFound, JsonResponse
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

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
    if not settings.KEYTURN_METRICS_PUBLIC and request.META.get("REMOTE_ADDR") not in ("127.0.0.1", "::1", ""):
        return HttpResponseNotFound()
    return HttpResponse(generate_latest(), content_type=CONTENT_TYPE_LATEST)
