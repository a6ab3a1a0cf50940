"""Is a mapping file good, and what does an expression of it make of an answer?

python -m keyturn.connectors.cis.mapped cis.toml
python -m keyturn.connectors.cis.mapped cis.toml read.person.answer answer.json
"""

import argparse
import json
import sys
import tomllib
from pathlib import Path
from typing import Any

from keyturn.connectors.cis.mapped.expressions import Expression, Unreadable
from keyturn.connectors.cis.mapped.loading import load
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
            _print(described(mapping))
        else:
            scope = json.loads(said.answer.read_text(encoding="utf-8")) if said.answer else {}
            _print(json.dumps(_expression(said.file, said.part, mapping).evaluate(scope), indent=2))
    except (MappingError, Rejected, Unreadable, ValueError, OSError) as problem:
        print(problem, file=sys.stderr)  # noqa: T201  a program for the terminal
        return 1
    return 0


def described(mapping: CisMapping) -> str:
    """What a file does, in a few lines."""
    lines = [
        f"{mapping.path.name} is good: {mapping.name}, {mapping.transport.kind}, {len(mapping.errors)} rules for errors"
    ]
    for name, send in mapping.send.items():
        steps = ", ".join(step.name for step in send.steps)
        lines.append(f"  {name}: refused ({send.refuse})" if send.refuse else f"  {name}: {steps}")
    lines.append(f"  find: {'asked' if mapping.find else 'the CIS cannot tell'}")
    lines.append(f"  offers: {', '.join(sorted(mapping.offers)) or 'nothing besides'}")
    return "\n".join(lines)


def _expression(path: Path, part: str, mapping: CisMapping) -> Expression:
    """The expression that stands in the file under these names."""
    found: Any = tomllib.loads(path.read_text(encoding="utf-8"))
    for name in part.split("."):
        found = found.get(name) if isinstance(found, dict) else None
    if not isinstance(found, str):
        raise MappingError(f"{path.name}: there is no expression {part}")
    return Expression(found, mapping.codes)


def _print(text: str) -> None:
    print(text)  # noqa: T201  a program for the terminal


if __name__ == "__main__":
    sys.exit(main())
