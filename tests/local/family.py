"""Which processes belong to one that a test has started, are they gone, and if not, what are they at?"""

import os
import re
import signal
import sys
import time
from contextlib import suppress
from pathlib import Path

Process = tuple[int, str]  # number and start time: numbers are used again

_FRESH = """
import os, signal, sys
for each in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}:
    try:
        signal.signal(each, signal.SIG_DFL)
    except (OSError, ValueError):
        pass
signal.pthread_sigmask(signal.SIG_SETMASK, [])
os.execvp(sys.argv[1], sys.argv[1:])
"""


def as_a_terminal(command: list[str]) -> list[str]:
    """The command, to be run with no signal ignored or blocked, as a terminal starts it.

    What a shell's script starts with `&`, or what `nohup` starts, ignores some, and so does everything below it: tests
    that run there would start programs that nobody can interrupt, `make` before all.
    """
    return [sys.executable, "-I", "-S", "-c", _FRESH, *command]


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


def describe(family: set[Process]) -> str:
    """What each of them that still runs waits for, and what it does about signals: for a test that has waited too long."""
    return "\n".join(_describe(pid) for pid in sorted(alive(family))) or "none of them runs"


def kill_all(family: set[Process]) -> None:
    """`kill -9` of everybody, the oldest first."""
    for pid in sorted(alive(family)):
        try:
            os.kill(pid, 9)
        except ProcessLookupError:
            continue


def _describe(pid: int) -> str:
    told: dict[str, str] = {}
    with suppress(OSError):
        here = Path(f"/proc/{pid}")
        told = dict(re.findall(r"^(\w+):\s*(.*)$", (here / "status").read_text(), re.MULTILINE))
        told["command"] = (here / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")[:150]
        told["waits"] = (here / "wchan").read_text()
    masks = {"pending": "ShdPnd", "blocked": "SigBlk", "ignored": "SigIgn", "caught": "SigCgt"}
    signals = "; ".join(f"{word} {_signals(told.get(mask, '0'))}" for word, mask in masks.items())
    return (
        f"{pid} of {told.get('PPid')}, {told.get('State')} in {told.get('waits')}: {told.get('command')}\n    {signals}"
    )


def _signals(mask: str) -> str:
    """Those that end a process, of a mask as in proc_pid_status(5)."""
    ends = (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM)
    return " ".join(each.name for each in ends if int(mask, 16) >> (each - 1) & 1) or "none"


def _all() -> list[int]:
    return [int(each.name) for each in Path("/proc").iterdir() if each.name.isdigit()]


def _stat(pid: int) -> list[str] | None:
    """State, parent, ... and at [19] the start time (proc_pid_stat(5), counted from the state)."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
