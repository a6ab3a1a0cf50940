"""How does the process run that does the queue's jobs?"""

import os
from contextlib import suppress
from pathlib import Path

import click

from keyturn.commands import must_have_tables, use_settings


@click.command()
@click.option(
    "--concurrency",
    default=4,
    envvar="KEYTURN_CONCURRENCY",
    show_default=True,
    show_envvar=True,
    type=click.IntRange(1, 64),
    help="Jobs at a time; each may hold one database connection.",
)
@click.option(
    "--nice",
    default=10,
    envvar="KEYTURN_NICE",
    show_default=True,
    show_envvar=True,
    type=click.IntRange(0, 19),
    help="How far it gives way to a web server on the same machine, for whose pages people wait. 0: not at all.",
)
@click.option("--once", is_flag=True, help="Do what is due, then end.")
def command(concurrency: int, nice: int, once: bool) -> None:
    """Do the queue's jobs until SIGTERM or Ctrl-C. Run as many of these as you need, on any machine.

    \b
    Example:
      keyturn worker --concurrency 8
    """
    _give_way(nice)
    use_settings()
    must_have_tables()
    import keyturn.flow  # noqa: F401  it registers the jobs
    from keyturn.connectors.cis import connector
    from keyturn.flow import counting
    from keyturn.work.worker import run

    connector()  # a mapping that cannot be used, or a secret that is not set, is told now and not to the first request
    with counting.kept():
        run(concurrency=concurrency, wait=not once)


def _give_way(nice: int) -> None:
    """To other processes; and, in a session of our own, to other sessions: Linux weighs those first (sched(7), autogroups)."""
    os.nice(nice)
    if os.getsid(0) == os.getpid():
        with suppress(OSError):
            Path("/proc/self/autogroup").write_text(str(nice))
