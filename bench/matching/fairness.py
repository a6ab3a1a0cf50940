"""Are people of every origin of name known again equally well?

The census's own answer to race and ethnicity, from the run without noise, stands for the origin; and, beside it, whether
the surname is among the 2,500 commonest, which the matcher's table of frequencies holds.
"""

from collections import Counter, defaultdict
from dataclasses import dataclass

from bench.matching import sources, table
from bench.matching.pseudo import Result
from bench.matching.sources import text
from bench.matching.table import Row
from keyturn.matching.names import frequency_of_family

FEW = 300
"""Groups with fewer searches are shown and not judged."""


@dataclass(frozen=True)
class Group:
    """Of those on file: how many asked, and what became of them (shares)."""

    name: str
    asked: int
    found: float
    linked: float
    wrong: int


def _origins() -> dict[str, tuple[str, str]]:
    """simulant id -> (race and ethnicity, how common the surname is)."""
    rows = sources.census(year=2030, seed=0, noise=False).rows
    return {
        row["simulant_id"]: (
            text(row["race_ethnicity"]) or "not said",
            "surname in the table"
            if frequency_of_family(text(row["last_name"]).lower())
            else "surname not in the table",
        )
        for row in rows
    }


def groups(results: list[Result]) -> tuple[list[Group], list[Group]]:
    """(by origin, by how common the surname is), all seeds together."""
    origins = _origins()
    found: tuple[dict[str, Counter[str]], dict[str, Counter[str]]] = (defaultdict(Counter), defaultdict(Counter))
    for result in results:
        for person, outcome in result.outcomes.items():
            for cells, name in zip(found, origins.get(person, ("not said", "not said")), strict=True):
                cells[name][outcome] += 1
    return _shares(found[0]), _shares(found[1])


def _shares(cells: dict[str, Counter[str]]) -> list[Group]:
    made = [
        Group(
            name,
            outcomes.total(),
            (outcomes["linked"] + outcomes["review"]) / outcomes.total(),
            outcomes["linked"] / outcomes.total(),
            outcomes["wrong"],
        )
        for name, outcomes in cells.items()
    ]
    return sorted(made, key=lambda each: -each.asked)


def gap(found: list[Group]) -> float:
    """Points between the best and the worst found group that is large enough."""
    shares = [each.found for each in found if each.asked >= FEW]
    return 100 * (max(shares) - min(shares)) if shares else 0.0


def row(results: list[Result]) -> Row:
    by_origin, by_surname = groups(results)
    return table.held(
        "fairness", "gap in recall (linked or for review) between origins of names", gap(by_origin), "<= 1 point",
        as_text=lambda value: f"{value:.2f} points", beside=f"by rare and common surname {gap(by_surname):.2f}",
    )  # fmt: skip


def details(results: list[Result]) -> str:
    return "\n\n".join(
        table.markdown(
            ["group", "on file and asked", "linked or for review", "linked", "linked to somebody else"],
            [
                [each.name + ("" if each.asked >= FEW else " (too few)"), f"{each.asked:,}",
                 f"{100 * each.found:.2f} %", f"{100 * each.linked:.1f} %", each.wrong]
                for each in some
            ],
        )
        for some in groups(results)
    )  # fmt: skip
