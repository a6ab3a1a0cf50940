"""Where may a cluster lie, so that the user it runs as can reach it, and when does it go?"""

import fcntl
import hashlib
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from keyturn.local import binaries
from keyturn.local.postgres import Cluster

ELSEWHERE = Path("/var/lib/keyturn")  # for a cluster whose own folder `nobody` cannot reach


def home_for(wanted: Path) -> Path:
    """Where the cluster of a data folder lies: in it, or elsewhere when we are root and `nobody` could not reach it.

    The data folder remembers the other place, so that removing the data folder means starting afresh.
    """
    owner = binaries.owner_for(wanted / "data")
    if binaries.reachable(wanted.absolute(), owner):
        return wanted
    other = ELSEWHERE / f"cluster-{hashlib.sha256(str(wanted.absolute()).encode()).hexdigest()[:12]}"
    reminder = wanted.with_name(wanted.name + ".is-in")
    if not reminder.exists() and other.exists():
        shutil.rmtree(other)
    reminder.parent.mkdir(parents=True, exist_ok=True)
    reminder.write_text(f"{other}\n")
    other.mkdir(parents=True, exist_ok=True)
    for folder in (ELSEWHERE, other):
        folder.chmod(0o711)
    return other


@contextmanager
def throw_away(*, durable: bool = False) -> Iterator[Cluster]:
    """A running cluster in a temporary folder, removed at the end."""
    with a_temporary_home(durable=durable) as cluster, cluster:
        yield cluster


@contextmanager
def a_temporary_home(*, durable: bool = False) -> Iterator[Cluster]:
    """A cluster that is not there yet, for whoever wants to make or copy one themselves; stopped and removed at the end.

    Folders of those who were killed are removed at the start.
    """
    base = Path(tempfile.gettempdir())
    if not binaries.reachable(base, binaries.owner_for(base / "none")):
        base = Path("/tmp")  # noqa: S108  mkdtemp makes a folder in it that is ours
    for left in base.glob("keyturn-throw-away-*"):
        _remove_if_left(left)
    folder = Path(tempfile.mkdtemp(prefix="keyturn-throw-away-", dir=base))
    if os.geteuid() == 0:
        folder.chmod(0o711)
    cluster = Cluster(folder, fast=not durable)
    try:
        cluster.reserve()
        yield cluster
    finally:
        cluster.stop()
        shutil.rmtree(folder, ignore_errors=True)


def _remove_if_left(folder: Path) -> None:
    """Remove a throw-away folder whose supervisor is gone (its lock is free)."""
    try:
        if folder.stat().st_uid != os.geteuid() or time.time() - folder.stat().st_mtime < 60:
            return
        with (folder / "lock").open("a+") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(folder, ignore_errors=True)
    except OSError:
        return
