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
    """Go through the chains of all requests' events and of all acts, and the seals over which of them there are; exit 1 and a
    line for each that does not fit (I5). The last seal is told, to be compared with the last one in the log.

    \b
    Example:
      keyturn audit verify
    """
    use_settings(or_those_of_the_demo=True)
    from keyturn.records import acts, seals
    from keyturn.records.history import broken_chains

    broken = 0
    for reference, number in broken_chains():
        broken += 1
        click.echo(f"{reference}: event {number} is not as it was written, or is missing")
    for subject, number in acts.broken_chains():
        broken += 1
        click.echo(f"{subject}: act {number} is not as it was written, or is missing")
    for seal in seals.broken():
        broken += 1
        click.echo(f"seal {seal}: requests, acts or readings that were under it are gone or were added")
    if broken:
        raise click.ClickException(f"{broken} chains or seals do not fit: something was changed after it was written.")
    click.echo(f"Every event is as it was written. {_last_seal()}")


def _last_seal() -> str:
    from keyturn.records import seals

    last = seals.last()
    if last is None:
        return "Nothing is sealed yet."
    return f"Seal {last.number} covers all until {last.upto:%Y-%m-%d %H:%M} UTC: {bytes(last.hash).hex()}"
