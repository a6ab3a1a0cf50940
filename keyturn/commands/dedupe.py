"""How does somebody find out who is on file twice, in the whole registry at once?"""

import csv
import json
import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TextIO

import click

from keyturn.commands import must_be_writable, use_settings
from keyturn.commands.export import opened
from keyturn.terms.rows import shielded

COLUMNS = ("person_ref_a", "person_ref_b", "weight", "probability", "zone")
SIZE = r"[0-9]+(\.[0-9]+)? ?[KMGT]i?B"  # as DuckDB reads it
STAGES = {
    "read": "Persons read",
    "block": "Pairs found",
    "weigh": "Parts weighed",
    "judge": "Parts judged",
    "queue": "Pairs in the queue",
}


def _a_size(_context: click.Context, _option: click.Parameter, said: str) -> str:
    if said and not re.fullmatch(SIZE, said.strip(), re.IGNORECASE):
        raise click.BadParameter("is a size, like 4GB or 800MB")
    return said


@click.command()
@click.option(
    "--out", type=click.Path(path_type=Path, dir_okay=False, allow_dash=True), required=True, metavar="PAIRS",
    help='Where the pairs go ("-": standard output).',
)  # fmt: skip
@click.option("--format", "form", type=click.Choice(("csv", "jsonl")), help="Of --out. [default: by the file's ending]")
@click.option("--engine", type=click.Choice(("duckdb", "spark")), default="duckdb", show_default=True)
@click.option("--spark-master", default="", metavar="URL", help="A Spark cluster. [default: this machine]")
@click.option("--jobs", type=click.IntRange(1, 256), help="Processes and threads. [default: one for each processor]")
@click.option(
    "--memory",
    default="",
    callback=_a_size,
    metavar="SIZE",
    help='For DuckDB, like "4GB". [default: half of this machine\'s]',
)
@click.option(
    "--work", type=click.Path(path_type=Path, file_okay=False), metavar="DIR",
    help="A folder to work in; a run that was killed goes on there. [default: PAIRS.work]",
)  # fmt: skip
@click.option("--fresh", is_flag=True, help="Begin anew, whatever an interrupted run has left.")
@click.option(
    "--least", type=click.FloatRange(0, 1), default=0.0, metavar="P", help="Leave out pairs of less probability."
)
@click.option("--queue", is_flag=True, help="Put the pairs into the queue of staff, too.")
def command(
    out: Path, form: str | None, engine: str, spark_master: str, jobs: int | None, memory: str, work: Path | None,
    fresh: bool, least: float, queue: bool,
) -> None:  # fmt: skip
    """Find all likely pairs of persons on file: whom the matcher that decides about requests would link, or show to
    staff. Nobody is merged. Splink searches, on DuckDB here or on Spark; the matcher has the last word about each pair.

    Who was merged already, and whom staff have said to be two, is left out. The pairs come strongest first. With --queue
    staff see those who may be one in the console, the likeliest first and no more at once than the policy says (duplicates_open_most).

    The work folder holds names and contacts while the search runs, for its owner's eyes only; it is gone at the end.

    \b
    Examples:
      keyturn dedupe --out pairs.csv
      keyturn dedupe --out pairs.csv --queue --jobs 2
      keyturn dedupe --out pairs.csv --engine spark --spark-master spark://head:7077 --work /shared/dedupe
    """
    if str(out) == "-" and work is None:
        raise click.UsageError("name a folder to work in with --work when the pairs go to standard output")
    if not 0 <= least <= 1:  # "nan" passes a range
        raise click.UsageError("--least is a probability from 0 to 1")
    if spark_master and engine != "spark":
        raise click.UsageError("--spark-master goes with --engine spark")
    if str(out) != "-":
        must_be_writable(out)
    work = (work or out.with_name(f"{out.name}.work")).absolute()
    form = form or ("jsonl" if out.suffix.lower() in (".jsonl", ".ndjson") else "csv")
    use_settings(or_those_of_the_demo=True)
    from django.conf import settings

    from keyturn.linkage import dedupe

    how = dedupe.Search(
        work, engine, jobs or os.cpu_count() or 1, master=spark_master, memory=memory, fresh=fresh, begin=use_settings
    )
    now, policy = datetime.now(UTC), settings.KEYTURN_POLICY
    zones: dict[str, int] = {"link": 0, "review": 0}
    kept = 0

    with _bars() as progress, opened(out) as stream:

        def write(pairs: Iterable[Any]) -> int:
            nonlocal kept
            written = _written((each for each in pairs if each.probability >= least), stream, form, zones)
            if queue:
                kept = dedupe.enter(written, now=now, policy=policy, told=lambda done: progress("queue", done, 0))
            else:
                for _ in written:
                    pass
            stream.flush()  # a full disk is told while the work is still there
            return sum(zones.values())

        found = dedupe.search(how, write=write, progress=progress)
    click.echo(
        f"{found:,} {'pair' if found == 1 else 'pairs'}: {zones['link']:,} link, {zones['review']:,} review. Written to {out}.",
        err=True,
    )
    if queue:
        click.echo(f"{kept:,} are in the queue of staff.", err=True)


def _written(pairs: Iterable[Any], stream: TextIO, form: str, zones: dict[str, int]) -> Iterator[Any]:
    """The pairs, each written as it passes."""
    writer: Any = csv.writer(stream)
    if form == "csv":
        writer.writerow(COLUMNS)
    for pair in pairs:
        refs = pair.person_ref_a, pair.person_ref_b
        if form == "csv":
            numbers = f"{pair.weight:.4f}", f"{pair.probability:.9f}"
            writer.writerow((*map(shielded, refs), *numbers, pair.zone))
        else:
            values = (*refs, round(pair.weight, 4), round(pair.probability, 9), pair.zone)
            stream.write(json.dumps(dict(zip(COLUMNS, values, strict=True)), ensure_ascii=False) + "\n")
        zones[pair.zone] += 1
        yield pair


@contextmanager
def _bars() -> Iterator[Callable[[str, int, int], None]]:
    """A progress bar for each stage on a terminal; a line for each stage in a log."""
    if not sys.stderr.isatty():
        yield _told_once()
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description:20}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True)) as bars:
        tasks = {"read": bars.add_task(STAGES["read"], total=None)}
        behind = dict(zip(STAGES, list(STAGES)[1:4], strict=False))  # whoever waits sees what is being done now

        def show(stage: str, done: int, total: int) -> None:
            for each in (stage, behind.get(stage, "") if done == total else ""):
                if each and each not in tasks:
                    tasks[each] = bars.add_task(STAGES[each], total=None)
            bars.update(tasks[stage], completed=done, total=total or None)

        yield show


def _told_once() -> Callable[[str, int, int], None]:
    def tell(stage: str, done: int, total: int) -> None:
        if total and done == total:
            click.echo(f"{STAGES[stage]}: {done:,}", err=True)

    return tell
