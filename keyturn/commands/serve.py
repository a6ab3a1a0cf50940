"""How does the web server run in production, and in the demo?"""

import importlib
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
    try:
        server.serve(target_loader=load_on_a_leash)
    except (OSError, RuntimeError) as problem:
        if "in use" in str(problem).lower():
            raise click.ClickException(f"Port {port} on {host} is taken: choose another one with --port.") from None
        raise
