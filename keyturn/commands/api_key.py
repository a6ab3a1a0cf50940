"""How does a program get a key to the API, and how is it taken back?"""

from datetime import UTC, datetime

import click

from keyturn.commands import use_settings
from keyturn.terms.access import SCOPES

LONGEST_NAME = 100


@click.group()
def command() -> None:
    """Make, list and revoke keys of the HTTP API.

    \b
    Example:
      keyturn api-key create call-centre --scope requests:write --scope requests:attest
    """


@command.command()
@click.argument("name")
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    required=True,
    type=click.Choice(["all", *SCOPES]),
    help="What it may do; repeat.",
)
def create(name: str, scopes: tuple[str, ...]) -> None:
    """Make a key called NAME and print its secret, once: only its fingerprint is kept.

    \b
    Example:
      keyturn api-key create call-centre --scope requests:write --scope requests:attest
    """
    if not 1 <= len(name.strip()) <= LONGEST_NAME:
        raise click.BadParameter(f"it must have 1 to {LONGEST_NAME} characters.", param_hint="NAME")
    use_settings(or_those_of_the_demo=True)
    from keyturn.records import keys

    click.echo(keys.make(name=name, scopes=SCOPES if "all" in scopes else scopes, now=datetime.now(UTC)))


@command.command("list")
def list_() -> None:
    """Print each key's beginning, name and scopes.

    \b
    Example:
      keyturn api-key list
    """
    use_settings(or_those_of_the_demo=True)
    from keyturn.records.queries import api_keys

    for key in api_keys.listed():
        click.echo(f"{key.prefix}…  {key.name}  {'revoked' if key.revoked_at else ' '.join(key.scopes)}")


@command.command()
@click.argument("prefix")
def revoke(prefix: str) -> None:
    """Take back the key that begins with PREFIX (see `keyturn api-key list`). It stops working within seconds.

    \b
    Example:
      keyturn api-key revoke kt_Xy12AbCd
    """
    use_settings(or_those_of_the_demo=True)
    from keyturn.records import keys

    if not keys.revoke(prefix=prefix, now=datetime.now(UTC)):
        raise click.ClickException(f"No key in use begins with {prefix}.")
    click.echo("Revoked.")
