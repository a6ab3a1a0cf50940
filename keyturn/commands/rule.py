"""Which line of code is behind a rule's number, and which tests show that it holds?"""

import inspect
import re
from collections.abc import Iterator
from difflib import get_close_matches
from pathlib import Path

import click

from keyturn.commands import PROJECT
from keyturn.terms.finding import Rule


@click.command()
@click.argument("number")
def command(number: str) -> None:
    """Print the rule NUMBER: its sentence, what of the domain it carries out, its file and line, and its tests.

    \b
    Example:
      keyturn rule V-03
    """
    book = rulebook()
    wanted = re.sub(r"^([A-Z])-?(\d)$", r"\1-0\2", number.strip().upper())
    if wanted not in book:
        near = get_close_matches(wanted, book, n=3, cutoff=0.5)
        hint = f" Near it: {', '.join(near)}." if near else ""
        raise click.BadParameter(f"there is no rule {number}.{hint} `keyturn rules` lists all.", param_hint="NUMBER")
    found = book[wanted]
    click.echo(f"{found.number}  {found.sentence}.")
    _tell("carries out", [", ".join(found.implements)] if found.implements else [])
    _tell("code", [f"{place_of(found)}  {found.function.__name__}"])
    _tell("tests", tests_of(found.number))


def rulebook() -> dict[str, Rule]:
    """All rules by number, in the order of the steps."""
    from keyturn import steps

    return dict(steps.rulebook())


def place_of(found: Rule) -> str:
    """File and line of a rule's function, from the project's folder."""
    function = inspect.unwrap(found.function)
    path = Path(inspect.getsourcefile(function) or "")
    line = inspect.getsourcelines(function)[1]
    return f"{path.relative_to(PROJECT) if path.is_relative_to(PROJECT) else path}:{line}"


def tests_of(number: str) -> list[str]:
    """The tests that carry `@pytest.mark.rule(number)`: file, line and name. None where the tests are not installed."""
    return [
        f"{path.relative_to(PROJECT)}:{line}  {name}"
        for path in sorted((PROJECT / "tests").rglob("test_*.py"))
        for line, name in _marked(path.read_text(encoding="utf-8"), number)
    ]


def _marked(text: str, number: str) -> Iterator[tuple[int, str]]:
    for mark in re.finditer(r"mark\.rule\(([^)]*)\)", text):
        if f'"{number}"' in mark[1] and (
            test := re.compile(r"^\s*(?:def|class) (\w+)", re.MULTILINE).search(text, mark.end())
        ):
            yield text.count("\n", 0, test.start(1)) + 1, test[1]


def _tell(name: str, lines: list[str]) -> None:
    for line in lines:
        click.echo(f"      {name:<12}{line}")
        name = ""
