"""How does a file of persons, premises or accounts become rows that can be taken over, and what is said of it?"""

import csv
import json
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import click

from keyturn.commands import must_be_writable, use_settings
from keyturn.terms.finding import Finding
from keyturn.terms.rows import COLUMNS, shielded, unshielded

LONGEST_CELL = 10_000_000  # characters; a longer one is a missing quotation mark
NOT_TEXT = (b"PK\x03\x04", b"\x1f\x8b", b"\xd0\xcf\x11\xe0")  # zip and xlsx, gzip, xls
SHOWN = 5  # rows that were kept out, in the summary on the terminal
REJECTS_COLUMNS = ("row", "ref", "field", "rule", "effect", "sentence")


@click.command()
@click.argument("kind", type=click.Choice(tuple(COLUMNS)))
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--format", "form", type=click.Choice(("csv", "jsonl")), help="[default: by the file's ending]")
@click.option("--dry-run", is_flag=True, help="Say what would happen, and write nothing.")
@click.option(
    "--rejects", type=click.Path(path_type=Path, dir_okay=False), help="A CSV file for what was kept out, and why."
)
def command(kind: str, file: Path, form: str | None, dry_run: bool, rejects: Path | None) -> None:
    """Take over persons, premises or accounts from FILE. Import premises and persons first, then accounts.

    Rows are found again by their `ref`: the same file twice changes nothing, and what a row does not say stays as it
    is. A row that breaks a rule is kept out, the others go in. Nobody is merged: a new person who may be somebody on
    file is taken over and reported.

    \b
    Examples:
      keyturn import premises premises.csv
      keyturn import persons persons.csv --dry-run --rejects rejects.csv
      keyturn import accounts accounts.jsonl
    """
    form = form or ("jsonl" if file.suffix.lower() in (".jsonl", ".ndjson") else "csv")
    lines = checked_lines(file)
    if rejects:
        must_be_writable(rejects)
    use_settings(or_those_of_the_demo=True)
    from django.conf import settings

    from keyturn import flow

    with progress_bar(lines) as progress:
        intake = flow.take_in(
            kind,
            (rows_of_csv if form == "csv" else rows_of_jsonl)(file, kind),
            now=datetime.now(UTC),
            policy=settings.KEYTURN_POLICY,
            dry_run=dry_run,
            progress=progress,
        )
    if rejects:
        write_rejects(rejects, intake)
    tell(intake, dry_run=dry_run, rejects=rejects)


# ---------------------------------------------------------------- reading


def checked_lines(path: Path) -> int:
    """How many lines the file has. ClickException says what to do where it is empty or not UTF-8."""
    lines = 0
    with path.open("rb") as file:
        for lines, line in enumerate(file, start=1):
            if lines == 1 and line.startswith((b"\xff\xfe", b"\xfe\xff")):
                raise click.ClickException(f"{path} is written in UTF-16. Save it as UTF-8.")
            if lines == 1 and line.startswith(NOT_TEXT):
                raise click.ClickException(f"{path} is packed, or a spreadsheet's own file. Save it as CSV.")
            try:
                line.decode("utf-8")
            except UnicodeDecodeError as problem:
                raise click.ClickException(
                    f"{path}, line {lines}, is not UTF-8 (byte 0x{line[problem.start]:02x}). Save the file as UTF-8."
                ) from None
    if lines == 0:
        raise click.ClickException(f"{path} is empty.")
    return lines


def rows_of_csv(path: Path, kind: str) -> Iterator[tuple[int, Mapping[str, Any] | Finding]]:
    """Numbered rows of a CSV file with a heading; commas, semicolons or tabs between cells, with or without a BOM."""
    csv.field_size_limit(LONGEST_CELL)
    _must_be_quoted_well(path)
    with path.open(encoding="utf-8-sig", newline="") as file:
        first = file.readline()
        delimiter = delimiter_of(first)
        heading = [name.strip().casefold() for name in next(csv.reader([first], delimiter=delimiter), [])]
        check_columns(heading, kind, path)
        for number, cells in enumerate(csv.reader(file, delimiter=delimiter), start=1):
            if not cells:
                continue
            too_many = any(cell.strip() for cell in cells[len(heading) :])
            row = dict(zip(heading, map(unshielded, cells), strict=False))
            yield number, Finding("K-03", params={"why": "cells"}) if too_many else row


def _must_be_quoted_well(path: Path) -> None:
    """ClickException where a quotation mark is left open: all rows up to the next one would vanish in one cell. Said
    before anything is written."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        number, delimiter = 0, delimiter_of(file.readline())
        try:
            for _ in csv.reader(file, delimiter=delimiter, strict=True):
                number += 1
        except csv.Error:
            raise click.ClickException(
                f"{path}: in row {number + 1} a quotation mark opens a text and nothing ends it rightly. Close it; within a"
                ' text between quotation marks, write each of them twice ("").'
            ) from None


def delimiter_of(heading: str) -> str:
    """What stands between cells, by the first line of a file."""
    return max(",;\t", key=heading.count)


def rows_of_jsonl(path: Path, kind: str) -> Iterator[tuple[int, Mapping[str, Any] | Finding]]:
    """Numbered rows of a file with a JSON object in each line. Columns are checked by the first object."""
    checked = False
    with path.open(encoding="utf-8-sig") as file:
        for number, line in enumerate(file, start=1):
            if not line.strip():
                continue
            try:
                row = json.loads(line, parse_float=str, parse_int=str)
            except (ValueError, RecursionError):
                row = None
            if not isinstance(row, dict) or any(isinstance(value, dict) for value in row.values()):
                yield number, Finding("K-03", params={"why": "json"})
                continue
            if not checked:
                check_columns(list(row), kind, path)
                checked = True
            unknown = next((name for name in row if name not in COLUMNS[kind]), None)
            yield number, row if unknown is None else Finding("K-03", params={"why": "column"})


def check_columns(heading: list[str], kind: str, path: Path) -> None:
    """ClickException where a column is unknown (with what may have been meant), stands twice, or `ref` is missing."""
    known = COLUMNS[kind]
    problems = []
    for name in dict.fromkeys(heading):
        if name not in known:
            near = get_close_matches(name.replace(" ", "_"), known, n=2, cutoff=0.6)
            problems.append(f"there is no column {name!r}" + (f" (did you mean {' or '.join(near)}?)" if near else ""))
        elif heading.count(name) > 1:
            problems.append(f"the column {name!r} stands twice")
    if "ref" not in heading:
        problems.append("the column 'ref' is missing")
    if problems:
        raise click.ClickException(f"{path}: {'; '.join(problems)}. Columns of {kind}: {', '.join(known)}.")


# ---------------------------------------------------------------- telling


@contextmanager
def progress_bar(total: int, what: str = "Rows") -> Iterator[Callable[[int], None] | None]:
    """A progress bar on a terminal; nothing in a log."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(what, total=total)
        yield lambda done: progress.update(task, completed=done)


def write_rejects(path: Path, intake: Any) -> None:
    """One line for each finding: what was kept out ("fix"), and what came in with a note ("note")."""
    from keyturn.flow import sentence

    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(REJECTS_COLUMNS)
        for each in intake.objections:
            found = each.finding
            writer.writerow((each.row, shielded(each.ref), found.field, found.rule, str(found.effect), sentence(found)))


def tell(intake: Any, *, dry_run: bool, rejects: Path | None) -> None:
    """The summary, and the first rows that were kept out. Exit code 1 where all of them were."""
    from keyturn.flow import sentence

    would = "would be " if dry_run else ""
    click.echo(
        f"{intake.rows:,} {'row' if intake.rows == 1 else 'rows'} of {intake.kind}: {intake.created:,} {would}new, {intake.changed:,} {would}changed,"
        f" {intake.unchanged:,} as they were, {intake.rejected:,} kept out."
    )
    if intake.rows and intake.unchanged == intake.rows:
        click.echo("Nothing changed: all of it was on file already.")
    if intake.lookalikes:
        click.echo(f"{len(intake.lookalikes):,} new persons may be somebody on file; nobody was merged.")
    kept_out = [each for each in intake.objections if each.keeps_out]
    for each in kept_out[:SHOWN]:
        where = f"row {each.row}" + (f" ({each.ref})" if each.ref else "")
        click.echo(
            f"  {where}: {each.finding.field or 'row'}: {sentence(each.finding)} [{each.finding.rule}]", err=True
        )
    if len(kept_out) > SHOWN:
        click.echo(
            f"  and {len(kept_out) - SHOWN:,} more" + (f": {rejects}" if rejects else ": use --rejects FILE"), err=True
        )
    if intake.rows and intake.rejected == intake.rows:
        raise click.ClickException("Not one row could be taken over.")
