"""T-07, its code: the release before really runs, while `keyturn migrate` of now runs and after it, beside the new one.

Its code is taken from the repository's history (RELEASE_BEFORE, a commit) and runs with the packages of now: its web server
takes requests and its worker serves them while the tables change under both; then its worker is started again on the new
tables, and the new release comes beside it, as in an upgrade machine by machine. Nobody gets an error, or is asked to
come again. Skipped where the history is not there (an archive, a shallow clone). BEFORE_REQUESTS, BEFORE_SECONDS and
BEFORE_SEED set the sizes; the other T-07 (test_migrate_under_load.py) has many old rows, for a long change.
"""

import io
import os
import random
import subprocess
import tarfile
import time
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest

from keyturn.local.homes import throw_away
from tests.durability import bound
from tests.durability.customers import Ask, Customers, Heard, asks_for
from tests.durability.installation import ROOT, Installation
from tests.durability.test_kill import Attack

RELEASE = os.environ.get("RELEASE_BEFORE", "64893eb2")
REQUESTS = int(os.environ.get("BEFORE_REQUESTS", "120"))
SECONDS = float(os.environ.get("BEFORE_SECONDS", "12"))
SEED = int(os.environ.get("BEFORE_SEED", "0")) or random.SystemRandom().randrange(10**6)
GOAL_SECONDS = 1.0  # the longest stall


def without() -> str:
    try:
        known = subprocess.run(
            ["git", "cat-file", "-e", f"{RELEASE}^{{commit}}"], cwd=ROOT, capture_output=True, check=False
        )
    except OSError:
        return "git is not installed"
    return "" if known.returncode == 0 else f"the history does not have {RELEASE} here"


pytestmark = pytest.mark.skipif(bool(without()), reason=f"T-07, the release before: {without()}")


def laid_out(folder: Path) -> Path:
    """The code of the release before, in a folder of its own."""
    archive = subprocess.run(["git", "archive", RELEASE], cwd=ROOT, capture_output=True, check=True).stdout
    with tarfile.open(fileobj=io.BytesIO(archive)) as files:
        files.extractall(folder / "code", filter="data")
    return folder / "code"


def ask(at: Installation, api_key: str, asks: list[Ask], seconds: float) -> Customers:
    customers = Customers(at.url, api_key, asks, seconds=seconds, seed=SEED, callers=4)
    customers.start()
    return customers


def in_vain(at: Installation, api_key: str, like: Ask) -> list[str]:
    """What becomes of one more try when a column is there that the release before does not know and must give (the control)."""
    with psycopg.connect(at.cluster.url, autocommit=True) as there:
        there.execute("ALTER TABLE keyturn.request ADD COLUMN unknown integer NOT NULL DEFAULT 0")
        there.execute("ALTER TABLE keyturn.request ALTER COLUMN unknown DROP DEFAULT")
    caller = ask(at, api_key, [replace(like, key="control")], 1)
    at.looks_on(3)
    caller.over.set()
    return caller.heard.in_vain


@bound.long
def test_the_release_before_goes_on_while_the_tables_change_and_beside_the_new_one(tmp_path: Path) -> None:
    (tmp_path / "before").mkdir()
    (tmp_path / "now").mkdir()
    with throw_away(durable=True) as cluster:
        before = Installation(cluster, tmp_path / "before", cis="reference", root=laid_out(tmp_path))
        now = Installation(cluster, tmp_path / "now", cis="reference")
        try:
            assert str(before.root) in before.run("inspect", "--details", "keyturn"), "that is the code of now"
            given = before.ask_inside("prepare", str(REQUESTS))
            asks, key = asks_for(given["premises"], random.Random(SEED)), given["api_key"]
            before.start(workers=1)
            first = ask(before, key, asks[: REQUESTS // 2], SECONDS)
            before.looks_on(SECONDS / 3)
            began, heard = time.monotonic(), len(first.heard.seconds)
            now.run("keyturn.cli", "migrate")
            took, meanwhile = time.monotonic() - began, first.heard.seconds[heard:]
            before.stop("worker")
            before.start(workers=1)  # it takes the tables of now
            before.drains(first)
            now.start(workers=1)
            old = ask(before, key, asks[REQUESTS // 2 :: 2], SECONDS / 2)
            new = ask(now, key, asks[REQUESTS // 2 + 1 :: 2], SECONDS / 2)
            drained_in = before.drains(old) + now.drains(new)
            found = now.ask_inside("look")
            unseen = not in_vain(before, key, asks[0])
        finally:
            before.stop()
            now.stop()
    heard_of = Heard()
    for each in (first, old, new):
        heard_of.references |= each.heard.references
        heard_of.faults += each.heard.faults
        heard_of.in_vain += each.heard.in_vain
    wrongs = Attack(asks, heard_of, {}, drained_in, found).wrongs()
    bound.tell(
        "T-07", __doc__,
        f"seed {SEED}: {RELEASE} at work while the tables change to those of now in {took:.1f} s: {len(meanwhile):,} requests"
        f" acknowledged meanwhile, the longest after {max(meanwhile, default=0):.2f} s (goal {GOAL_SECONDS:.0f}; the longest of"
        f" all {max(first.heard.seconds):.2f} s); its worker started again on them; {len(old.heard.seconds):,} beside"
        f" {len(new.heard.seconds):,} of the new release",
        bound.of(len(heard_of.faults) + len(heard_of.in_vain), REQUESTS, "tries with an error or without an answer"),
        bound.of(sum(map(len, wrongs.values())), REQUESTS, "lost, doubled or not completed"),
    )  # fmt: skip
    assert wrongs == {}
    assert heard_of.in_vain == []
    assert meanwhile, "nobody asked while the tables changed"
    assert not unseen, "this test could not see that the release before cannot go on"
