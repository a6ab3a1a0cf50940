"""How does an operator see, learn, measure, try out and change the model by which persons are known again?"""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from keyturn.commands import must_be_writable, use_settings
from keyturn.commands.import_ import progress_bar
from keyturn.commands.matching_models import bar, must_have, values_of

NEEDED = ("splink", "duckdb", "pyarrow", "numpy")
MOVED_MUCH = 3.0  # bits


class Subcommands(click.Group):
    """A group that finds its commands in this file and in `matching_trials`, and imports the latter when it is asked."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return ["show", "train", "evaluate", "preview", "rekey"]

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name in ("evaluate", "preview"):
            from keyturn.commands import matching_trials

            found: click.Command = getattr(matching_trials, name)
            return found
        return super().get_command(ctx, name)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        names = self.list_commands(ctx)
        if args[0] not in names and not args[0].startswith("-") and not ctx.resilient_parsing:
            raise click.exceptions.NoSuchCommand(args[0], possibilities=names, ctx=ctx)
        return super().resolve_command(ctx, args)


@click.group(cls=Subcommands)
def command() -> None:
    """See, learn, measure, try out and change the model by which persons are known again (docs/howto/matching.md).

    \b
    Examples:
      keyturn matching show
      keyturn matching train --out matching.json
      keyturn matching preview --model matching.json --out changes.csv
    """


# ---------------------------------------------------------------- train


@command.command(short_help="Learn a new model from the registry and from what staff said.")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), required=True, help="Where the new model goes.")
@click.option(
    "--base",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="The model to learn on. [default: the one in force]",
)
@click.option(
    "--sample", type=click.IntRange(1000, 5_000_000), default=200_000, show_default=True,
    help="Pairs of each kind that are compared.",
)  # fmt: skip
@click.option("--seed", type=int, default=1, show_default=True, help="The same seed and registry give the same model.")
@click.option("--labels/--no-labels", default=True, help="With what staff said of pairs, or from the registry alone.")
@click.option("--label", help="What the new model is called. [default: trained and the day]")
def train(out: Path, base: Path | None, sample: int, seed: int, labels: bool, label: str | None) -> None:
    """Learn how much each agreement and each difference is worth, from the registry itself and from what staff said.

    Without anybody's word on any pair: Splink's EM looks at pairs of persons on file who share a key. With it: staff's
    decisions, pairs merged or told apart, and blind reviews. Thresholds, vetoes, keys and what is known of relatives and
    twins stay as they are. Nothing changes before the file is put in force; try it first: `keyturn matching preview`.
    The file holds numbers only, nothing about anybody.

    \b
    Examples:
      keyturn matching train --out matching.json
      keyturn matching train --out matching.json --sample 500000 --no-labels
    """
    must_have(*NEEDED)
    must_be_writable(out)
    use_settings(or_those_of_the_demo=True)
    from keyturn.linkage import files
    from keyturn.linkage import train as training

    today = datetime.now(UTC).date()
    label = label or f"trained {today.isoformat()}"
    found = training.train(
        values_of(base, label=label), label=label, today=today, pairs=sample, seed=seed,
        use_labels=labels, bar=bar,
    )  # fmt: skip
    files.write(found.values, out)
    _tell(found, out)


def _tell(found: Any, out: Path) -> None:
    from keyturn.matching.model import from_mapping

    click.echo(f"{found.persons:,} persons on file, {found.random_pairs:,} pairs at random.")
    for each in found.sessions:
        came_to = (
            f"not used: {each.trouble}" if each.trouble else
            f"{each.matches:,.0f} pairs of one person; at rest after {len(each.moved)} iterations"
            f" (last change {each.moved[-1]:.0e})"
        )  # fmt: skip
        click.echo(f"  by {each.session.name}: {each.pairs:,} pairs, {came_to}.")
    click.echo(f"Staff: {found.labels_same:,} pairs of one person, {found.labels_two:,} of two.")
    much = found.moved_by_more_than(MOVED_MUCH)
    for each in much:
        click.echo(
            f"Warning: {each.field} {each.level} moves from {each.before:+.1f} to {each.after:+.1f} bits"
            f" ({each.by:+.1f}): look whether that can be so.",
            err=True,
        )
    version = from_mapping(found.values).version
    click.echo(f"Written to {out}: {version}. See what it would change: keyturn matching preview --model {out}")


# ---------------------------------------------------------------- show


@command.command(short_help="Print the model in force: thresholds, vetoes, and weights.")
@click.option(
    "--model", "path", type=click.Path(path_type=Path, exists=True, dir_okay=False), help="[default: the one in force]"
)
@click.option(
    "--against",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Show another model's weights beside.",
)
def show(path: Path | None, against: Path | None) -> None:
    """Print the model in force: its version, thresholds and vetoes, and what each level is worth, in bits.

    Bits say how often a level is seen between two records of one person, compared with two strangers, two of a household,
    twins, and namesakes: +1 is twice as often, -1 half as often. A common name is worth less than the table says.

    \b
    Examples:
      keyturn matching show
      keyturn matching show --model matching.json
      keyturn matching show --against matching.json
    """
    use_settings(or_those_of_the_demo=True)
    from keyturn.matching.model import from_mapping

    values, other = values_of(path), values_of(against) if against else None
    model = from_mapping(values, source=str(path or "the model in force"))
    click.echo(f"{model.version}: {path or 'in force' + (_where())}")
    if values.get("note"):
        click.echo(str(values["note"]))
    limits = model.thresholds
    click.echo(
        f"Link from {limits.link:g}, review from {limits.review:g}, margin {limits.margin:g} bits,"
        f" {limits.kept} candidates kept. Keys of version {model.keys_version}."
    )
    click.echo(f"Vetoes: {', '.join(values['vetoes']) or 'none'}.")
    _table(model, from_mapping(other, source=str(against)) if other else None)


def _where() -> str:
    from django.conf import settings

    profile = settings.KEYTURN_POLICY.match_profile
    return f", {profile}" if profile.endswith(".json") else f", {profile} of Keyturn's own"


def _table(model: Any, other: Any) -> None:
    from keyturn.matching.model import ALTERNATIVES, LEVELS

    heading = "".join(f"{name:>10}" for name in ALTERNATIVES) + (f"{'other':>12}{'change':>8}" if other else "")
    click.echo(f"\n{'field':<13}{'level':<18}{heading}")
    for section, fields in LEVELS.items():
        kind = "organisation" if section == "organisation" else "person"
        for field, levels in fields.items():
            for number, level in enumerate(levels):
                weights = model.weights(field, level, kind=kind)
                cells = "".join(f"{each:>+10.1f}" for each in weights)
                if other:
                    beside = other.weights(field, level, kind=kind)[0]
                    cells += f"{beside:>+12.1f}{beside - weights[0]:>+8.1f}"
                click.echo(f"{'' if number else field:<13}{level:<18}{cells}")


# ---------------------------------------------------------------- rekey


@command.command(short_help="File everybody anew, after an upgrade that made other keys.")
@click.option(
    "--batch", type=click.IntRange(1, 5000), default=500, show_default=True, help="Persons in one transaction."
)
def rekey(batch: int) -> None:
    """File everybody anew who is filed under keys of another version: after an upgrade, when `keyturn doctor` says so.

    Web servers and workers may run meanwhile; whoever is being filed waits a moment. It can be stopped and started again
    at any time: who is filed already is not touched again.

    \b
    Example:
      keyturn matching rekey
    """
    use_settings(or_those_of_the_demo=True)
    from keyturn.flow.filing import file_anew
    from keyturn.matching.keys import KEYS_VERSION
    from keyturn.records.queries import learning

    left = sum(number for version, number in learning.filed_under().items() if version != str(KEYS_VERSION))
    if not left:
        click.echo(f"Everybody is filed under keys of version {KEYS_VERSION}: nothing to do.")
        return
    done, last = 0, None
    with progress_bar(left, "Persons") as told:
        while filed := file_anew(after=last, at_once=batch, now=datetime.now(UTC)):
            done, last = done + len(filed), filed[-1]
            if told:
                told(done)
    click.echo(f"{done:,} persons filed under keys of version {KEYS_VERSION}.")
