"""Is a mapping file good, and what does an expression of it make of an answer?

python -m keyturn.connectors.cis.mapped cis.toml
python -m keyturn.connectors.cis.mapped cis.toml read.person.answer answer.json
"""

import argparse
import json
import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.core.exceptions import ImproperlyConfigured

from keyturn.connectors.cis.mapped.described import certificates_wrong, deeds, ways
from keyturn.connectors.cis.mapped.expressions import Expression, Unreadable
from keyturn.connectors.cis.mapped.loading import load, rows_of
from keyturn.connectors.cis.mapped.parts import CisMapping
from keyturn.connectors.cis.mapped.table import MappingError
from keyturn.terms.errors import Rejected


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m keyturn.connectors.cis.mapped",
        description="Check a mapping file, or try one of its expressions on an answer that you have saved.",
    )
    parser.add_argument("file", type=Path)
    parser.add_argument("part", nargs="?", help="an expression of the file, such as read.person.answer")
    parser.add_argument(
        "answer", nargs="?", type=Path, help='JSON: {"status": 200, "body": {...}}, and what else it reads'
    )
    said = parser.parse_args()
    try:
        mapping = load(said.file)
        if said.part is None:
            return _checked(mapping)
        _print(json.dumps(_expression(said.file, said.part, mapping).evaluate(_scope(said.answer)), indent=2))
    except Unreadable as problem:
        return _wrong(f"{said.part} does not fit what it reads ({problem})")
    except (MappingError, Rejected, ImproperlyConfigured) as problem:
        return _wrong(str(problem))
    return 0


def _checked(mapping: CisMapping) -> int:
    if mapping.transport.kind == "soap":
        try:
            from keyturn.connectors.cis.mapped.over_soap import check_files  # zeep is in an extra
        except ImportError:
            raise ImproperlyConfigured("A CIS that speaks SOAP needs `pip install keyturn[soap]`") from None
        check_files(mapping)
    wrong = certificates_wrong(mapping.transport, os.environ, now=datetime.now(UTC))  # noqa: TID251  a program
    if wrong:
        return _wrong("\n".join(wrong))
    _print("\n".join([*deeds(mapping), *(f"  {what}: {told}" for what, told in ways(mapping.transport, os.environ))]))
    return 0


def _scope(path: Path | None) -> Any:
    """What an expression is tried on. Raises MappingError."""
    if path is None:
        return {}
    try:
        return json.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as problem:
        raise MappingError(f"{path} cannot be read: {problem.strerror}") from None
    except (ValueError, RecursionError):
        raise MappingError(f"{path} holds no JSON") from None


def _expression(path: Path, part: str, mapping: CisMapping) -> Expression:
    """The expression that stands in the file under these names."""
    found: Any = rows_of(path)
    for name in part.split("."):
        found = found.get(name) if isinstance(found, dict) else None
    if not isinstance(found, str):
        raise MappingError(f"{path.name}: there is no expression {part}")
    try:
        return Expression(found, mapping.codes)
    except ValueError as problem:
        raise MappingError(f"{path.name}: {part} {problem}") from None


def _print(text: str) -> None:
    print(text)  # noqa: T201  a program for the terminal


def _wrong(text: str) -> int:
    print(text, file=sys.stderr)  # noqa: T201  a program for the terminal
    return 1


if __name__ == "__main__":
    sys.exit(main())
