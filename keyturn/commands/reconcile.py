"""How does somebody find out where the registry and the CIS have come apart, and put it right?"""

import csv
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from keyturn.commands import must_be_writable, use_settings
from keyturn.commands.export import opened
from keyturn.terms.rows import shielded

PARTS = ("persons", "accounts", "deliveries", "changes")
REPAIRS = (
    "theirs_is_newer", "ours_is_newer", "both_changed", "missing_here", "missing_in_cis", "merged_in_cis",
    "not_understood", "agreement_missing_in_cis", "unknown_reference", "effect_missing", "effect_without_request",
)  # fmt: skip
COLUMNS = ("kind", "noun", "ref", "field", "state")


@click.command()
@click.option(
    "--kind", "parts", type=click.Choice(PARTS), multiple=True, help="Compare only these. Repeatable. [default: all]"
)
@click.option(
    "--repair", type=click.Choice(REPAIRS), metavar="KIND",
    help="Put right what the last report found of this kind. Without --yes it only says what would be done.",
)  # fmt: skip
@click.option("--yes", is_flag=True, help="With --repair: do it.")
@click.option("--as", "user", metavar="USER", help="With --repair --yes: the member of staff who says so.")
@click.option(
    "--out", type=click.Path(path_type=Path, dir_okay=False, allow_dash=True), metavar="FILE",
    help='Write each finding to a CSV file ("-": standard output).',
)  # fmt: skip
@click.option("--limit", type=click.IntRange(1), metavar="N", help="Stop after N things were compared, or put right.")
@click.option("--fresh", is_flag=True, help="Begin anew, whatever an interrupted run has left.")
def command(
    parts: tuple[str, ...], repair: str | None, yes: bool, user: str | None, out: Path | None, limit: int | None,
    fresh: bool,
) -> None:  # fmt: skip
    """Compare the registry with the CIS, and count what differs by kind. Nothing is changed on either side.

    A run that was interrupted, by --limit or by a CIS that went away, goes on where it stopped when it is called again
    within a day. The worker compares everything each night; this shows the same report.

    --repair KIND takes one kind of what the last report found: it looks at each again, and puts it right where a machine
    can say what is right; the rest goes to staff (the console's page “CIS and registry”). docs/howto/reconcile.md says
    what each kind means and what its repair does.

    Of more than one, two members of staff must say so: the first one's call proposes it, and a supervisor's, another's,
    agrees and does it.

    \b
    Examples:
      keyturn reconcile
      keyturn reconcile --kind persons --out drift.csv
      keyturn reconcile --repair theirs_is_newer
      keyturn reconcile --repair theirs_is_newer --yes --as rosa
      keyturn reconcile --repair theirs_is_newer --yes --as sofia
    """
    if (yes or user) and not repair:
        raise click.UsageError("--yes and --as go with --repair")
    if repair and (parts or fresh):
        raise click.UsageError("--repair works on the last report: compare first, without it")
    if repair and yes and not user:
        raise click.UsageError("name the member of staff who puts it right with --as")
    if out is not None and str(out) != "-":
        must_be_writable(out)
    use_settings(or_those_of_the_demo=True)
    if repair:
        _put_right(repair, yes=yes, user=user or "", limit=limit)
        run = _last()
    else:
        run = _compare(parts or PARTS, fresh=fresh, limit=limit)
    if out is not None:
        _write(run, out)
    _tell(run, to_stderr=out is not None and str(out) == "-")


def _compare(parts: tuple[str, ...], *, fresh: bool, limit: int | None) -> Any:
    from django.conf import settings

    from keyturn import flow
    from keyturn.records.queries import reconciliation
    from keyturn.terms.errors import KeyturnError

    now, policy = datetime.now(UTC), settings.KEYTURN_POLICY
    run = flow.start_reconciliation(by="staff:terminal", parts=parts, fresh=fresh, now=now)
    if sum(run.compared.values()):
        click.echo(f"Going on with the comparison of {run.started_at:%Y-%m-%d %H:%M} UTC.", err=True)
    left = limit
    with _bar(reconciliation.sizes()) as show:
        while not run.ended_at and (left is None or left > 0):
            before = sum(run.compared.values())
            try:
                run = flow.go_on(run.pk, now=datetime.now(UTC), policy=policy, most=min(100, left or 100))
            except KeyturnError as problem:
                raise click.ClickException(
                    f"The CIS did not answer ({problem.code}). Run it again: it goes on where it stopped."
                ) from None
            left = left - (sum(run.compared.values()) - before) if left is not None else None
            show(run)
    return run


def _last() -> Any:
    from keyturn.records.queries import reconciliation

    run = reconciliation.newest()
    if run is None:
        raise click.ClickException("Nothing has been compared yet. Run `keyturn reconcile` first.")
    return run


