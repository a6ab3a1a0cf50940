"""T-04: the database's disk is full: is what was acknowledged there, do form and API say "try later", does it recover alone?

The database lies on a small file system of its own, which the test fills to the last byte while requests come in: first
nothing can be written to the tables, then not to the log either, and PostgreSQL itself ends. A customer in the middle of
the form and a partner with a draft try all the while. Then there is room again, and nobody does anything else.

Needs root, to mount a tmpfs. FULL_REQUESTS, FULL_SECONDS (of being full) and FULL_SEED set the sizes.
"""

import os
import random
import re
import time
from contextlib import suppress
from html import unescape
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest

from keyturn.local.postgres import Cluster
from tests.durability import bound
from tests.durability.customers import Customers, asks_for
from tests.durability.disks import SmallDisk, a_small_disk, missing
from tests.durability.installation import Installation
from tests.durability.test_kill import Attack

REQUESTS = int(os.environ.get("FULL_REQUESTS", "60"))
SECONDS = float(os.environ.get("FULL_SECONDS", "4"))
SEED = int(os.environ.get("FULL_SEED", "0")) or random.SystemRandom().randrange(10**6)
MEGABYTES = 400

pytestmark = pytest.mark.skipif(bool(missing()), reason=f"T-04 {missing()}")


class Somebody:
    """With a draft: on the portal, without JavaScript, or through the API."""

    def __init__(self, url: str, api_key: str) -> None:
        self.portal = httpx.Client(base_url=url, timeout=20, trust_env=False, follow_redirects=True)
        key = {"Authorization": f"Bearer {api_key}"}
        self.api = httpx.Client(base_url=f"{url}/api/v1", headers=key, timeout=20, trust_env=False)
        self.heard: list[tuple[str, int, str]] = []  # door, status, Retry-After
        self.number = 0

    def begins(self) -> None:
        self._sends("/start", {})
        self._sends("/start/where", {"q": "1 Alder Street, 97901"})
        self._sends("/start/choose", {"service_address": self._offered()})
        answers = {"kind": "person", "given_name": "Ida"}
        body = {"journey": "start_service", "answers": answers, "submit": False}
        begun = self.api.post("/requests", json=body, headers={"Idempotency-Key": "draft"})
        assert begun.status_code == 201, begun.text
        self.draft = begun.json()["id"]

    def tries(self) -> None:
        """To go on, at both doors."""
        self.number += 1
        changed = self.api.patch(
            f"/requests/{self.draft}",
            json={"answers": {"family_name": f"Lund{'x' * self.number}"}},
            headers={"Idempotency-Key": f"try-{self.number}", "If-Match": self.api_version()},
        )
        self.heard.append(("api", changed.status_code, changed.headers.get("Retry-After", "")))
        sent = self._sends("/start/choose", {"service_address": self.picked})
        self.heard.append(("portal", sent.status_code, sent.headers.get("Retry-After", "")))

    def api_version(self) -> str:
        shown = self.api.get(f"/requests/{self.draft}")
        self.heard.append(("api", shown.status_code, shown.headers.get("Retry-After", "")))
        return str(shown.headers.get("ETag", self.etag)) if shown.status_code == 200 else self.etag

    etag = '"1"'

    def _sends(self, path: str, fields: dict[str, str]) -> httpx.Response:
        self.page = self.portal.get(path)
        form = self.page.text.partition("<main")[2]
        hidden = {
            name: unescape(value)
            for name, value in re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', form)
        }
        if "csrfmiddlewaretoken" not in hidden:
            return self.page
        return self.portal.post(path, data={**hidden, **fields})

    def _offered(self) -> str:
        page = self.portal.get("/start/choose").text
        self.picked = re.findall(r'name="service_address"[^>]*value="([0-9a-f-]{36})"', page)[0]
        return str(self.picked)

    def said_later(self, door: str) -> list[str]:
        """How long it was told to wait, each time that it could not go on."""
        return [after for who, status, after in self.heard if who == door and status == 503]

    def surprises(self) -> list[tuple[str, int, str]]:
        return [each for each in self.heard if each[1] not in (200, 201, 503) or (each[1] == 503 and not each[2])]


