"""How does the web server run in production, and in the demo?"""

import errno
import importlib
import socket
import time
from collections.abc import Callable
from typing import Any

import click

from keyturn.commands import use_settings


def load_on_a_leash(target: str) -> Callable[..., Any]:
    """In each of the server's processes: end when the main one ends, however that happens; then load the application."""
    from keyturn.local.leash import tie_to_parent

    tie_to_parent()
    module, _, name = target.partition(":")
    application: Callable[..., Any] = getattr(importlib.import_module(module), name)
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
def command(host: str, port: int, workers: int, threads: int) -> None:
    """Run portal, console and API until SIGTERM or Ctrl-C. Run as many of these as you need, on any machine.

    \b
    Example:
      KEYTURN_HOST=0.0.0.0 keyturn serve --port 8000 --workers 4
    """
    use_settings()  # say what is wrong with the environment once, here, not in each process
    _must_be_free(host, port)
    import structlog

    from keyturn.look import storage

    storage.collect()
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
        blocking_threads=threads,
        blocking_threads_idle_timeout=600,
        respawn_failed_workers=True,
        workers_kill_timeout=10,
        log_level=LogLevels.warning,
    )
    log = structlog.get_logger("keyturn.http")
    server.on_startup(lambda: log.info("web ready", host=host, port=port, workers=workers, threads=threads))
    server.serve(target_loader=load_on_a_leash)


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
