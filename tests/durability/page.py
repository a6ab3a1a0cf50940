"""What did the long tests find? Makes docs/results/battery.md of what they told: python -m tests.durability.page TOLD"""

import json
import sys
from pathlib import Path

PAGE = Path(__file__).resolve().parents[2] / "docs" / "results" / "battery.md"
HEAD = """# What the long tests found

Made by `make battery WRITE=1`, or from what another run told (BATTERY_TOLD=file): the sizes stand in each line, and
[how to run them](../howto/battery.md) has those of a release. "None of n" proves less than 3/n, with 95 % confidence. The times are those of
a shared machine of two cores.

| test | question | found | when (UTC) |
|---|---|---|---|
"""


def page(told: list[dict[str, str]]) -> str:
    """The newest finding of each test and size, by number."""
    rows = [
        f"| {each['test']} | {each['question']} | {'; '.join(each['found'])} | {each['at']} |"
        for each in sorted(told, key=lambda each: each["test"])
    ]
    return HEAD + "\n".join(rows) + "\n"


if __name__ == "__main__":
    lines = Path(sys.argv[1]).read_text(encoding="utf-8").splitlines()
    PAGE.write_text(page([json.loads(line) for line in lines]), encoding="utf-8")