def _put_right(kind: str, *, yes: bool, user: str, limit: int | None) -> None:
    from keyturn import flow
    from keyturn.commands.merge import staff
    from keyturn.records.queries import reconciliation

    run = _last()
    found = [each.pk for each in reconciliation.drift(run, kind=kind, state="found")][:limit]
    does = flow.DRIFT_KINDS[kind].repair
    if not yes:
        click.echo(f"{len(found):,} of kind {kind}: {DOES[does]}. Nothing was done; --yes --as USER does it.", err=True)
        return
    actor, is_supervisor = staff(user)
    if len(found) > 1 and not _is_agreed(run, kind, actor, is_supervisor=is_supervisor):
        return
    became = _each(run, kind, found, actor)
    told = ", ".join(f"{BECAME[state]} {count:,}" for state, count in sorted(became.items())) or "nothing to do"
    click.echo(f"{kind}: {told}.", err=True)


def _is_agreed(run: Any, kind: str, actor: Any, *, is_supervisor: bool) -> bool:
    """Two must say so of many (K-38). The first one's call proposes it, and says what the second one has to call."""
    from keyturn import flow
    from keyturn.records.queries import reconciliation
    from keyturn.terms.errors import NotAllowed

    standing, now = reconciliation.repairs(run).get(kind), datetime.now(UTC)
    try:
        if standing is None:
            made = flow.propose_repair(run_id=run.pk, kind=kind, actor=actor, now=now)
            click.echo(f"Proposed: {made.number:,} of kind {kind}. A supervisor, not you, agrees to it with", err=True)
            click.echo(f"  keyturn reconcile --repair {kind} --yes --as SUPERVISOR", err=True)
            return False
        if standing.state == "proposed":
            flow.agree_repair(repair_id=standing.pk, is_supervisor=is_supervisor, by_job=False, actor=actor, now=now)
    except NotAllowed as problem:
        raise click.ClickException(REFUSED.get(problem.code, problem.code)) from None
    return True


def _each(run: Any, kind: str, found: list[Any], actor: Any) -> Counter[str]:
    """Put them right one by one: of many, in the name of the colleague who agreed."""
    from django.conf import settings

    from keyturn import flow
    from keyturn.records.queries import reconciliation
    from keyturn.terms.errors import KeyturnError

    agreed = reconciliation.repairs(run).get(kind) if len(found) > 1 else None
    became: Counter[str] = Counter()
    policy, after = settings.KEYTURN_POLICY, ""
    try:
        for each in found:
            now = datetime.now(UTC)
            if agreed is None:
                became[flow.repair_one(drift_id=each, actor=actor, now=now, policy=policy)] += 1
                continue
            some, after = flow.repair_agreed(repair_id=agreed.pk, after=after, most=1, now=now, policy=policy)
            became += some
            if not after:
                break
    except KeyturnError as problem:
        raise click.ClickException(f"The CIS did not answer ({problem.code}). Run it again.") from None
    return became


REFUSED = {
    "own_proposal": "You have proposed it: a supervisor who is not you agrees to it.",
    "only_a_supervisor": "A colleague has proposed it, and a supervisor agrees to it. Ask one of them.",
    "changed_meanwhile": "More of it has been found since a colleague proposed it. Refuse that in the console, and propose it anew.",
    "not_the_newest": "Something newer has been compared since. Look at that first.",
    "proposed_already": "A colleague has just proposed it.",
}


DOES = {
    "take": "each is read again, and what the CIS holds is taken over where it is still so",
    "look": "each is read again, and put before staff where it is still so",
    "take_in": "each is taken in as by an import",
    "tell": "the CIS is told again, where it can be; else staff are asked",
    "review": "each is put before staff",
}
BECAME = {
    "repaired": "put right",
    "review": "put before staff",
    "gone": "differs no longer",
    "found": "not yet possible",
}


def _write(run: Any, out: Path) -> None:
    from keyturn.records.queries import reconciliation

    with opened(out) as stream:
        writer = csv.writer(stream)
        writer.writerow(COLUMNS)
        for each in reconciliation.drift(run):
            writer.writerow((each.kind, each.noun, shielded(each.ref), each.field, each.state))


def _tell(run: Any, *, to_stderr: bool) -> None:
    from keyturn import flow
    from keyturn.records.queries import reconciliation

    compared = ", ".join(f"{count:,} {part}" for part, count in run.compared.items()) or "nothing"
    state = "Compared" if run.ended_at else "Compared so far"
    click.echo(f"{state}: {compared}.", err=to_stderr)
    states = reconciliation.by_state(run)
    for kind, about in flow.DRIFT_KINDS.items():
        if kind in states:
            rest = "".join(f", {BECAME[each]} {n:,}" for each, n in sorted(states[kind].items()) if each != "found")
            click.echo(f"  {sum(states[kind].values()):>8,}  {kind}: {about.label}{rest}", err=to_stderr)
    if not states:
        click.echo("  Nothing differs.", err=to_stderr)


@contextmanager
def _bar(sizes: Any) -> Iterator[Callable[[Any], None]]:
    """A progress bar for each part on a terminal; nothing in a log."""
    if not sys.stderr.isatty():
        yield lambda run: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description:12}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True)) as bars:
        tasks: dict[str, Any] = {}

        def show(run: Any) -> None:
            for part, count in run.compared.items():
                if part not in tasks:
                    tasks[part] = bars.add_task(part, total=sizes.get(part))
                over = run.ended_at or run.position["part"] != part
                bars.update(tasks[part], completed=count, total=count if over else sizes.get(part))

        yield show
