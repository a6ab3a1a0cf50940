"""T-02: the power fails: whatever had not reached the disk is gone. Is anything lost that was acknowledged?

The database lies on an XFS of its own, in a file; `xfs_io -x -c shutdown` takes the file system away as a power cut does,
without writing what lay in memory. It is mounted again, PostgreSQL starts by itself, the callers go on. The negative
control runs with `fsync=off` and must miss rows, or not start at all, or this test could not see a loss.

Needs root, a loop device and the Debian package xfsprogs; where they are missing it is skipped, and says so.
POWER_REQUESTS, POWER_SECONDS and POWER_SEED set the sizes.
"""

import os
import random
import time
from contextlib import suppress
from pathlib import Path

import pytest

from keyturn.local.postgres import Cluster
from keyturn.terms.errors import Unavailable
from tests.durability import bound
from tests.durability.customers import Customers, asks_for
from tests.durability.disks import Xfs, an_xfs, missing
from tests.durability.installation import PATIENCE, Installation
from tests.durability.test_kill import Attack

REQUESTS = int(os.environ.get("POWER_REQUESTS", "60"))
SECONDS = float(os.environ.get("POWER_SECONDS", "6"))
SEED = int(os.environ.get("POWER_SEED", "0")) or random.SystemRandom().randrange(10**6)
GOAL_SECONDS = 30.0  # until it takes connections again
MEGABYTES = 1500


WITHOUT = missing("mkfs.xfs", "xfs_io") or ("" if Path("/dev/loop-control").exists() else "needs loop devices")
pytestmark = pytest.mark.skipif(bool(WITHOUT), reason=f"T-02 {WITHOUT}")


class NoDatabaseAnyMore(Exception):
    """What is left on the disk cannot be started, or read."""


def power_cut(folder: Path, *, fsync: bool, patience: float = PATIENCE) -> tuple[Attack, float]:
    """Let the power fail in the middle of the work; what was found, and how long PostgreSQL took to come back."""
    with an_xfs(MEGABYTES) as disk:
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
            installation.looks_on(SECONDS / 2)
            came_back_in = _loses_power(disk, cluster)
            drained_in = installation.drains(customers, patience=patience)
            try:
                found = installation.ask_inside("look")
            except AssertionError as unreadable:
                raise NoDatabaseAnyMore from unreadable
            return Attack(asks, customers.heard, {}, drained_in, found), came_back_in
        finally:
            installation.stop()
            cluster.stop()


def _loses_power(disk: Xfs, cluster: Cluster) -> float:
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
