"""How does a process that we start end when we do, even when we are killed with `kill -9`?

Linux sends a process the signal it asked for when the *thread* that started it ends, so start children from the main
thread. The request does not survive a change of user, hence the order below: drop the privileges first, then ask, then
look whether the parent is still there, then become the command. Runs as a script too (`python -I -S leash.py ...`), so
that it needs nothing but the standard library, and so that no Python code runs between `fork` and `exec`.
"""

import ctypes
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Any

PR_SET_PDEATHSIG = 1


def tie_to_parent(sig: int = signal.SIGKILL) -> None:
    """Ask the kernel to send `sig` to this process when its parent ends. Elsewhere than on Linux it does nothing."""
    if sys.platform.startswith("linux"):
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, sig, 0, 0, 0)


class Make:
    """The `make` that started us: does it wait for us to end because somebody interrupted it?

    A terminal's Ctrl-C reaches us too, but `kill -INT` of make alone does not: make only waits for our end, for ever,
    inside its handler of the signal, which has given up catching it and in which it is blocked. That is what can be
    seen from here, also when it happened before we looked for the first time.
    """

    def __init__(self, pid: int) -> None:
        self._pid = pid

    def gone(self) -> bool:
        return os.getppid() != self._pid

    def interrupted(self) -> bool:
        try:
            status = Path(f"/proc/{self._pid}/status").read_text()
        except OSError:
            return False
        told = dict(re.findall(r"^(Name|SigBlk|SigCgt):\s*(\S+)$", status, re.MULTILINE))
        if self.gone() or "make" not in told.get("Name", ""):
            return False
        blocked, caught = (bool(int(told[name], 16) >> (signal.SIGINT - 1) & 1) for name in ("SigBlk", "SigCgt"))
        return blocked and not caught


def popen(
    command: Sequence[str | Path],
    *,
    sig: int = signal.SIGKILL,
    owner: tuple[int, int] | None = None,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    stdout: int | IO[Any] | None = None,
    stderr: int | IO[Any] | None = None,
) -> subprocess.Popen[str]:
    """Start `command` as `owner` (uid, gid; None: as ourselves) in a session of its own, to get `sig` when we end.

    A session of its own keeps the terminal's Ctrl-C for us: we stop our children in the right order.
    """
    if threading.current_thread() is not threading.main_thread():
        raise RuntimeError("start children from the main thread: they end with the thread that started them")
    uid, gid = owner or (-1, -1)
    leash = [sys.executable, "-I", "-S", __file__, str(os.getpid()), str(int(sig)), str(uid), str(gid)]
    return subprocess.Popen(
        [*leash, *map(str, command)],
        cwd=cwd,
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=stdout,
        stderr=stderr,
        text=True,
        start_new_session=True,
    )


def main(arguments: list[str]) -> None:
    """`leash.py PARENT SIGNAL UID GID COMMAND...`: becomes COMMAND; 126 when it cannot be run."""
    parent, sig, uid, gid = map(int, arguments[:4])
    command = arguments[4:]
    if uid >= 0:
        os.setgroups([])
        os.setgid(gid)
        os.setuid(uid)
        os.umask(0o077)
    tie_to_parent(sig)
    if os.getppid() != parent:  # it ended before we asked
        sys.exit(125)
    try:
        os.execvp(command[0], command)  # noqa: S606  no shell is the point
    except OSError as problem:
        print(f"{command[0]}: {problem.strerror}", file=sys.stderr)
        sys.exit(126)


if __name__ == "__main__":
    main(sys.argv[1:])
