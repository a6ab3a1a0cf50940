"""How does an installation's database get today's tables?"""

import click

from keyturn.commands import use_settings


@click.command()
def command() -> None:
    """Make the schemas and tables, or bring them up to date. Safe to run again, and on several machines at once.

    \b
    Example:
      DATABASE_URL=postgresql://keyturn:secret@db/keyturn keyturn migrate
    """
    use_settings()
    from keyturn.connectors import cis
    from keyturn.records.migrate import migrate

    migrate()
    cis.install()  # the reference CIS keeps its tables beside ours; a real one needs nothing
    click.echo("The database is up to date.")
