"""How does somebody find out which persons on file the rows of a file are?"""

import csv
import json
import os
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TextIO

import click

from keyturn.commands import must_be_writable, use_settings
from keyturn.commands.export import opened
from keyturn.commands.import_ import (
    REJECTS_COLUMNS,
    SHOWN,
    checked_lines,
    progress_bar,
    rows_of_csv,
    rows_of_jsonl,
)
from keyturn.terms.rows import shielded

COLUMNS = ("probe_ref", "person_ref", "weight", "probability", "zone")
PAYS_FROM = 2_000  # rows from which a second process is worth its start


@click.command()
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False), metavar="PROBES")
@click.option(
    "--out", type=click.Path(path_type=Path, dir_okay=False, allow_dash=True), required=True, metavar="FILE",
    help='Where the answers go ("-": standard output).',
)  # fmt: skip
@click.option("--top", type=click.IntRange(1, 30), default=None, help="So many candidates of each, with their rank.")
@click.option("--format", "form", type=click.Choice(("csv", "jsonl")), help="Of --out. [default: by the file's ending]")
@click.option("--jobs", type=click.IntRange(1, 64), help="Processes. [default: one for each processor, if it pays]")
@click.option(
    "--rejects", type=click.Path(path_type=Path, dir_okay=False), help="A CSV file for the rows that could not be read."
)
def command(file: Path, out: Path, top: int | None, form: str | None, jobs: int | None, rejects: Path | None) -> None:
    """Look for each row of PROBES (CSV or JSON lines, in the columns of `keyturn import persons`) among all persons on
    file, by the matcher that decides about requests. Nothing is written into the registry.

    The answer is the best candidate: how strongly the two speak for one person (weight, in bits, and probability), and
    the matcher's word: link, review or new. Where nobody on file is alike, person_ref is empty. The last column says how
    the two belong together if they are two (household, twin, ...).

    \b
    Examples:
      keyturn match probes.csv --out matches.csv
      keyturn match probes.csv --out - --top 10
      keyturn match probes.jsonl --out matches.jsonl --jobs 2
    """
    form = form or ("jsonl" if out.suffix.lower() in (".jsonl", ".ndjson") else "csv")
    lines = checked_lines(file)
    for each in (out, rejects):
        if each and str(each) != "-":
            must_be_writable(each)
    rows = (rows_of_jsonl if file.suffix.lower() in (".jsonl", ".ndjson") else rows_of_csv)(file, "persons")
    use_settings(or_those_of_the_demo=True)
    from keyturn.linkage import probes

    _must_find_everybody()
    jobs = jobs or (1 if lines < PAYS_FROM else os.cpu_count() or 1)
    with ExitStack() as stack:
        progress = stack.enter_context(progress_bar(lines, "Probes"))
        write = _writer(form, stack.enter_context(opened(out)), with_rank=top is not None)
        told = _Told(stack, rejects)
        for portion in probes.answers(rows, top=top or 1, jobs=jobs, now=datetime.now(UTC), begin=use_settings):
            write(portion.answers)
            told.take(portion, progress)
    told.end(out)


def _must_find_everybody() -> None:
    """Who is filed under other keys is never found: better no answer than "new" for somebody on file."""
    from keyturn.matching.keys import KEYS_VERSION
    from keyturn.records.queries import learning

    others = learning.other_versions(str(KEYS_VERSION))
    if others:
        raise click.ClickException(
            f"persons are filed under keys of version {' and '.join(others)}, and this Keyturn searches by version"
            f" {KEYS_VERSION}: run `keyturn matching rekey` first"
        )


def _writer(form: str, stream: TextIO, *, with_rank: bool) -> Callable[[Iterable[Any]], None]:
    columns = (*COLUMNS, *(("rank",) if with_rank else ()), "relation")
    if form == "jsonl":
        return lambda answers: stream.writelines(_as_json(each, columns) for each in answers)
    writer = csv.writer(stream)
    writer.writerow(columns)
    return lambda answers: writer.writerows(_as_cells(each, columns) for each in answers)


def _as_json(answer: Any, columns: Iterable[str]) -> str:
    values = {name: getattr(answer, name) for name in columns}
    values |= {"weight": round(answer.weight, 4), "probability": round(answer.probability, 9)}
    return json.dumps(values, ensure_ascii=False) + "\n"


def _as_cells(answer: Any, columns: Iterable[str]) -> list[str]:
    texts = {
        "probe_ref": shielded(answer.probe_ref),
        "person_ref": shielded(answer.person_ref),
        "weight": f"{answer.weight:.4f}" if answer.person_ref else "",
        "probability": f"{answer.probability:.9f}",
        "rank": str(answer.rank) if answer.person_ref else "",
        "relation": " ".join(answer.relation),
    }
    return [texts.get(name, answer.zone) for name in columns]


class _Told:
    """What is said at the end, and about each row that could not be read."""

    def __init__(self, stack: ExitStack, rejects: Path | None) -> None:
        self.rows, self.zones, self.kept_out, self.rejects = 0, {"link": 0, "review": 0, "new": 0}, 0, rejects
        self._writer: Any = None
        if rejects:
            self._writer = csv.writer(stack.enter_context(rejects.open("w", encoding="utf-8", newline="")))
            self._writer.writerow(REJECTS_COLUMNS)

    def take(self, portion: Any, progress: Callable[[int], None] | None) -> None:
        from keyturn.flow import sentence

        self.rows += portion.rows
        if progress:
            progress(self.rows)
        for each in portion.answers:
            self.zones[each.zone] += each.rank == 1
        for number, ref, found in portion.unreadable:
            self.kept_out += 1
            text = sentence(found)
            if self._writer:
                self._writer.writerow((number, shielded(ref), found.field, found.rule, str(found.effect), text))
            if self.kept_out <= SHOWN:
                where = f"row {number}" + (f" ({ref})" if ref else "")
                click.echo(f"  {where}: {found.field or 'row'}: {text} [{found.rule}]", err=True)

    def end(self, out: Path) -> None:
        if self.kept_out > SHOWN:
            where = str(self.rejects) if self.rejects else "use --rejects FILE"
            click.echo(f"  and {self.kept_out - SHOWN:,} more: {where}", err=True)
        found = sum(self.zones.values())
        click.echo(
            f"{found:,} of {self.rows:,} {'row' if self.rows == 1 else 'rows'} looked for: {self.zones['link']:,} link,"
            f" {self.zones['review']:,} review, {self.zones['new']:,} new. Written to {out}.",
            err=True,
        )
        if self.rows and not found:
            raise click.ClickException("Not one row could be read.")
