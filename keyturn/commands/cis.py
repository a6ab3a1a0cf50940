"""What does the configured CIS answer, call by call? For whoever connects one."""

import json
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import click

from keyturn.commands import use_settings
from keyturn.terms.cis import OPERATIONS, OPTIONAL, Cis
from keyturn.terms.errors import KeyturnError, Rejected

HIDDEN = "(hidden)"
_PLAIN = ("ref", "refs", "status", "service", "services", "kind", "noun", "key", "cursor", "more", "repeated")
"""Fields that say nothing of a person, or end like one of these."""


@click.group(name="cis", short_help="Ask the configured CIS, call by call.")
def command() -> None:
    """Ask the CIS that KEYTURN_CIS names, one call at a time, as Keyturn itself would. Nothing here changes anything.

    \b
    Examples:
      keyturn cis connection
      keyturn cis operations
      keyturn cis ping
      keyturn cis read person C1001
      keyturn cis find KT-7Q2M4X:establish
      keyturn cis changes --limit 5
    """
    use_settings(or_those_of_the_demo=True)


@command.command()
def connection() -> None:
    """Show where the CIS is, as whom it is asked, and by which mapping file; try the token and look at certificates.

    Of a secret you see the name of its variable, and whether it is set.

    \b
    Example:
      keyturn cis connection
    """
    from django.conf import settings

    from keyturn.connectors.cis import connector

    ours = connector()
    lines = [("connector", f"{ours.name} ({type(ours).__module__}.{type(ours).__name__})")]
    if hasattr(ours, "connection"):
        lines += ours.connection()
    else:
        lines.append(("address", "as KEYTURN_CIS_URL says" if settings.KEYTURN_CIS_URL else "Keyturn's own database"))
    lines.append(("time", f"{settings.KEYTURN_POLICY.cis_timeout_seconds} s for each call (cis_timeout_seconds)"))
    if settings.KEYTURN_CIS_FAULTS:
        lines.append(("faults", f"it misbehaves on purpose, by {settings.KEYTURN_CIS_FAULTS} (KEYTURN_CIS_FAULTS)"))
    for what, told in lines:
        click.echo(f"{what:<12} {told}")
    seconds = _told(ours.token_seconds) if hasattr(ours, "token_seconds") else None
    if seconds is not None:
        click.echo(f"{'token':<12} given; it holds for {seconds:.0f} s")
    outdated = ours.outdated(datetime.now(UTC)) if hasattr(ours, "outdated") else []
    if outdated:
        raise click.ClickException("\n".join(outdated))


@command.command()
def operations() -> None:
    """List every call: whether this CIS has it, how it is repeated, and what is done when its outcome is unknown."""
    from rich.console import Console
    from rich.table import Table

    asked = _cis()
    table = Table("call", asked.name, "may be repeated", "when the outcome is unknown", "raises")
    for name, each in OPERATIONS.items():
        there = "yes" if name not in OPTIONAL or name in asked.offers else "no"
        table.add_row(name, there, each.repeat, each.unknown, ", ".join(sorted(one.__name__ for one in each.raises)))
    Console().print(table)


@command.command()
@click.option("--times", default=3, show_default=True, type=click.IntRange(1, 100), help="How often.")
def ping(times: int) -> None:
    """Reach it and do nothing; how long that takes.

    \b
    Example:
      keyturn cis ping --times 10
    """
    asked = _cis()
    for _ in range(times):
        began = time.perf_counter()
        _told(asked.ping)
        click.echo(f"{asked.name} answers in {(time.perf_counter() - began) * 1000:.1f} ms")


@command.command()
@click.argument("noun", type=click.Choice(["person", "account", "premise"]))
@click.argument("ref", callback=lambda ctx, param, given: _not_empty(given))
@click.option(
    "--show", is_flag=True, help="Show what it says of people, too. It stays on your screen: nothing is kept."
)
def read(noun: str, ref: str, show: bool) -> None:
    """Read one person, account or premise by the CIS's own reference, as JSON in Keyturn's words.

    \b
    Example:
      keyturn cis read account 4051730021
    """
    found = _told(lambda: _cis().read(noun, ref))
    if found is None:
        raise click.ClickException(f"the CIS has no {noun} under that reference")
    _print(found if show else veiled(found))


@command.command()
@click.argument("key", callback=lambda ctx, param, given: _not_empty(given))
def find(key: str) -> None:
    """Ask what became of an idempotency KEY: its answer, or that the CIS never saw it.

    \b
    Example:
      keyturn cis find KT-7Q2M4X:establish
    """
    answer = _told(lambda: _cis().find(key))
    if answer is None:
        click.echo("the CIS does not know this key: nothing was done under it")
        return
    _print(
        {
            "person_ref": answer.person_ref,
            "account_ref": answer.account_ref,
            "agreement_refs": dict(answer.agreement_refs),
        }
    )


@command.command()
@click.option("--since", default="", help="A cursor from an earlier answer; none: from the beginning.")
@click.option("--limit", default=20, show_default=True, type=click.IntRange(1, 1000), help="How many at most.")
def changes(since: str, limit: int) -> None:
    """List what changed in the CIS since a cursor.

    \b
    Example:
      keyturn cis changes --limit 5
    """
    hint = "--since takes the cursor that an earlier answer ended with, and no day" if since else ""
    told = _told(lambda: _cis().changes(since, limit=limit), hint=hint)
    for each in told.items:
        click.echo(f"{each.noun:<8} {each.ref}" + (f"  by {each.key}" if each.key else ""))
    click.echo(f"next: keyturn cis changes --since {told.cursor}" + ("" if told.more else "  (nothing more now)"))


def _cis() -> Cis:
    from keyturn.connectors.cis import cis

    return cis()


def _told(call: Any, *, hint: str = "") -> Any:
    """The answer, or one sentence that says what went wrong. `hint`: what may be meant where the CIS says no."""
    try:
        return call()
    except Rejected as no:
        raise click.ClickException(f"{_refusal(no)}{f'; {hint}' if hint else ''}") from None
    except KeyturnError as problem:
        near = "see `keyturn cis connection` and `keyturn doctor`"
        raise click.ClickException(f"the CIS could not be asked ({problem}): {near}") from None


def _refusal(no: Rejected) -> str:
    if no.code == "not_offered":
        return f"this CIS does not offer {no.detail}: `keyturn cis operations` lists what it has"
    if no.code == "cannot_tell":
        return "this CIS cannot say what became of a key: somebody must look there"
    return f"the CIS says no ({no})"


def _not_empty(given: str) -> str:
    if not given.strip():
        raise click.BadParameter("it is empty")
    return given


def veiled(value: Any, name: str = "") -> Any:
    """`value` with everything hidden but references, states and what is empty: its shape, for whoever maps fields."""
    if isinstance(value, Mapping):
        return {key: veiled(each, str(key)) for key, each in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [veiled(each, name) for each in value]
    if value is None or value == "" or isinstance(value, bool) or name.split("_")[-1] in _PLAIN:
        return value
    return HIDDEN


def _print(value: Mapping[str, Any]) -> None:
    click.echo(json.dumps(value, indent=2, ensure_ascii=False, default=str))
