"""What does each `keyturn` command do? One file each; `use_settings` first where it needs settings or the database."""

import os
from pathlib import Path

import click

PROJECT = Path(__file__).resolve().parents[2]


def use_settings(*, or_those_of_the_demo: bool = False) -> None:
    """Load settings and models. Raises ClickException with one sentence when the environment is not good enough.

    A tool that somebody calls by hand may fall back on a demo that runs here (KEYTURN_DEMO names its folder), when the
    environment says nothing about an installation.
    """
    import django

    if or_those_of_the_demo and "KEYTURN_SECRET_KEY" not in os.environ:
        _borrow_from_the_demo()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "keyturn.site.settings")
    try:
        django.setup()
    except ValueError as problem:  # policy.load: a name that is not there, a value of the wrong kind
        raise click.ClickException(str(problem)) from None


def must_have_tables() -> None:
    """Ask the database at once, rather than in the middle of the work; `keyturn.cli` has a sentence for each answer."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT FROM request, procrastinate_jobs LIMIT 0")
    connection.close()


def _borrow_from_the_demo() -> None:
    from keyturn.local import demo_access
    from keyturn.local.demo import default_folder

    named = os.environ.get("KEYTURN_DEMO")
    folder = Path(named) if named else default_folder(PROJECT)
    if demo_access.borrow_environment(folder):
        click.echo(f"(the demo in {folder}: nothing else is set in the environment)", err=True)
    elif named:
        raise click.ClickException(f"KEYTURN_DEMO: no demo runs in {folder}. Start it: keyturn demo --data {folder}")


def must_be_writable(path: Path) -> None:
    """ClickException where a file could not be written there: better said before the work than after it."""
    folder = path.absolute().parent
    if not folder.is_dir():
        raise click.ClickException(f"There is no folder {folder}: make it, or write the file elsewhere.")
    if not os.access(path if path.exists() else folder, os.W_OK):
        raise click.ClickException(f"{path} cannot be written: choose another place, or change its permissions.")
