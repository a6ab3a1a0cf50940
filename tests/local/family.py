"""Which processes belong to one that a test has started, and are they gone?"""

import os
import time
from pathlib import Path

Process = tuple[int, str]  # number and start time: numbers are used again


def descendants(pid: int) -> set[Process]:
    """The process and all below it."""
    parents: dict[int, list[int]] = {}
    for each in _all():
        if facts := _stat(each):
            parents.setdefault(int(facts[1]), []).append(each)
    found, waiting = set(), [pid]
    while waiting:
        one = waiting.pop()
        if facts := _stat(one):
            found.add((one, facts[19]))
        waiting += parents.get(one, [])
    return found


def alive(family: set[Process]) -> set[int]:
    """Those that still run (a zombie does not: it only waits to be counted)."""
    return {pid for pid, started in family if (facts := _stat(pid)) and facts[19] == started and facts[0] != "Z"}


def gone(family: set[Process], *, within: float = 10.0) -> bool:
    """Are they all gone, or soon?"""
    deadline = time.monotonic() + within
    while alive(family):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def kill_all(family: set[Process]) -> None:
    """`kill -9` of everybody, the oldest first."""
    for pid in sorted(alive(family)):
        try:
            os.kill(pid, 9)
        except ProcessLookupError:
            continue


def _all() -> list[int]:
    return [int(each.name) for each in Path("/proc").iterdir() if each.name.isdigit()]


def _stat(pid: int) -> list[str] | None:
    """State, parent, ... and at [19] the start time (proc_pid_stat(5), counted from the state)."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
