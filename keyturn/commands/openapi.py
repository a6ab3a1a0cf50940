"""How is the description of the API written to a file?"""

import click

from keyturn.commands import use_settings


@click.command()
def command() -> None:
    """Print the OpenAPI 3.1 document of the HTTP API.

    \b
    Example:
      keyturn openapi > docs/openapi.json
    """
    use_settings(or_those_of_the_demo=True)
    from keyturn.api.v1 import openapi

    click.echo(openapi.text(), nl=False)
