"""How does a member of staff undo a merge from a terminal?"""

from typing import TYPE_CHECKING, Any

import click

from keyturn.commands import use_settings
from keyturn.commands.merge import asked_why, said_in_words, sides, staff

if TYPE_CHECKING:
    from keyturn.terms.request import Actor


@click.command()
@click.argument("merge_id", metavar="MERGE")
@click.option(
    "--as", "user", required=True, metavar="USER", help="The supervisor who says so; a reviewer may look (--dry-run)."
)
@click.option("--reason", default="", help="Why, in a sentence. Asked for at a terminal where it is not given.")
@click.option(
    "--keep",
    multiple=True,
    metavar="ITEM=SIDE",
    help="Whose something is that came since: person_contact:ID=loser. Repeatable.",
)
@click.option(
    "--dry-run", is_flag=True, help="Print what would go back, and what nobody but you can decide; write nothing."
)
def command(merge_id: str, user: str, reason: str, keep: tuple[str, ...], dry_run: bool) -> None:
    """Undo the merge MERGE (its id, as `keyturn merge` printed it): two files again, with what was edited since.

    What came since and could be either's stays with the survivor, unless --keep says otherwise; --dry-run lists it. A login
    that was given accounts of both has none of them until --keep says whose it is, then or later.

    \b
    Examples:
      keyturn unmerge 0199f0c2-5a1e-7b7e-9c51-2f6f0c9f3a11 --as sofia --dry-run
      keyturn unmerge 0199f0c2-5a1e-7b7e-9c51-2f6f0c9f3a11 --as sofia --reason "They are twins"
    """
    use_settings(or_those_of_the_demo=True)
    from django.conf import settings
    from django.utils import timezone

    from keyturn import flow
    from keyturn.records.queries import merging
    from keyturn.steps.maintain.merge.words import OBSTACLES

    actor, is_supervisor = staff(user)
    merge = merging.get(merge_id)
    if merge is None:
        raise click.ClickException(f"There is no merge {merge_id}.")
    now = timezone.now()
    choices = sides(keep, "--keep")
    if merge.state == "undone":
        _give_logins(merge, choices, actor=actor, is_supervisor=is_supervisor, now=now, dry_run=dry_run)
        return
    found = merging.undoing(merge, at=now, choices=choices, may_see=is_supervisor)
    for code in found.obstacles:
        raise click.ClickException(OBSTACLES[code])
    for item in found.undecided:
        stays = choices.get(item.id, "cannot be decided, no access until somebody says" if item.is_held else "survivor")
        click.echo(f"Came since: {item.label}, {item.text}: {stays} (--keep {item.id}=loser)")
    for text in found.ends:
        click.echo(f"Access ends: {text}")
    for flag in found.on_both:
        click.echo(f"Stays on both files: {flag}")
    if dry_run:
        for rows in found.goes_back:
            click.echo(f"Goes back: {rows.count} {rows.label}: {', '.join(rows.items)}")
        return
    reason = reason or asked_why()
    with said_in_words():
        flow.unmerge(
            merge_id=merge.pk, choices=choices, reason=reason, is_supervisor=is_supervisor, actor=actor, now=now,
            policy=settings.KEYTURN_POLICY,
        )  # fmt: skip
    click.echo(f"Undone: merge {merge.pk}. They are two files again.")
    _print_logins(merging.get(merge_id))


def _give_logins(
    merge: Any, choices: dict[str, str], *, actor: "Actor", is_supervisor: bool, now: Any, dry_run: bool
) -> None:
    """Of a merge that was undone, what nobody could tell then: whose a login is."""
    from keyturn import flow
    from keyturn.records.queries import unmerged
    from keyturn.steps.maintain.merge.words import OBSTACLES

    waiting = {f"login:{each.user_id}" for each in unmerged.left(merge).logins}
    if not waiting or not set(choices) <= waiting:
        raise click.ClickException(OBSTACLES["not_merged"])
    with said_in_words():
        for item, side in choices.items() if not dry_run else ():
            flow.give_login(
                merge_id=merge.pk, user_id=item.partition(":")[2], side=side, is_supervisor=is_supervisor, actor=actor,
                now=now,
            )  # fmt: skip
            click.echo(f"{item} is the {side}'s.")
    merge.refresh_from_db()
    _print_logins(merge)


def _print_logins(merge: Any) -> None:
    from keyturn.records.queries import unmerged

    for each in unmerged.left(merge).logins:
        click.echo(f"Cannot be decided: whose login {each.email} is. It has no access until somebody says:")
        click.echo(f"  keyturn unmerge {merge.pk} --as SUPERVISOR --keep login:{each.user_id}=survivor")
