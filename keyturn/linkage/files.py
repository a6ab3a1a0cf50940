"""How is a model file written, so that two of them can be laid side by side?"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

_ORDER: Final = (
    "format", "label", "note", "thresholds", "vetoes", "keys", "population", "priors", "second_contact", "names",
    "calibration", "person", "organisation", "shared",
)  # fmt: skip


def write(values: Mapping[str, Any], path: Path) -> None:
    """Write a model file in one go: whoever reads it finds the old one or the new one whole."""
    partial = path.with_name(f".{path.name}.partial")
    partial.write_text(as_text(values), encoding="utf-8")
    partial.replace(path)


def as_text(values: Mapping[str, Any]) -> str:
    """The file's text: one line for each level, as in the models that ship."""
    names = [*(name for name in _ORDER if name in values), *(name for name in values if name not in _ORDER)]
    return "{\n" + ",\n".join(f"  {json.dumps(name)}: {_nested(values[name], 1)}" for name in names) + "\n}\n"


def _nested(value: Any, depth: int) -> str:
    """Objects of objects over several lines; a level's numbers, a list or a small object on one."""
    if not isinstance(value, dict) or not any(isinstance(each, dict | list) for each in value.values()):
        return json.dumps(value, ensure_ascii=False)
    indent = "  " * (depth + 1)
    lines = [f"{indent}{json.dumps(name)}: {_nested(each, depth + 1)}" for name, each in value.items()]
    return "{\n" + ",\n".join(lines) + "\n" + "  " * depth + "}"