def fill_up(folder: Path) -> tuple[Attack, Somebody, dict[str, Any]]:
    """Fill the disk in the middle of the work; what was found when there was room again."""
    with a_small_disk(MEGABYTES) as disk:
        cluster = Cluster(disk.mounted / "db", fast=False)
        cluster.folder.mkdir(mode=0o711)
        cluster.folder.chmod(0o711)
        cluster.start()
        cluster.wait_until_durable()
        installation = Installation(cluster, folder, cis="reference")
        try:
            given = installation.ask_inside("prepare", str(REQUESTS))
            installation.start(workers=1)
            somebody = Somebody(installation.url, given["api_key"])
            somebody.begins()
            asks = asks_for(given["premises"], random.Random(SEED))
            customers = Customers(installation.url, given["api_key"], asks, seconds=2 + SECONDS, seed=SEED, callers=2)
            customers.start()
            installation.looks_on(1)
            disk.fill()
            ended = _while_it_is_full(installation, somebody, disk)
            disk.has_room_again()
            drained_in = installation.drains(customers)
            done = Attack(asks, customers.heard, {}, drained_in, installation.ask_inside("look"))
            after = {
                "api": somebody.api.get(f"/requests/{somebody.draft}").json(),
                "portal": somebody.portal.get("/start/check").text,
                "postgresql ended": ended,
            }
            return done, somebody, after
        finally:
            installation.stop()
            cluster.stop()


def _while_it_is_full(installation: Installation, somebody: Somebody, disk: SmallDisk) -> bool:
    """Until the log cannot be written either; whether PostgreSQL itself ended."""
    until, ended = time.monotonic() + SECONDS, False
    while time.monotonic() < until or not (somebody.said_later("portal") and somebody.said_later("api")):
        assert time.monotonic() < until + 60, "the disk is full, and nobody is told"
        somebody.tries()
        if time.monotonic() > until - SECONDS / 2:  # no new file of the log can be made
            with suppress(psycopg.Error), psycopg.connect(installation.cluster.admin_url, autocommit=True) as admin:
                admin.execute("SELECT pg_switch_wal()")
        ended |= not installation.cluster.alive() or "PANIC" in installation.cluster.log.read_text(errors="replace")
        disk.fill()  # what ended gave room
        installation.looks_on(0.1)
    return ended


@bound.long
def test_a_full_disk_loses_nothing_says_try_later_and_keeps_the_draft(tmp_path: Path) -> None:
    done, somebody, after = fill_up(tmp_path)
    drafts = [reference for reference, standing in done.found["stuck"].items() if standing == "customer"]
    for each in drafts:
        del done.found["stuck"][each], done.found["outcomes"][each]
    wrongs = done.wrongs()
    said = {door: len(somebody.said_later(door)) for door in ("api", "portal")}
    bound.tell(
        "T-04", __doc__,
        f"seed {SEED}: full for {SECONDS:.0f} s, PostgreSQL {'ended and came back' if after['postgresql ended'] else 'stayed'},"
        f" {len(done.acknowledged):,} of {REQUESTS:,} acknowledged in the end, {said['api']} and {said['portal']} times"
        f" \"try later\" by API and form, all served {done.drained_in:.1f} s after there was room",
        bound.of(len(wrongs.get("acknowledged and lost", ())), len(done.acknowledged), "lost"),
    )  # fmt: skip
    assert wrongs == {}
    assert somebody.surprises() == []
    assert said["api"] and said["portal"], "the disk was not full"
    assert "given_name" not in {each["field"] for each in after["api"]["findings"]}, "what the draft had is gone"
    assert "1 Alder Street" in after["portal"]
    assert len(drafts) == 2
    del done.found["outcomes"][min(done.acknowledged)]  # the negative control: were one gone, we would see it
    assert "acknowledged and lost" in done.wrongs()
