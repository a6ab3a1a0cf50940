"""How does a shell learn to complete keyturn's commands and options?"""

import click
from click.shell_completion import get_completion_class


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def command(shell: str) -> None:
    """Print the completion script for SHELL.

    \b
    Examples:
      keyturn completion bash >> ~/.bashrc
      keyturn completion zsh >> ~/.zshrc
      keyturn completion fish > ~/.config/fish/completions/keyturn.fish
    """
    from keyturn.cli import cli

    found = get_completion_class(shell)
    assert found is not None  # click knows all three
    click.echo(found(cli, {}, "keyturn", "_KEYTURN_COMPLETE").source())
