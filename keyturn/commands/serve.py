"""How does the web server run in production, and in the demo?"""

import errno
import gc
import importlib
import logging
import os
import resource
import socket
import tempfile
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import click

from keyturn.commands import use_settings

SPARE_THREADS = 32
"""For who is told to come back later, while everybody else waits."""
CONNECTIONS = 8192
"""Browsers and proxies that one process listens to at once, mostly without a word."""

SELDOM = (20_000, 20, 50)
"""How often Python looks for what only refers to itself: a page makes some thousands of objects, and hardly such a one."""


def load_on_a_leash(target: str, *, places: int = 4, waiting: int = 0, patience: float = 5.0) -> Callable[..., Any]:
    """In each of the server's processes: end when the main one ends, however that happens; then load the application.

    Where some may wait, a door stands before it.
    """
    from keyturn.local.leash import tie_to_parent

    tie_to_parent()
    module, _, name = target.partition(":")
    application: Callable[..., Any] = getattr(importlib.import_module(module), name)
    if waiting:
        from keyturn.site.admission import Door

        application = Door(application, places=places, waiting=waiting, patience=patience)
    gc.collect()
    gc.freeze()  # what is loaded stays: nobody need look through it again and again
    gc.set_threshold(*SELDOM)
    return application


@click.command()
@click.option(
    "--host",
    default="127.0.0.1",
    envvar="KEYTURN_HOST",
    show_default=True,
    show_envvar=True,
    help="Address to listen on.",
)
@click.option(
    "--port",
    default=8000,
    envvar="KEYTURN_PORT",
    show_default=True,
    show_envvar=True,
    type=click.IntRange(1, 65535),
    help="Port to listen on.",
)
@click.option(
    "--workers",
    default=2,
    envvar="KEYTURN_WORKERS",
    show_default=True,
    show_envvar=True,
    type=click.IntRange(1),
    help="Processes.",
)
@click.option(
    "--threads",
    default=4,
    envvar="KEYTURN_THREADS",
    show_default=True,
    show_envvar=True,
    type=click.IntRange(1),
    help="In each process; each holds one database connection.",
)
@click.option(
    "--waiting",
    default=200,
    envvar="KEYTURN_WAITING",
    show_default=True,
    show_envvar=True,
    type=click.IntRange(0, 2000),
    help="Requests that may wait for a thread, in each process; who comes then gets 503. 0: all wait, however long.",
)
@click.option(
    "--patience",
    default=5.0,
    envvar="KEYTURN_PATIENCE",
    show_default=True,
    show_envvar=True,
    type=click.FloatRange(0.1, 60),
    help="Seconds that one may wait for a thread.",
)
def command(host: str, port: int, workers: int, threads: int, waiting: int, patience: float) -> None:
    """Run portal, console and API until SIGTERM or Ctrl-C. Run as many of these as you need, on any machine.

    \b
    Example:
      KEYTURN_HOST=0.0.0.0 keyturn serve --port 8000 --workers 4
    """
    use_settings()  # say what is wrong with the environment once, here, not in each process
    _must_be_free(host, port)
    from keyturn.look import storage

    storage.collect()
    with tempfile.TemporaryDirectory(prefix="keyturn-counts-") as counts:
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = counts
        _serve(host, port, workers, threads, waiting, patience)


def _serve(host: str, port: int, workers: int, threads: int, waiting: int, patience: float) -> None:
    import structlog
    from granian import Granian
    from granian.constants import HTTPModes, Interfaces
    from granian.log import LogLevels

    server = Granian(
        "keyturn.site.wsgi:application",
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        http=HTTPModes.http1,
        websockets=False,
        workers=workers,
        blocking_threads=threads + waiting + SPARE_THREADS if waiting else threads,
        backlog=4096,
        backpressure=_connections(),
        blocking_threads_idle_timeout=600,
        respawn_failed_workers=True,
        workers_kill_timeout=10,
        log_level=LogLevels.warning,
    )
    log = structlog.get_logger("keyturn.http")
    logging.getLogger("_granian").addFilter(lambda line: "Python threads" not in line.getMessage())  # they wait, asleep
    server.on_startup(lambda: log.info("web ready", host=host, port=port, workers=workers, threads=threads))
    server.serve(target_loader=partial(load_on_a_leash, places=threads, waiting=waiting, patience=patience))


def _connections() -> int:
    """As many as this process may open files for, some left for everything else."""
    _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return CONNECTIONS if hard == resource.RLIM_INFINITY else max(128, min(CONNECTIONS, hard - 512))


def _must_be_free(host: str, port: int, *, patience_seconds: float = 5.0) -> None:
    """ClickException where nobody can listen there. The server itself would share the port with whoever has it.

    Patient, because the processes of a server that was killed a moment ago may not have ended yet.
    """
    until = time.monotonic() + patience_seconds
    while True:
        try:
            family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
            socket.create_server(address[:2], family=family).close()
            return
        except OSError as problem:
            if problem.errno == errno.EADDRINUSE:
                if time.monotonic() < until:
                    time.sleep(0.2)
                    continue
                told = f"Port {port} on {host} is taken: choose another one with --port."
            else:
                told = f"It is not possible to listen on {host}, port {port}: {problem.strerror}."
            raise click.ClickException(told) from None
