"""How is what was measured told: on the screen, as JSON beside, and as docs/results/matching.md?"""

import json
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bench.matching.table import Part, Row

NAME = "matching"
NOTES = Path(__file__).with_name("notes.md")

TITLES = {
    "febrl": "FEBRL 3 and 4",
    "pseudopeople": "A simulated town, ten years later",
    "lookalikes": "Who merely resembles somebody, and who comes back changed",
    "registry": "Among millions",
}

HEAD = """# Knowing a person again: the whole table

Every number of the matching targets, measured by `make bench-matching` (the part's own command stands below it); goals that are
missed are in it, with why. Baselines ran on the same records in the same run. Nothing was tuned on these: weights were set by hand and
tuned on the simulated census 2030 -> 2040 and on the tests' own generated people; seeds 101 to 110, FEBRL, and the people of
`bench/matching/people.py` were only measured.

What the words mean. *Linked*: the matcher's own word, as if something had been verified in the session; the policy asks for that proof
besides. *For review*: a member of staff sees both sides. *Missed*: on file, and neither linked nor for review. *Shown*: for review, or
listed as related. The denominators stand in each row.
"""


def screen(parts: list[Part]) -> None:
    """The table, on the terminal."""
    console = Console(width=None if Console().is_terminal else 150)
    made = Table(title="Knowing a person again", show_lines=False)
    for column in ("target", "measure", "here", "goal", "", "beside"):
        made.add_column(column, overflow="fold")
    last = ""
    for part in parts:
        for row in part.rows:
            made.add_row(
                row.target if row.target != last else "", row.measure, row.ours, row.goal, _mark(row), row.beside
            )
            last = row.target
    console.print(made)


def _mark(row: Row) -> str:
    return {True: "met", False: "MISSED", None: ""}[row.met]


def write(parts: list[Part], folder: Path) -> None:
    """Keep the parts measured now, and those measured before that were not measured now; then the page from all."""
    kept = {part.name: part for part in read(folder)} | {part.name: part for part in parts}
    order = [part for start in TITLES for name, part in sorted(kept.items()) if name.split("-")[0] == start]
    (folder / f"{NAME}.json").write_text(
        json.dumps([part.as_json() for part in order], indent=1, ensure_ascii=False) + "\n", encoding="utf-8"
    )
    (folder / f"{NAME}.md").write_text(page(order, _whys()), encoding="utf-8")


def read(folder: Path) -> list[Part]:
    """What was measured before."""
    path = folder / f"{NAME}.json"
    return [Part.from_json(each) for each in json.loads(path.read_text(encoding="utf-8"))] if path.exists() else []


def _whys() -> str:
    """Said by people, not by the run: why goals are missed, and what the numbers do not say."""
    return NOTES.read_text(encoding="utf-8").strip() if NOTES.exists() else ""


def page(parts: list[Part], notes: str) -> str:
    """The Markdown of all parts."""
    lines = [HEAD, "| target | measure | here | goal | | beside, same run |", "|---|---|---|---|---|---|"]
    for part in parts:
        for row in part.rows:
            mark = {True: "met", False: "**missed**", None: ""}[row.met]
            lines.append(f"| {row.target} | {row.measure} | {row.ours} | {row.goal} | {mark} | {row.beside} |")
    if notes:
        lines += ["", notes]
    for part in parts:
        title = TITLES[part.name.split("-")[0]]
        lines += [
            "", f"## {title}", "",
            f"`{part.command}`, {part.when}, {part.seconds / 60:.1f} minutes, load of the machine at the beginning {part.load:.1f}"
            " (two cores).", "", part.details,
        ]  # fmt: skip
        for file, caption in part.plots.items():
            lines += ["", f"![{caption}]({file})"]
    return "\n".join(lines) + "\n"
