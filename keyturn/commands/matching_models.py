"""Which model file is meant, and is everything installed that working with it needs?"""

import importlib.util
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from keyturn.commands.import_ import progress_bar


def must_have(*packages: str) -> None:
    """ClickException where the extra `matching` is not installed."""
    missing = [each for each in packages if importlib.util.find_spec(each) is None]
    if missing:
        raise click.ClickException(
            f"This needs {', '.join(missing)}, of the extra `matching`: pip install 'keyturn[matching]'"
            " (docs/howto/matching.md)."
        )


def values_of(path: Path | None, *, label: str = "") -> dict[str, Any]:
    """The values of a model file, or of the model in force; ClickException says what is wrong with it, or with the label
    that it is to get."""
    from django.conf import settings

    from keyturn.matching.model import from_mapping, read, shipped

    name = str(path) if path else settings.KEYTURN_POLICY.match_profile
    try:
        file = Path(name) if path or name.endswith(".json") else shipped(name)
        _must_be_json(file)
        values = read(file)
        from_mapping({**values, "label": label} if label else values, source=Path(name).name)
    except ValueError as problem:
        raise click.ClickException(str(problem)) from None
    return values


def _must_be_json(file: Path) -> None:
    """Often another file was named, or a training was broken off: that is said before what Python says of it."""
    try:
        text = file.read_text(encoding="utf-8")
        wrong = "is empty"
        if text.strip():
            json.loads(text)
            return
    except ValueError as problem:
        wrong = f"is no JSON ({problem})"
    except (OSError, RecursionError):  # `read` says so
        return
    raise click.ClickException(
        f"{file.name} {wrong}. Name a file that `keyturn matching train --out FILE` has written."
    )


@contextmanager
def bar(what: str, total: int) -> Iterator[Any]:
    with progress_bar(total, what) as told:
        yield told or (lambda done: None)
