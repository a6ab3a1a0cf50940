"""Which commands does `keyturn` have?

A command lives in `keyturn/commands/<name>.py` as `command` and has one line in COMMANDS. Its module is imported when it
is called, so that `keyturn --help` is instant. Exit codes: 0 done, 1 it failed (one clear sentence), 2 wrong use.
"""

import importlib
import os
import sys
import traceback
from collections.abc import Sequence
from typing import Any

import click

from keyturn import __version__
from keyturn.terms.errors import KeyturnError

# name: (module in keyturn/commands, what it does, in one line)
COMMANDS = {
    "demo": ("demo", "Run everything on this machine, with a demo utility in it."),
    "serve": ("serve", "Run the web server: portal, console and API."),
    "worker": ("worker", "Run the worker that does the queue's jobs."),
    "migrate": ("migrate", "Make the tables, or bring them up to date."),
    "doctor": ("doctor", "Check settings, database, queue, CIS, mail, keys and clock."),
    "cis": ("cis", "Ask the configured CIS, call by call: for whoever connects one."),
    "api-key": ("api_key", "Make, list and revoke keys of the HTTP API."),
    "import": ("import_", "Take over persons, premises or accounts from a file."),
    "export": ("export", "Write persons, premises or accounts to a file."),
    "dedupe": ("dedupe", "Find out who is on file twice, in the whole registry at once."),
    "match": ("match", "Look for each row of a file among the persons on file."),
    "matching": ("matching", "See, learn, measure and try out the model by which persons are known again."),
    "merge": ("merge", "Make two files of one person one: propose it, or agree to it."),
    "unmerge": ("unmerge", "Undo a merge, with what was edited since."),
    "reconcile": ("reconcile", "Find where the registry and the CIS differ, and put it right."),
    "openapi": ("openapi", "Print the description of the HTTP API (OpenAPI 3.1)."),
    "staff": ("staff", "Make staff users of the console, and give them new passwords."),
    "audit": ("audit", "Check that nobody changed what was written about requests."),
    "rule": ("rule", "Print a rule: its sentence, its line of code and its tests."),
    "rules": ("rules", "List the rulebook."),
    "completion": ("completion", "Print the shell's completion script for keyturn."),
}

# What the database says to its operator; none of these quotes a row.
REFUSALS = {
    f"psycopg.errors.{name}"
    for name in ("InsufficientPrivilege", "ReadOnlySqlTransaction", "FeatureNotSupported", "UndefinedFile")
}


class Commands(click.Group):
    """A group that knows its commands' names and imports the one that is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in COMMANDS:
            return None
        found = importlib.import_module(f"keyturn.commands.{COMMANDS[name][0]}").command
        assert isinstance(found, click.Command)
        return found

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args[0] not in COMMANDS and not args[0].startswith("-") and not ctx.resilient_parsing:
            raise click.exceptions.NoSuchCommand(args[0], possibilities=COMMANDS, ctx=ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, told) for name, (_, told) in COMMANDS.items()])


@click.group(
    cls=Commands,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="`keyturn COMMAND --help` shows an example of each. Settings come from the environment: docs/howto/install.md.",
)
@click.version_option(__version__, prog_name="keyturn")
def cli() -> None:
    """Customer self-service for utilities: someone moves in, and the customer information system is right.

    \b
    Example:
      keyturn demo
    """


def sentence_for(problem: BaseException) -> str | None:
    """What to tell the user about a failure that is theirs or the world's; None: it is a bug."""
    if isinstance(problem, KeyturnError):
        return problem.detail or problem.code
    kinds = _kinds(problem)
    if "django.core.exceptions.ImproperlyConfigured" in kinds:
        return str(problem)
    if kinds & {"psycopg.errors.UndefinedTable", "psycopg.errors.UndefinedColumn"}:
        return "The database lacks tables of Keyturn, or has older ones: run `keyturn migrate`."
    if kinds & REFUSALS:
        return f"The database refuses: {str(problem).splitlines()[0]}. Give its role what it needs (docs/howto/install.md)."
    if kinds & {"django.db.utils.OperationalError", "psycopg.OperationalError"}:
        return f"The database that DATABASE_URL names cannot be used: {_reason(problem)}"
    if kinds & {"cryptography.exceptions.InvalidTag", "keyturn.records.crypto.UnknownKey"}:
        return "KEYTURN_FIELD_KEYS does not open what the database holds: add the key that sealed it."
    if isinstance(problem, OSError) and problem.filename:
        return f"{problem.filename}: {problem.strerror}"
    return None


def _kinds(problem: BaseException) -> set[str]:
    """Names of the classes of a failure and of what caused it: importing Django here would make every command slow."""
    causes: list[BaseException] = []
    each: BaseException | None = problem
    while each is not None:
        causes.append(each)
        each = each.__cause__
    return {f"{kind.__module__}.{kind.__name__}" for cause in causes for kind in type(cause).__mro__}


def _reason(problem: BaseException) -> str:
    """What the server, or the way to it, said; without the hint that libpq puts below it."""
    lines = [line.strip() for line in str(problem).splitlines() if line.strip()]
    said = [line for line in lines if not line.startswith("Is the server running")]
    return (said or ["it did not answer"])[-1].removeprefix("connection failed: ")


def _where(problem: BaseException) -> str:
    """The places that a bug passed. Its text is left out: it may quote what somebody typed, or a row on file."""
    places = traceback.extract_tb(problem.__traceback__)[-8:]
    return "".join(f"\n  {place.filename}:{place.lineno} {place.name}" for place in places)


def main(arguments: Sequence[str] | None = None) -> Any:
    """The program. Wrong use ends it with 2, a failure with 1, both with one sentence on stderr."""
    try:
        return cli.main(args=list(arguments) if arguments is not None else None, prog_name="keyturn")
    except Exception as problem:
        if os.environ.get("KEYTURN_DEBUG") == "1":
            raise
        told = sentence_for(problem) or (
            f"this is a bug of Keyturn's ({type(problem).__name__}). Please report these lines; they hold nobody's data."
            f"{_where(problem)}"
        )
        click.echo(f"Error: {told}", err=True)
        sys.exit(1)


if __name__ == "__main__":
    main()
