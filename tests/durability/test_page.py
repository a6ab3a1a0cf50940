"""Which runs does the page of the long tests keep, and does it say of which code they are?"""

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.durability import bound, order, page


def told(at: str, tried: int, *, variant: str = "a", code: str = "11111111", harmed: int = 0) -> dict[str, Any]:
    found = [f"seed 1: {tried:,} requests", bound.of(harmed, tried, "lost")]
    return {"test": "T-01", "variant": variant, "question": "lost?", "found": found, "at": at, "code": code}


def test_the_largest_run_and_the_newest_stay() -> None:
    small, large, newer = told("2026-11-01 10:00", 60), told("2026-11-02 10:00", 10_000), told("2026-11-03 10:00", 600)
    assert page.shown([newer, small, large]) == [large, newer]
    assert page.kept([newer, small, large]) == [large, newer]
    largest = told("2026-11-04 10:00", 10_000)
    assert page.kept([large, newer, largest]) == [largest]


@pytest.mark.parametrize(
    ("harmed", "tried", "said"),
    [
        (0, 10_000, "0 of 10,000 lost: below 0.03% (3/n at 95 %)"),
        (2, 10_000, "2 of 10,000 lost"),
        (0, 3, "0 of 3 lost: too few to prove anything"),
        (0, 0, "0 of 0 lost: too few to prove anything"),
    ],
)
def test_none_of_so_many_proves_so_much(harmed: int, tried: int, said: str) -> None:
    assert bound.of(harmed, tried, "lost") == said


def test_each_variant_has_lines_of_its_own() -> None:
    assert len(page.kept([told("2026-11-01 10:00", 60), told("2026-11-01 10:00", 60, variant="b")])) == 2


def test_a_failure_is_not_hidden_by_a_larger_success() -> None:
    shown = page.page([told("2026-11-01 10:00", 10_000), told("2026-11-02 10:00", 60, harmed=2)], since=lambda _: 0)
    assert "2 of 60 lost |" in shown
    assert "0 of 10,000 lost: below 0.03%" in shown


def counted(at: str, tried: int, *, code: str, harmed: int = 0) -> dict[str, Any]:
    sums = {"harmed": harmed, "tried": tried, "what": "requests harmed", "also": {"kills": tried // 100}}
    return {**told(at, tried, code=code, harmed=harmed), "counted": sums}


def test_runs_that_may_be_added_up_are_and_all_of_them_are_kept() -> None:
    runs = [counted(f"2026-11-0{day} 10:00", 15_000, code=f"{day}" * 8) for day in (1, 2, 3)]
    lines = page.kept([*runs, told("2026-11-01 09:00", 60)])
    assert lines == runs
    text = page.page(page.kept([*lines, runs[1]]), since=lambda commit: 9 - int(commit[0]))
    assert "| 3 runs together, 450 kills; 0 of 45,000 requests harmed: below 0.0067% (3/n at 95 %) |" in text
    assert "| `11111111`, 8 before; `33333333`, 6 before |" in text
    assert text.count("| T-01 |") == 2, "the largest is the newest"


def test_only_those_are_added_up_that_came_after_the_last_harm() -> None:
    runs = [counted(f"2026-11-0{day} 10:00", 100 * day, code="1", harmed=day == 3) for day in (1, 2, 3, 4, 5)]
    assert "| 2 runs together, 9 kills; 0 of 900 requests harmed: " in page.page(runs, since=lambda _: 0)
    assert "together" not in page.page(runs[:4], since=lambda _: 0)
    assert "1 of 300 lost" in page.page(runs[:3], since=lambda _: 0)


def test_the_page_says_of_which_code_each_line_is() -> None:
    lines = [told("2026-11-01 10:00", 60, code=code, variant=code) for code in ("", "22222222", "33333333+")]
    shown = page.page(lines, since={"": None, "22222222": 1_200, "33333333+": 0}.get)
    assert "| not known |" in shown
    assert "| `22222222`, 1,200 before |" in shown
    assert "| `33333333+`, this one |" in shown


def test_runs_of_several_days_come_together(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page, "STORE", tmp_path / "store")
    monkeypatch.setattr(page, "PAGE", tmp_path / "page")
    for day, variant in (("01", "a"), ("02", "a"), ("03", "b")):
        monkeypatch.setattr(bound, "_times", Counter())  # another process
        monkeypatch.setenv("PYTEST_CURRENT_TEST", f"{variant} (call)")
        monkeypatch.setenv("BATTERY_TOLD", str(tmp_path / day))
        bound.tell("T-01", f"T-01: {variant}?", "seed 1", bound.of(0, 60, "lost"))
        (tmp_path / day).open("a").write("{cut o")  # by a full disk
        page.write([tmp_path / day])
    shown = (tmp_path / "page").read_text()
    assert [shown.count(f"\n| T-01 | {each}? |") for each in "ab"] == [1, 1]
    assert bound.code() in shown
    assert len(page.read(tmp_path / "store")) == 2


def test_the_battery_knows_how_long_whatever_tells_something_takes() -> None:
    files = [each for each in Path(__file__).parents[1].rglob("test_*.py") if "bound.tell(" in each.read_text()]
    assert {each.stem for each in files} - {Path(__file__).stem} <= set(order.MINUTES)
