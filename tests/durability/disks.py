"""On which file system of its own does a database lie that loses power or room, and who takes away what a killed run left?

A disk is a folder in DISKS that the process which made it holds locked, with a file system mounted in it. Whoever makes
the next one first removes those that nobody holds any more: who still works on them, what is mounted, loop devices, files.
"""

import fcntl
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

DISKS = Path("/var/tmp")  # where PostgreSQL's user can reach it, and not a tmpfs; mkdtemp makes the folder
PREFIX = "keyturn-disk-"
PATIENCE_SECONDS = 10.0


def missing(*programs: str) -> str:
    """What is not there of what a file system of one's own needs; "" where all is."""
    if os.geteuid() != 0:
        return "needs root, to mount a file system of its own"
    absent = [each for each in ("mount", "umount", *programs) if not shutil.which(each)]
    return f"needs {', '.join(absent)}" if absent else ""


class Disk:
    """A file system in a folder; `mounted` is where it is."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.mounted = folder, folder / "disk"
        self.mounted.mkdir()

    def mount(self) -> None:
        raise NotImplementedError

    def unmount(self) -> None:
        unmount(self.mounted)


class SmallDisk(Disk):
    """A tmpfs that can be filled to the last byte."""

    def __init__(self, folder: Path, megabytes: int) -> None:
        super().__init__(folder)
        self.megabytes, self.filler = megabytes, self.mounted / "filler"

    def mount(self) -> None:
        run("mount", "-t", "tmpfs", "-o", f"size={self.megabytes}m,mode=711", "tmpfs", self.mounted)

    def fill(self) -> None:
        for size in (65536, 512):
            with self.filler.open("ab", buffering=0) as file, suppress(OSError):
                while True:
                    file.write(bytes(size))

    def has_room_again(self) -> None:
        self.filler.unlink()


class Xfs(Disk):
    """An XFS in a file, from which the power can be taken."""

    def __init__(self, folder: Path, megabytes: int) -> None:
        super().__init__(folder)
        self.file = folder / "disk.img"
        with self.file.open("wb") as file:
            file.truncate(megabytes * 2**20)
        run("mkfs.xfs", "-q", self.file)

    def mount(self) -> None:
        run("mount", "-o", "loop", self.file, self.mounted)
        self.mounted.chmod(0o711)

    def loses_power(self) -> None:
        """Without writing the log of the file system out first."""
        run("xfs_io", "-x", "-c", "shutdown", self.mounted)


@contextmanager
def a_small_disk(megabytes: int) -> Iterator[SmallDisk]:
    with _a_folder() as folder:
        disk = SmallDisk(folder, megabytes)
        disk.mount()
        yield disk


@contextmanager
def an_xfs(megabytes: int) -> Iterator[Xfs]:
    with _a_folder() as folder:
        disk = Xfs(folder, megabytes)
        disk.mount()
        yield disk


def unmount(mounted: Path) -> None:
    """Whoever still writes to what is no longer there is ended: no server outlives its machine."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while _is_mounted(mounted):
        for pid in _inhabitants(mounted):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        done = subprocess.run(["umount", mounted], capture_output=True, text=True, check=False)
        if done.returncode != 0:
            assert time.monotonic() < deadline, f"umount: {done.stderr}"
            time.sleep(0.05)


def _is_mounted(folder: Path) -> bool:
    """Asked of the kernel's list: a file system that has lost its power answers nothing."""
    return any(line.split()[4] == str(folder) for line in Path("/proc/self/mountinfo").read_text().splitlines())


def _inhabitants(mounted: Path) -> list[int]:
    """Processes that work in a folder of this disk: PostgreSQL's own."""
    found = []
    for each in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if (each / "cwd").readlink().is_relative_to(mounted):
                found.append(int(each.name))
    return found


def run(*command: object) -> str:
    done = subprocess.run([str(each) for each in command], capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{command[0]}: {done.stderr}"
    return done.stdout


@contextmanager
def _a_folder() -> Iterator[Path]:
    """Gone at the end, with what was mounted in it."""
    with _locked(DISKS):  # nobody takes it for left before it is held
        remove_left()
        folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=DISKS))
        folder.chmod(0o711)
        held = _lock(folder)
    try:
        yield folder
    finally:
        _remove(folder)
        os.close(held)


def remove_left() -> None:
    """Take away the disks of those who were killed: their locks are free. Others' are left alone."""
    for folder in DISKS.glob(f"{PREFIX}*"):
        with suppress(OSError):  # somebody holds it, it is another user's, or it has just gone
            held = _lock(folder, fcntl.LOCK_NB)
            try:
                _remove(folder)
            finally:
                os.close(held)


def _remove(folder: Path) -> None:
    unmount(folder / "disk")
    for file in folder.glob("*.img"):
        for line in run("losetup", "--noheadings", "--output", "NAME", "--associated", file).split():
            run("losetup", "--detach", line)
    shutil.rmtree(folder)


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    held = _lock(folder)
    try:
        yield
    finally:
        os.close(held)


def _lock(folder: Path, how: int = 0) -> int:
    """Held until it is closed, or its process is gone; no child inherits it. BlockingIOError where somebody holds it."""
    held = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(held, fcntl.LOCK_EX | how)
    except OSError:
        os.close(held)
        raise
    return held
