"""The whole table of matching, measured: `python -m bench.matching [--write] [--only febrl ...]`, or `make bench-matching`.

The registry of ten millions is a run of its own, which takes 20 GB of disk and the better part of an hour:

    python -m bench.matching --only registry --persons 10000000 --write
"""

import argparse
import os
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from bench.matching import report
from bench.matching.parts import PARTS, Options
from bench.matching.table import Part

RESULTS = Path(__file__).resolve().parents[2] / "docs" / "results"


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m bench.matching", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--write", action="store_true", help="write docs/results/matching.md and its plots")
    parser.add_argument(
        "--only", nargs="+", choices=list(PARTS), default=list(PARTS), metavar="PART", help=", ".join(PARTS)
    )
    parser.add_argument("--seeds", type=int, default=10, help="of pseudopeople")
    parser.add_argument("--persons", type=int, default=1_000_000, help="strangers in the registry")
    parser.add_argument("--each", type=int, default=1500, help="look-alikes of each kind")
    parser.add_argument("--probes", type=int, default=5000, help="searches in the registry")
    return parser.parse_args()


def command(chosen: argparse.Namespace, part: str) -> str:
    """How this part is measured again."""
    sizes = {"pseudopeople": ("seeds", 10), "lookalikes": ("each", 1500)}
    words = ["python -m bench.matching --only", part]
    if part == "registry":
        words += ["--persons", str(chosen.persons)] + (
            ["--probes", str(chosen.probes)] if chosen.probes != 5000 else []
        )
    elif part in sizes and getattr(chosen, sizes[part][0]) != sizes[part][1]:
        words += [f"--{sizes[part][0]}", str(getattr(chosen, sizes[part][0]))]
    return " ".join([*words, "--write"])


def main() -> None:
    chosen = options()
    parts: list[Part] = []
    with tempfile.TemporaryDirectory(prefix="keyturn-plots-") as scratch:
        folder = RESULTS if chosen.write else Path(scratch)
        asked = Options(chosen.seeds, chosen.persons, chosen.each, chosen.probes, folder)
        for name in chosen.only:
            parts.append(measure(name, asked, chosen))
            if chosen.write:
                report.write(parts[-1:], folder)
    report.screen(parts)


def measure(name: str, asked: Options, chosen: argparse.Namespace) -> Part:
    started, load = time.monotonic(), os.getloadavg()[0]
    with Progress(
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TimeRemainingColumn(),
        console=Console(stderr=True),
    ) as progress:  # fmt: skip
        part = PARTS[name](asked, progress)
    part.command, part.load = command(chosen, name), round(load, 1)
    part.seconds, part.when = round(time.monotonic() - started, 1), f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC"
    return part


if __name__ == "__main__":
    main()
