"""What have the long tests found, on whatever days they ran? python -m tests.durability.page [TOLD ...]

Adds what was told (bound.py) to docs/results/battery.jsonl and makes docs/results/battery.md of it. Of each test and
variant two lines are shown: the largest, which proves most, and the newest, which is about the code that is nearest to now;
and where a test counts what may be added up, what all its runs found together.
"""

import json
import re
import sys
from collections import Counter
from collections.abc import Callable, Collection, Iterable
from pathlib import Path
from typing import Any

from tests.durability import bound

RESULTS = Path(__file__).resolve().parents[2] / "docs" / "results"
PAGE, STORE = RESULTS / "battery.md", RESULTS / "battery.jsonl"
HEAD = """# What the long tests found

Made by `make battery WRITE=1`, or from what other runs told (`python -m tests.durability.page FILE`); a run that was interrupted has told
what it had found. Of each test and variant stand here the largest run and, where that is another one, the newest. The sizes stand in each
line; [how to run them](../howto/battery.md) has those of a release. "None of n" proves less than 3/n, with 95 % confidence. *Code* is the
commit that was tried ("+": with changes that were not committed yet), and how many commits had changed the program since when this page
was made: a line of old code says nothing of what came after. Where several runs are added up, each had seeds and a registry of its own,
none of them and none since has done harm, and the code is that of the oldest and of the newest. The times are those of a shared machine of two cores.

| test | question | found | when (UTC) | code |
|---|---|---|---|---|
"""

Line = dict[str, Any]


def kept(lines: Iterable[Line]) -> list[Line]:
    """What the store keeps: what is shown, and each run that is added up with others."""
    lines = [json.loads(each) for each in dict.fromkeys(json.dumps(line) for line in lines)]
    found = shown(lines)
    found += [each for each in lines if "counted" in each and each not in found]
    return sorted(found, key=_place)


def shown(lines: Iterable[Line]) -> list[Line]:
    """The largest and the newest line of each test and variant, by test, then as they were run."""
    newest: dict[tuple[str, str], Line] = {}
    largest: dict[tuple[str, str], Line] = {}
    for each in sorted(lines, key=lambda each: str(each["at"])):
        one = (each["test"], each["variant"])
        newest[one] = each
        if one not in largest or size(each) >= size(largest[one]):
            largest[one] = each
    found = [
        each
        for one in newest
        for each in ([largest[one]] if largest[one] is newest[one] else [largest[one], newest[one]])
    ]
    return sorted(found, key=_place)


def together(lines: Iterable[Line]) -> list[Line]:
    """Of each test and variant that was run several times: what was counted, added up.

    Where one has done harm, only those after it: what it found was mended, and they are about what came of that.
    """
    runs: dict[tuple[str, str], list[Line]] = {}
    for each in sorted(lines, key=lambda each: str(each["at"])):
        if "counted" in each:
            since = runs.setdefault((each["test"], each["variant"]), [])
            if each["counted"]["harmed"]:
                since.clear()
            else:
                since.append(each)
    return [_sum(each) for each in runs.values() if len(each) > 1]


def _sum(runs: list[Line]) -> Line:
    counted, also = [each["counted"] for each in runs], Counter[str]()
    for each in counted:
        also.update(each["also"])
    harmed, tried = (sum(each[name] for each in counted) for name in ("harmed", "tried"))
    said = [f"{len(runs)} runs together", *(f"{number:,} {what}" for what, number in also.items())]
    return {
        **runs[-1],
        "first": runs[0]["code"],
        "found": [", ".join(said), bound.of(harmed, tried, counted[-1]["what"])],
    }


def _place(line: Line) -> tuple[str, ...]:
    return str(line["test"]), str(line["variant"]), str(line["at"])


def size(line: Line) -> int:
    """The largest number of tries that one of its bounds is about."""
    tried = re.findall(r"\d of ([\d,]+) ", " ".join(line["found"]))
    return max((int(each.replace(",", "")) for each in tried), default=0)


def page(lines: Collection[Line], since: Callable[[str], int | None] = bound.commits_since) -> str:
    return HEAD + "".join(
        f"| {each['test']} | {each['question']} | {'; '.join(each['found'])} | {each['at']} | {_code(each, since)} |\n"
        for each in sorted([*shown(lines), *together(lines)], key=_place)
    )


def _code(line: Line, since: Callable[[str], int | None]) -> str:
    commit = line["code"]
    if line.get("first", commit) != commit:
        return f"{_code({'code': line['first']}, since)}; {_code({'code': commit}, since)}"
    later = since(commit)
    if not commit:
        return "not known"
    return f"`{commit}`" + ("" if later is None else ", this one" if later == 0 else f", {later:,} before")


def read(file: Path) -> list[Line]:
    """A line that was cut off, as by a full disk, is passed over."""
    found = []
    for each in file.read_text(encoding="utf-8").splitlines() if file.exists() else ():
        try:
            found.append(json.loads(each))
        except ValueError:
            print(f"{file}: a line that cannot be read is left out", file=sys.stderr)
    return found


def write(told: Iterable[Path]) -> None:
    lines = kept(line for file in (STORE, *told) for line in read(file))
    STORE.write_text("".join(f"{json.dumps(each, ensure_ascii=False)}\n" for each in lines), encoding="utf-8")
    PAGE.write_text(page(lines), encoding="utf-8")


if __name__ == "__main__":
    write(map(Path, sys.argv[1:]))
