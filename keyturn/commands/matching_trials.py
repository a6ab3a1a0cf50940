"""How does an operator measure a matching model, and see what it would decide differently, before it is in force?"""

import csv
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from keyturn.commands import must_be_writable, use_settings
from keyturn.commands.import_ import checked_lines
from keyturn.commands.matching_models import bar, must_have, values_of

SHOWN = 20  # changed cases on the terminal


@click.command(short_help="Measure a model where the truth is known.")
@click.option(
    "--model", "path", type=click.Path(path_type=Path, exists=True, dir_okay=False), help="[default: the one in force]"
)
@click.option(
    "--pairs", type=click.Path(path_type=Path, exists=True, dir_okay=False), metavar="LABELLED.csv",
    help="Persons as for `keyturn import persons`, with `truth`: the ref of the person on file, or nothing.",
)  # fmt: skip
@click.option("--synthetic", is_flag=True, help="On made-up cases, even where staff have said something.")
@click.option(
    "--out", type=click.Path(path_type=Path, file_okay=False), help="A folder for evaluation.json and plots (PNG, SVG)."
)
@click.option("--seed", type=int, default=1, show_default=True, help="Of the made-up cases.")
def evaluate(path: Path | None, pairs: Path | None, synthetic: bool, out: Path | None, seed: int) -> None:
    """Measure a model where the truth is known: precision, recall, review load, calibration, and fairness by origin of names.

    The truth is what staff said of requests and pairs, or a labelled file (--pairs). Where there is neither, persons on
    file come back with made-up errors: a self-test, and it says so. Every share comes with its interval (Wilson, 95 %).
    Origins of names are guessed from the spelling of the surname, for counting only; a column `group` in the file goes
    before. Nothing that is written says anything about anybody.

    \b
    Examples:
      keyturn matching evaluate
      keyturn matching evaluate --model matching.json --out evaluation
      keyturn matching evaluate --pairs labelled.csv --out evaluation
    """
    if out:
        must_have("matplotlib", "numpy")
        must_be_writable(out / "evaluation.json" if out.is_dir() else out)
    if pairs:
        checked_lines(pairs)
    use_settings(or_those_of_the_demo=True)
    from keyturn.linkage import evaluate as measuring
    from keyturn.linkage import plots

    model, policy = _model(path)
    trials = _trials(pairs, synthetic, model, policy, seed)
    with bar("Cases", len(trials.cases)) as told:
        found = measuring.evaluate(trials, model=model, policy=policy, told=told)
    _tell(found)
    if out:
        out.mkdir(exist_ok=True)
        (out / "evaluation.json").write_text(json.dumps(found.as_json(), indent=1) + "\n", encoding="utf-8")
        written = plots.draw(found, out)
        click.echo(f"Written to {out}: evaluation.json and {len(written)} plots.")


def _trials(pairs: Path | None, synthetic: bool, model: Any, policy: Any, seed: int) -> Any:
    from keyturn.linkage import trials

    if pairs:
        found = trials.of_file(pairs, now=datetime.now(UTC), policy=policy)
    elif synthetic:
        found = trials.synthetic(model=model, policy=policy, seed=seed, bar=bar)
    else:
        found = trials.of_reviews()
        if not found.cases:
            click.echo("Staff have not said of anybody who they are yet: made-up cases instead.", err=True)
            found = trials.synthetic(model=model, policy=policy, seed=seed, bar=bar)
    if not found.cases:
        raise click.ClickException(
            "There is nothing to measure it on: no case whose truth is known, and nobody on file."
        )
    return found


def _tell(found: Any) -> None:
    where = {
        "reviews": "cases of which staff said who they are",
        "file": "rows of the labelled file",
        "synthetic": "MADE-UP cases (synthetic: errors as we imagine them; real ones differ)",
    }
    click.echo(f"{found.model.version} on {len(found.outcomes):,} {where[found.trials.source]}.")
    if found.trials.left_out:
        why = {
            "reviews": "what was said has been forgotten since, as it must be",
            "file": "unreadable, or their truth is nobody on file",
            "synthetic": "they may be on file twice, so that nobody knows the truth",
        }[found.trials.source]
        click.echo(f"{found.trials.left_out:,} more could not be used: {why}.")
    for name, share in (
        ("right, of automatic links", found.precision),
        ("linked or shown, of those on file", found.recall),
        ("linked, of those on file", found.automatic),
        ("shown to staff, of all", found.review_load),
    ):
        click.echo(f"  {name:<36}{_share(share)}")
    click.echo("Calibration: said / true, tenth by tenth")
    for each in found.calibration:
        click.echo(f"  {each.least:.1f} to {each.least + 0.1:.1f}: {each.said:7.2%} / {_share(each.true)}")
    click.echo("By origin of the name (a guess by spelling, or the file's own groups): recall, review load")
    for name, (recall, load) in found.groups.items():
        small = "  (too few to say)" if recall.among < 30 else ""
        click.echo(f"  {name:<20}{_share(recall)}, {load.value:.1%} to staff{small}")
    if found.gap is not None:
        click.echo(f"  Largest gap in recall: {100 * found.gap:.1f} points.")


