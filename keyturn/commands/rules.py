"""Which rules are there, in the order in which a request meets them?"""

import click

from keyturn.commands.rule import place_of, rulebook


@click.command()
@click.option("--step", help="Only those of one step, by its letter, such as V.")
def command(step: str | None) -> None:
    """Print the rulebook: a line for each rule, with its file and line.

    \b
    Examples:
      keyturn rules
      keyturn rules --step V
    """
    found = [each for number, each in rulebook().items() if not step or number.startswith(step.upper())]
    if not found:
        raise click.BadParameter(f"no rule's number begins with {step}.", param_hint="--step")
    for each in found:
        click.echo(f"{each.number}  {each.sentence}.\n      {place_of(each)}")
