"""T-02: the power fails: whatever had not reached the disk is gone. Is anything lost that was acknowledged?

The database lies on an XFS of its own, in a file; `xfs_io -x -c shutdown` takes the file system away as a power cut does,
without writing what lay in memory. It is mounted again, PostgreSQL starts by itself, the callers go on. The negative
control runs with `fsync=off` and must miss rows, or not start at all, or this test could not see a loss.

Needs root, a loop device and the Debian package xfsprogs; where they are missing it is skipped, and says so.
POWER_REQUESTS, POWER_SECONDS and POWER_SEED set the sizes.
"""

import os
import random
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from keyturn.local.postgres import Cluster
from keyturn.terms.errors import Unavailable
from tests.durability import bound
from tests.durability.customers import Customers, asks_for
from tests.durability.installation import Installation
from tests.durability.test_kill import Attack

REQUESTS = int(os.environ.get("POWER_REQUESTS", "60"))
SECONDS = float(os.environ.get("POWER_SECONDS", "6"))
SEED = int(os.environ.get("POWER_SEED", "0")) or random.SystemRandom().randrange(10**6)
GOAL_SECONDS = 30.0  # until it takes connections again
PATIENCE = 120.0
MEGABYTES = 1500


def what_is_missing() -> str:
    if os.geteuid() != 0:
        return "T-02 needs root, to mount a file system of its own"
    if not all(map(shutil.which, ("mkfs.xfs", "xfs_io", "mount", "umount"))):
        return "T-02 needs the package xfsprogs"
    if not Path("/dev/loop-control").exists():
        return "T-02 needs loop devices"
    return ""


pytestmark = pytest.mark.skipif(bool(what_is_missing()), reason=what_is_missing())


class Disk:
    """An XFS in a file, mounted on a folder."""

    def __init__(self, folder: Path) -> None:
        self.file, self.mounted = folder / "disk.img", folder / "disk"
        self.mounted.mkdir()
        with self.file.open("wb") as file:
            file.truncate(MEGABYTES * 2**20)
        _run("mkfs.xfs", "-q", self.file)

    def mount(self) -> None:
        _run("mount", "-o", "loop", self.file, self.mounted)
        self.mounted.chmod(0o711)

    def unmount(self) -> None:
        """Whoever still writes to what is no longer there is ended: no server outlives its machine."""
        for _ in range(50):
            for pid in self._inhabitants():
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            if subprocess.run(["umount", self.mounted], capture_output=True, check=False).returncode == 0:
                return
            time.sleep(0.2)
        _run("umount", self.mounted)

    def _inhabitants(self) -> list[int]:
        """Processes that work in a folder of this disk: PostgreSQL's own."""
        found = []
        for each in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                if (each / "cwd").readlink().is_relative_to(self.mounted):
                    found.append(int(each.name))
        return found

    def loses_power(self) -> None:
        """Without writing the log of the file system out first."""
        _run("xfs_io", "-x", "-c", "shutdown", self.mounted)


def _run(*command: object) -> None:
    done = subprocess.run([str(each) for each in command], capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{command[0]}: {done.stderr}"


@contextmanager
def a_disk() -> Iterator[Disk]:
    """In a folder that PostgreSQL's user can reach; gone at the end."""
    folder = Path("/var/tmp") / f"keyturn-power-{os.getpid()}-{random.randrange(10**6)}"
    folder.mkdir(mode=0o711)
    folder.chmod(0o711)
    disk = Disk(folder)
    disk.mount()
    try:
        yield disk
    finally:
        disk.unmount()
        shutil.rmtree(folder)


class NoDatabaseAnyMore(Exception):
    """What is left on the disk cannot be started, or read."""


def power_cut(folder: Path, *, fsync: bool, patience: float = PATIENCE) -> tuple[Attack, float]:
    """Let the power fail in the middle of the work; what was found, and how long PostgreSQL took to come back."""
    with a_disk() as disk:
        cluster = Cluster(disk.mounted / "db", fast=not fsync)
        cluster.folder.mkdir(mode=0o711)
        cluster.folder.chmod(0o711)
        cluster.start()
        if fsync:
            cluster.wait_until_durable()
        installation = Installation(cluster, folder, cis="reference")
        try:
            given = installation.ask_inside("prepare", str(REQUESTS))
            installation.start(workers=1)
            asks = asks_for(given["premises"], random.Random(SEED))
            customers = Customers(installation.url, given["api_key"], asks, seconds=SECONDS, seed=SEED, callers=4)
            customers.start()
            _looks_on(installation, SECONDS / 2)
            came_back_in = _loses_power(disk, cluster)
            began = time.monotonic()
            while (customers.busy or installation.unfinished() != 0) and time.monotonic() - began < patience:
                _looks_on(installation, 0.2)
            customers.over.set()
            try:
                found = installation.ask_inside("look")
            except AssertionError as unreadable:
                raise NoDatabaseAnyMore from unreadable
            return Attack(asks, customers.heard, {}, time.monotonic() - began, found), came_back_in
        finally:
            installation.stop()
            cluster.stop()


def _looks_on(installation: Installation, seconds: float) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        installation.look_after()
        time.sleep(0.05)


def _loses_power(disk: Disk, cluster: Cluster) -> float:
    disk.loses_power()
    assert cluster.process
    cluster.process.kill()
    with suppress(OSError):  # the file by which it is locked is gone as well
        cluster.stop()
    cluster._lock = None
    disk.unmount()
    disk.mount()
    began = time.monotonic()
    try:
        cluster.start()
    except Unavailable as broken:
        raise NoDatabaseAnyMore from broken
    return time.monotonic() - began


def test_nothing_acknowledged_is_lost_when_the_power_fails(tmp_path: Path) -> None:
    done, came_back_in = power_cut(tmp_path, fsync=True)
    wrongs, acknowledged = done.wrongs(), len(done.acknowledged)
    lost = bound.of(len(wrongs.get("acknowledged and lost", ())), acknowledged, "lost")
    bound.tell(
        "T-02", __doc__,
        f"seed {SEED}: {acknowledged:,} acknowledged, {lost}",
        f"PostgreSQL back in {came_back_in:.1f} s (goal {GOAL_SECONDS:.0f}), drained in {done.drained_in:.1f} s",
    )  # fmt: skip
    assert wrongs == {}


@bound.long
def test_the_same_power_cut_is_seen_to_do_harm_without_fsync(tmp_path: Path) -> None:
    try:
        done, _ = power_cut(tmp_path, fsync=False, patience=20)
    except NoDatabaseAnyMore:
        return
    assert done.wrongs() != {}, "this test could not see a loss"
