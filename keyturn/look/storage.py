"""How may browsers keep style sheets for ever, and still get new ones at once?"""

import click
from django.core.management import call_command
from whitenoise.storage import CompressedManifestStaticFilesStorage


class Storage(CompressedManifestStaticFilesStorage):  # type: ignore[misc]
    """Once `collect` has run, names bear a hash of the content, and files lie there compressed. Before (in tests, under a
    debugger) names are plain, and files come from their source folders."""

    def stored_name(self, name: str) -> str:
        return str(super().stored_name(name)) if self.hashed_files else name


def collect() -> None:
    """Lay the files out for the web server; a folder that cannot be written only costs speed."""
    try:
        call_command("collectstatic", interactive=False, verbosity=0)
    except OSError as problem:
        click.echo(f"Style sheets are served uncompressed: {problem.strerror} ({problem.filename})", err=True)
