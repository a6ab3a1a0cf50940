"""How does the first member of staff get into the console, and how does one who forgot the password?"""

import secrets
from typing import Any

import click

from keyturn.commands import use_settings

ROLES = ("reviewer", "supervisor", "engineer")


@click.group()
def command() -> None:
    """Make staff users of the console, and give them new passwords.

    \b
    Example:
      keyturn staff create ana --role supervisor
    """


@command.command()
@click.argument("username")
@click.option("--role", type=click.Choice(ROLES), required=True, help="What the console lets them do.")
@click.option("--email", default="", help="Where mail about their login goes.")
def create(username: str, role: str, email: str) -> None:
    """Make the user USERNAME and print a password, once.

    \b
    Example:
      keyturn staff create ana --role supervisor --email ana@utility.example
    """
    users = _users()
    if users.filter(username=username).exists():
        raise click.ClickException(
            f"There is a user {username} already; `keyturn staff password {username}` gives a new password."
        )
    _must_be_possible(username, email)
    password = secrets.token_urlsafe(15)
    users.create_user(username=username, email=email, password=password, staff_role=role)
    click.echo(password)


def _must_be_possible(username: str, email: str) -> None:
    from django.contrib.auth import get_user_model
    from django.core.exceptions import ValidationError

    try:
        get_user_model()(username=username, email=email).clean_fields(exclude=["password", "staff_role"])
    except ValidationError as problem:
        named = {"username": "USERNAME", "email": "--email"}
        field, told = next(iter(problem.message_dict.items()))
        raise click.BadParameter(told[0], param_hint=named.get(field, field)) from None


@command.command()
@click.argument("username")
def password(username: str) -> None:
    """Give USERNAME a new password and print it, once. The old one stops working.

    \b
    Example:
      keyturn staff password ana
    """
    user = _users().filter(username=username).first()
    if user is None:
        raise click.ClickException(f"There is no user {username}.")
    made = secrets.token_urlsafe(15)
    user.set_password(made)
    user.save(update_fields=["password"])
    click.echo(made)


@command.command("second-factor")
@click.argument("username")
@click.option("--remove", is_flag=True, help="Remove all of them: USERNAME lost phone, passkey and recovery codes.")
def second_factor(username: str, remove: bool) -> None:
    """Say which second factors USERNAME has; or remove them, so that new ones are added at the next sign-in.

    \b
    Example:
      keyturn staff second-factor ana --remove
    """
    user = _users().filter(username=username).first()
    if user is None:
        raise click.ClickException(f"There is no user {username}.")
    from allauth.mfa.models import Authenticator

    held = Authenticator.objects.filter(user=user)
    if remove:
        held.delete()
        click.echo(f"{username} has no second factor any more.")
        return
    click.echo(", ".join(sorted(str(each.get_type_display()) for each in held)) or f"{username} has no second factor.")


def _users() -> Any:
    use_settings(or_those_of_the_demo=True)
    from django.contrib.auth import get_user_model

    return get_user_model().objects
