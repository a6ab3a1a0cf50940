"""What is a row of the table: a number, what it is held against, and whether the goal is met?"""

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass
class Row:
    """`ours` and `goal` as they are read; `met` None where there is no goal; `why` where it is missed."""

    target: str
    measure: str
    ours: str
    goal: str = ""
    met: bool | None = None
    beside: str = ""
    why: str = ""


@dataclass
class Part:
    """What one part of the run found. `details` is Markdown below the table; `plots` are files with what they show."""

    name: str
    rows: list[Row]
    details: str = ""
    plots: dict[str, str] = field(default_factory=dict)
    command: str = ""
    seconds: float = 0.0
    when: str = ""
    load: float = 0.0

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> "Part":
        return cls(**{**values, "rows": [Row(**row) for row in values["rows"]]})


def held(target: str, measure: str, value: float, goal: str, *, as_text: Callable[[float], str], **more: str) -> Row:
    """A row whose goal is written as ">= 0.999" or "<= 3" or "= 0"."""
    sign, limit = goal.split()[:2]
    number = float(limit)
    met = {">=": value >= number, "<=": value <= number, "=": value == number}[sign]
    return Row(target, measure, as_text(value), goal, met, **more)


def count(value: float) -> str:
    return f"{value:,.0f}"


def percent(value: float) -> str:
    return f"{value:.2f} %"


def share(value: float) -> str:
    return f"{value:.4f}"


def milliseconds(value: float) -> str:
    return f"{value:.2f} ms"


def markdown(header: list[str], rows: list[list[Any]]) -> str:
    """A table of a detail."""
    lines = ["| " + " | ".join(header) + " |", "|---" * len(header) + "|"]
    return "\n".join([*lines, *("| " + " | ".join(str(cell) for cell in row) + " |" for row in rows)])
