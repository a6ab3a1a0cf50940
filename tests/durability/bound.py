"""What does "none of so many" prove, and where is it told?

At most so much, with 95 % confidence (the rule of three: 3/n). Told on the screen, and, where BATTERY_TOLD names a file,
as a line at its end, at once, so that what an interrupted run has told stays: `python -m tests.durability.page` makes
docs/results/battery.md of such files.
"""

import functools
import json
import os
import subprocess
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest

BATTERY = os.environ.get("BATTERY") == "1"
long = pytest.mark.skipif(not BATTERY, reason="takes long: `make battery` runs it")
"""For a negative control that starts a whole installation, each of which was seen to fail as it must, and for what waits long."""


def of(harmed: int, tried: int, what: str) -> str:
    """As "0 of 10,000 lost: below 0.03% (3/n at 95 %)"; where some were, their number alone: that has no such bound."""
    told = f"{harmed:,} of {tried:,} {what}"
    if harmed or tried <= 3:
        return told if harmed else f"{told}: too few to prove anything"
    bound = 3 / tried
    return f"{told}: below {f'{bound:.2%}' if bound > 0.0001 else f'{bound:.4%}'} (3/n at 95 %)"


@dataclass(frozen=True)
class Counted:
    """What may be added up over runs: `harmed` of `tried`, `what` as in `of`, and what else was counted, such as kills."""

    harmed: int
    tried: int
    what: str
    also: Mapping[str, int] = field(default_factory=dict)


def tell(test: str, about: str | None, *found: str, counted: Counted | None = None) -> None:
    """Say what a test found. `test` is its number ("T-03"), `about` its module's docstring, `found` a sentence each."""
    print(f"\n{test} " + "\n     ".join(found))
    if path := os.environ.get("BATTERY_TOLD"):
        question = (about or "").partition("\n")[0].partition(": ")[2] or (about or "").partition("\n")[0]
        line = {
            "test": test, "variant": _variant(), "code": code(),
            "question": question, "found": found, "at": f"{datetime.now(UTC):%Y-%m-%d %H:%M}",
        }  # fmt: skip
        if counted:
            line["counted"] = asdict(counted)
        with Path(path).open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")


_times: Counter[str] = Counter()


def _variant() -> str:
    """The test that runs, with its parameters; and the how manyeth time it tells something."""
    running = os.environ.get("PYTEST_CURRENT_TEST", "").removesuffix(" (call)")
    _times[running] += 1
    return running if _times[running] == 1 else f"{running} {_times[running]}"


@functools.cache
def code() -> str:
    """Which code is tried: the commit, with a "+" where files differ from it; "" where git cannot say."""
    said = [
        _git("rev-parse", "--short=8", "HEAD"),
        _git("status", "--porcelain", "--", ":/keyturn", ":/tests", ":/profiles"),
    ]
    return said[0] + ("+" if said[0] and said[1] else "")


def _git(*words: str) -> str:
    try:
        done = subprocess.run(["git", *words], cwd=Path(__file__).parent, capture_output=True, text=True, check=False)
    except OSError:
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


def commits_since(commit: str) -> int | None:
    """How many commits have changed what runs since; None where git cannot say."""
    counted = (
        _git("rev-list", "--count", f"{commit.rstrip('+')}..HEAD", "--", ":/keyturn", ":/profiles") if commit else ""
    )
    return int(counted) if counted else None
