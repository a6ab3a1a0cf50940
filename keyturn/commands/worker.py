"""How does the process run that does the queue's jobs?"""

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
@click.option("--once", is_flag=True, help="Do what is due, then end.")
def command(concurrency: int, once: bool) -> None:
    """Do the queue's jobs until SIGTERM or Ctrl-C. Run as many of these as you need, on any machine.

    \b
    Example:
      keyturn worker --concurrency 8
    """
    use_settings()
    must_have_tables()
    import keyturn.flow  # noqa: F401  it registers the jobs
    from keyturn.connectors.cis import connector
    from keyturn.flow import counting
    from keyturn.work.worker import run

    connector()  # a mapping that cannot be used, or a secret that is not set, is told now and not to the first request
    with counting.kept():
        run(concurrency=concurrency, wait=not once)
