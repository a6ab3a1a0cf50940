"""Has anybody changed what was written about a request's moves, or about what was done outside of any?"""

import click

from keyturn.commands import use_settings


@click.group()
def command() -> None:
    """Look after the audit of requests.

    \b
    Example:
      keyturn audit verify
    """


@command.command()
def verify() -> None:
    """Go through the chains of all requests' events, and of all acts; exit 1 and a line for each that does not fit (I5).

    \b
    Example:
      keyturn audit verify
    """
    use_settings(or_those_of_the_demo=True)
    from keyturn.records import acts
    from keyturn.records.history import broken_chains

    broken = 0
    for reference, number in broken_chains():
        broken += 1
        click.echo(f"{reference}: event {number} is not as it was written, or is missing")
    for subject, number in acts.broken_chains():
        broken += 1
        click.echo(f"{subject}: act {number} is not as it was written, or is missing")
    if broken:
        raise click.ClickException(f"{broken} chains have events or acts that were changed after they were written.")
    click.echo("Every event is as it was written.")
