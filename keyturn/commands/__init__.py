"""What does each `keyturn` command do? One file each; `use_settings` first where it needs settings or the database."""

import os

import click


def use_settings() -> None:
    """Load settings and models. Raises ClickException with one sentence when the environment is not good enough."""
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "keyturn.site.settings")
    try:
        django.setup()
    except ValueError as problem:  # policy.load: a name that is not there, a value of the wrong kind
        raise click.ClickException(str(problem)) from None