def _share(share: Any) -> str:
    low, high = share.interval
    return f"{share.value:7.2%} ({low:.2%} to {high:.2%}; {share.of:,} of {share.among:,})"


# ---------------------------------------------------------------- preview


@click.command(short_help="Show what another model would decide differently.")
@click.option(
    "--model", "path", type=click.Path(path_type=Path, exists=True, dir_okay=False), required=True, help="The new one."
)
@click.option(
    "--sample",
    type=click.IntRange(1, 1_000_000),
    default=1000,
    show_default=True,
    help="Recent requests, and pairs that wait.",
)
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="A CSV file with every case that changes.")
def preview(path: Path, sample: int, out: Path | None) -> None:
    """Show what another model would decide differently, before it is in force: recent requests, and pairs that wait.

    Both models decide by what is on file now, as if a contact had been proved and links were switched on. New automatic
    links come first: nobody would look at them. Cases go by their reference; nothing is said about anybody.

    \b
    Examples:
      keyturn matching preview --model matching.json
      keyturn matching preview --model matching.json --sample 5000 --out changes.csv
    """
    if out:
        must_be_writable(out)
    use_settings(or_those_of_the_demo=True)
    from keyturn.linkage import preview as previewing

    (before, policy), (after, _) = _model(None), _model(path)
    with bar("Requests", sample) as told:
        found = previewing.preview(before=before, after=after, policy=policy, most=sample, told=told)
    click.echo(f"In force: {before.version}. Then: {after.version}.")
    if before.version == after.version:
        click.echo("It is the same model.")
    _tell_table("requests", found.requests, previewing.ZONES)
    _tell_table("pairs on file", found.pairs, previewing.ZONES)
    if found.left_out:
        click.echo(f"{found.left_out:,} requests are left out: their answers have been forgotten.")
    _tell_changes(found, out)


def _tell_table(what: str, table: Mapping[tuple[str, str], int], zones: tuple[str, ...]) -> None:
    total = sum(table.values())
    if not total:
        click.echo(f"\nNo {what} to decide.")
        return
    click.echo(f"\n{total:,} {what}: now (down), then (across)")
    click.echo(f"{'':<10}" + "".join(f"{zone:>10}" for zone in zones))
    for before in zones:
        click.echo(f"{before:<10}" + "".join(f"{table.get((before, after), 0):>10,}" for after in zones))


def _tell_changes(found: Any, out: Path | None) -> None:
    from keyturn.linkage.preview import COLUMNS

    links = found.new_links
    click.echo(f"\n{len(links):,} new automatic links, {len(found.changes):,} changes in all.")
    for each in found.changes[:SHOWN]:
        notes = [note for note, holds in (
            ("AGAINST WHAT STAFF SAID", each.against_staff), ("to another person", each.to_another_person),
        ) if holds]  # fmt: skip
        click.echo(
            f"  {each.what} {each.reference}: {each.before.zone} -> {each.after.zone}"
            f" ({each.before.probability:.4f} -> {each.after.probability:.4f}){''.join(', ' + note for note in notes)}"
        )
    if len(found.changes) > SHOWN:
        click.echo(f"  and {len(found.changes) - SHOWN:,} more" + ("" if out else ": use --out FILE"))
    if out:
        with out.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, COLUMNS)
            writer.writeheader()
            writer.writerows(each.row() for each in found.changes)
        click.echo(f"Written to {out}.")


def _model(path: Path | None) -> tuple[Any, Any]:
    """The model as it would be in force here, sized for this registry; and the policy."""
    from django.conf import settings

    from keyturn.matching.model import from_mapping
    from keyturn.records import person_index

    return from_mapping(values_of(path)).sized(person_index.population()), settings.KEYTURN_POLICY
