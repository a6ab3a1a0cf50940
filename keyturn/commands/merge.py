"""How do two members of staff make two files of one person one, from a terminal?"""

import shlex
import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import click

from keyturn.commands import use_settings

if TYPE_CHECKING:
    from keyturn.records.queries.merging import Preview
    from keyturn.terms.request import Actor

DECIDERS = ("reviewer", "supervisor")


@click.command()
@click.argument("survivor")
@click.argument("loser")
@click.option(
    "--as", "user", required=True, metavar="USER", help="The member of staff who says so: a reviewer or supervisor."
)
@click.option("--reason", default="", help="Why, in a sentence. Asked for at a terminal where it is not given.")
@click.option(
    "--choose",
    multiple=True,
    metavar="FIELD=SIDE",
    help="Whose value stays: email=loser. Else the survivor's. Repeatable.",
)
@click.option("--dry-run", is_flag=True, help="Print what would move, and what stands in the way; write nothing.")
def command(survivor: str, loser: str, user: str, reason: str, choose: tuple[str, ...], dry_run: bool) -> None:
    """Make the file of LOSER part of the file of SURVIVOR. Both are ids, or references in the billing system.

    Two members of staff must say so: the first one's call proposes it and prints what the second one has to call. Nothing
    is deleted, the billing system is told, and `keyturn unmerge` undoes it.

    \b
    Examples:
      keyturn merge C1042 C2977 --as rosa --dry-run
      keyturn merge C1042 C2977 --as rosa --reason "Both bills came to the desk" --choose email=loser
      keyturn merge C1042 C2977 --as otto --reason "Compared the licences"
    """
    use_settings(or_those_of_the_demo=True)
    from django.conf import settings
    from django.utils import timezone

    from keyturn import flow
    from keyturn.records.queries import merging
    from keyturn.steps.maintain.merge.words import OBSTACLES

    actor, may_see = staff(user)
    one, other = person(survivor), person(loser)
    if one.pk == other.pk:
        raise click.ClickException(OBSTACLES["same_person"])
    choices = sides(choose, "--choose")
    now, policy = timezone.now(), settings.KEYTURN_POLICY
    standing = merging.open_between(one.pk, other.pk)
    if dry_run:
        _print(merging.preview(one, other, at=now, may_see=may_see, but=standing.pk if standing else None))
        return
    reason = reason or asked_why()
    with said_in_words():
        if standing is None:
            merge = flow.propose_merge(
                survivor_id=one.pk, loser_id=other.pk, choices=choices, reason=reason, actor=actor, now=now,
                policy=policy, may_see=may_see,
            )  # fmt: skip
            click.echo(f"Proposed: merge {merge.pk}. A colleague agrees to it with")
            click.echo(f"  keyturn merge {shlex.quote(survivor)} {shlex.quote(loser)} --as COLLEAGUE")
            return
        _must_be_the_same(standing, one, choices)
        merge = flow.agree_merge(
            merge_id=standing.pk, reason=reason, actor=actor, now=now, policy=policy, may_see=may_see
        )
    click.echo(f"Done: merge {merge.pk}. A supervisor undoes it with")
    click.echo(f"  keyturn unmerge {merge.pk} --as SUPERVISOR")


def _must_be_the_same(standing: Any, survivor: Any, choices: dict[str, str]) -> None:
    """Who agrees agrees to what was proposed, not to something else."""
    proposed = standing.request.answers
    if standing.survivor_id != survivor.pk:
        raise click.ClickException(
            "A colleague proposed it the other way round: name the two in that order, or refuse it."
        )
    if choices and choices != proposed["choices"]:
        said = " ".join(f"--choose {name}={side}" for name, side in sorted(proposed["choices"].items())) or "no choice"
        raise click.ClickException(f"A colleague proposed it with {said}. Leave out --choose to agree to that.")


def staff(username: str) -> "tuple[Actor, bool]":
    """The member of staff, and whether they are a supervisor, who may see protected addresses and undo merges. Wrong use
    where nobody has that name."""
    from django.contrib.auth import get_user_model

    from keyturn.terms.request import Actor, Role

    user: Any = get_user_model().objects.filter(username=username, is_active=True, staff_role__in=DECIDERS).first()
    if user is None:
        raise click.BadParameter(f"there is no reviewer or supervisor {username}", param_hint="--as")
    return Actor(Role.STAFF, str(user.pk)), user.staff_role == "supervisor"


def person(ident: str) -> Any:
    """ClickException where nobody has this id or reference."""
    from keyturn.records.queries import merging

    found = merging.find(ident)
    if found is None:
        raise click.ClickException(f"Nobody on file has the id or reference {ident}.")
    return found


def sides(said: Iterable[str], option: str) -> dict[str, str]:
    """ "email=loser" as a choice. Wrong use where it is none."""
    found = {}
    for each in said:
        name, equals, side = each.rpartition("=")
        if not equals or side not in ("survivor", "loser"):
            raise click.BadParameter(f"{each}: write NAME=survivor or NAME=loser", param_hint=option)
        found[name] = side
    return found


class said_in_words:
    """Refusals and findings become one clear sentence each."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: Any, problem: Any, trace: Any) -> None:
        from keyturn.steps.maintain.merge.words import OBSTACLES, WORDS
        from keyturn.terms.errors import Invalid, NotAllowed

        if isinstance(problem, Invalid):
            told = [f"{each.field or each.rule}: {WORDS[each.rule]}" for each in problem.findings]
            raise click.ClickException("\n".join(told)) from None
        if isinstance(problem, NotAllowed) and problem.code in OBSTACLES:
            raise click.ClickException(OBSTACLES[problem.code]) from None


def _print(found: "Preview") -> None:
    from keyturn.steps.maintain.merge.words import OBSTACLES, WARNINGS

    for field in found.fields:
        mark = {True: "*", False: " "}[field.differs]
        click.echo(f"{mark} {field.name}: {field.survivor or '-'} | {field.loser or '-'} (stays: {field.default})")
    click.echo("Goes over:")
    for rows in found.moves:
        click.echo(f"  {rows.count} {rows.label}: {', '.join(rows.items)}")
    for code in found.warnings:
        click.echo(f"Look twice: {WARNINGS[code]}")
    for code in found.obstacles:
        click.echo(f"In the way: {OBSTACLES[code]}")


def asked_why() -> str:
    """The reason, asked for where somebody sits at the terminal; that a script gave none is then on record."""
    return str(click.prompt("Why")) if sys.stdin.isatty() else "Said at the command line, without a reason."
