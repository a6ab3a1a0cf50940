"""How does somebody get the persons, premises or accounts on file into a file of theirs?"""

import csv
import json
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

import click

from keyturn.commands import must_be_writable, use_settings
from keyturn.terms.rows import COLUMNS, shielded


@click.command()
@click.argument("kind", type=click.Choice(tuple(COLUMNS)))
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, allow_dash=True))
@click.option("--format", "form", type=click.Choice(("csv", "jsonl")), help="[default: by the file's ending]")
@click.option("--without-identifiers", is_flag=True, help="Leave the columns id_type and id_value empty.")
def command(kind: str, file: Path, form: str | None, without_identifiers: bool) -> None:
    """Write persons, premises or accounts to FILE ("-": standard output), in the columns that `keyturn import` takes.

    The file holds personal data, identifiers in plain text among it: only its owner may read it. Delete it when done.
    In CSV, a text that a spreadsheet would take for a formula gets an apostrophe in front; import takes it off again.

    \b
    Examples:
      keyturn export persons persons.csv
      keyturn export accounts - --format jsonl
    """
    form = form or ("jsonl" if file.suffix.lower() in (".jsonl", ".ndjson") else "csv")
    if str(file) != "-":
        must_be_writable(file)
    use_settings(or_those_of_the_demo=True)
    from django.utils import timezone

    from keyturn.records.queries import rows

    with opened(file) as stream:
        write = _write_csv if form == "csv" else _write_jsonl
        count = write(stream, kind, rows.export(kind, at=timezone.now(), identifiers=not without_identifiers))
    click.echo(f"{count:,} {kind} written to {file}.", err=True)
    if left_out := rows.unknown_to_the_cis(kind):
        click.echo(f"{left_out:,} that the CIS has given no reference yet are not among them.", err=True)


@contextmanager
def opened(path: Path) -> Iterator[TextIO]:
    """Standard output, or a file that appears under its name only when it is whole. What is no plain file stays in place."""
    if str(path) == "-":
        yield sys.stdout
        return
    if path.exists() and not path.is_file():  # a pipe, /dev/null
        with path.open("w", encoding="utf-8", newline="") as stream:
            yield stream
        return
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        with open(
            os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8", newline=""
        ) as stream:
            yield stream
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def _write_csv(stream: TextIO, kind: str, rows: Iterator[Mapping[str, str]]) -> int:
    writer = csv.writer(stream)
    writer.writerow(COLUMNS[kind])
    count = 0
    for count, row in enumerate(rows, start=1):  # noqa: B007 (the count is the answer)
        writer.writerow(map(shielded, row.values()))
    return count


def _write_jsonl(stream: TextIO, kind: str, rows: Iterator[Mapping[str, str]]) -> int:
    count = 0
    for count, row in enumerate(rows, start=1):  # noqa: B007 (the count is the answer)
        stream.write(json.dumps(row, ensure_ascii=False) + "\n")
    return count
