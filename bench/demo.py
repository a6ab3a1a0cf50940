"""How long until the demo is ready, and what does each page of the portal weigh and cost?

    python -m bench.demo [--write]

Starts `keyturn demo` in a folder of its own, twice (the second start keeps the data), walks through start service as a
visitor without JavaScript, and asks for each page again and again, one at a time.
"""

import argparse
import gzip
import json
import os
import platform
import re
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from html import unescape
from pathlib import Path
from typing import Any

import httpx

from bench.stage import ROOT
from bench.stage import free_port as a_free_port

ROUNDS = 40
HOUSE = "27 Heron Bend Rd, 97671"


@contextmanager
def demo(folder: Path, port: int) -> Iterator[tuple[dict[str, Any], float]]:
    """A running demo and the seconds that it took to say `ready`."""
    started = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "keyturn.cli", "demo", "--port", str(port), "--data", str(folder)],
        cwd=ROOT, stdout=subprocess.PIPE, text=True, env={**os.environ, "KEYTURN_LOG_LEVEL": "WARNING"}, start_new_session=True,
    )  # fmt: skip
    try:
        assert process.stdout
        for line in process.stdout:
            if line.startswith("ready "):
                break
        seconds = time.perf_counter() - started
        yield json.loads((folder / "demo.json").read_text()), seconds
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)


class Visitor:
    """A browser without JavaScript: keeps cookies, sends back the hidden fields of a page's form."""

    def __init__(self, base: str, mailbox: Path) -> None:
        self.client = httpx.Client(
            base_url=base, follow_redirects=True, timeout=30, headers={"Accept-Encoding": "gzip"}
        )
        self.mailbox = mailbox
        self.pages: dict[str, str] = {}

    def opens(self, path: str) -> None:
        self.page = self.client.get(path).raise_for_status()
        self._saw()

    def sends(self, path: str = "", **fields: Any) -> None:
        form = self.page.text.partition("<main")[2]
        hidden = {
            name: unescape(value)
            for name, value in re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', form)
        }
        self.page = self.client.post(path or self.page.url.path, data={**hidden, **fields}).raise_for_status()
        self._saw()

    def _saw(self) -> None:
        """Remember the page under its address, ids and references left out."""
        path = self.page.url.path
        shown = re.sub(r"/[0-9a-f-]{36}", "/…", re.sub(r"/KT-[0-9A-Z-]+", "/…", path))
        if shown not in self.pages and not path.startswith("/requests/"):
            self.pages[shown] = path

    def code(self) -> str:
        """The code in the newest mail."""
        for _ in range(200):
            mails = sorted(self.mailbox.glob("*.eml"), key=lambda each: each.stat().st_mtime)
            for mail in reversed(mails):
                found = re.search(r"Subject: .*?\b([2-9A-HJKMNP-TV-Z]{6})\b", mail.read_text(errors="replace"))
                if found:
                    return found[1]
            time.sleep(0.1)
        raise RuntimeError("no mail with a code arrived")

    def walks(self) -> None:
        """Start service at the demo's vacant house, up to the check page."""
        day = date.today() + timedelta(days=10)
        self.opens("/")
        self.opens("/start")
        self.sends()
        self.sends(path="/start/where", q=HOUSE)
        found = re.search(
            r'name="service_address"[^>]*value="([0-9a-f-]{36})"|value="([0-9a-f-]{36})"[^>]*name="service_address"',
            self.page.text,
        )
        assert found, "the demo's vacant house was not found"
        self.sends(service_address=found[1] or found[2])
        self.opens("/start/services")
        self.sends(services=["electric"], **_date("start_date", day))
        self.opens("/start/kind")
        self.sends(kind="person")
        self.sends(given_name="Imogen", middle_name="Rae", family_name="Castellane")
        self.sends(**_date("date_of_birth", date(1995, 4, 23)))
        self.sends(id_type="driver_licence", id_value="9042175")
        self.opens("/start/email")
        self.sends(email="imogen.castellane@example.com")
        self.sends(code=self.code())
        for page, fields in (("phone", {}), ("mailing", {"mail_elsewhere": "no"}), ("previous", {}), ("preferences", {"language": "en", "paperless": "no"}), ("consents", {"consents": ["terms"]})):  # fmt: skip
            self.opens(f"/start/{page}")
            self.sends(**fields)
        self.opens("/start/check")

    def looks_after(self, customer: dict[str, str]) -> None:
        """Sign in as one of the demo's customers, see everything, and begin to change a phone number and an address."""
        self.opens("/signin")
        self.sends(login=customer["email"], password=customer["password"])
        self.opens("/account")
        if link := re.search(r'href="(/account/accounts/[0-9a-f-]{36})"', self.page.text):
            self.opens(link[1])
        for page in ("you", "requests", "messages", "held", "claim", "people"):
            self.opens(f"/account/{page}")
        self.opens("/signin/security")
        self.opens("/signin/sessions")


def _date(name: str, day: date) -> dict[str, int]:
    return {f"{name}-day": day.day, f"{name}-month": day.month, f"{name}-year": day.year}


def measure(visitor: Visitor) -> list[tuple[str, int, float, float]]:
    """(page, bytes over the wire, median ms, 95th percentile ms) of each page that was seen."""
    found = []
    for shown, path in visitor.pages.items():
        times, size = [], 0
        for _ in range(ROUNDS):
            with visitor.client.stream("GET", path) as answer:
                size = sum(len(chunk) for chunk in answer.iter_raw())
                times.append(0.0)
            times[-1] = answer.elapsed.total_seconds() * 1000
        found.append((shown, size, statistics.median(times), sorted(times)[int(ROUNDS * 0.95) - 1]))
    return found


def first_load(visitor: Visitor) -> int:
    """Bytes over the wire of the front page with everything that it links to, nothing cached."""
    page = visitor.client.get("/")
    total = len(gzip.compress(page.content))
    for link in sorted(set(re.findall(r'(?:href|src)="(/(?:static|look)/[^"]+)"', page.text))):
        with visitor.client.stream("GET", link) as answer:
            total += sum(len(chunk) for chunk in answer.iter_raw())
    return total


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", action="store_true", help="write docs/results/demo.md")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="keyturn-bench-") as name:
        folder, port = Path(name), a_free_port()
        folder.chmod(0o755)
        with demo(folder, port) as (_first, first_seconds):
            pass
        with demo(folder, port) as (access, second_seconds):
            visitor = Visitor(access["portal"], Path(access["mailbox"]))
            visitor.walks()
            front, rows = first_load(visitor), measure(visitor)
            customer = Visitor(access["portal"], Path(access["mailbox"]))
            customer.looks_after(access["customers"][0])
            rows += measure(customer)
    lines = [
        "| figure | |", "|---|---|",
        f"| seconds from `keyturn demo` to `ready`, first start with 20,000 persons | {first_seconds:.1f} |",
        f"| seconds to `ready`, second start | {second_seconds:.1f} |",
        f"| bytes over the wire, front page with style, font and script, nothing cached | {front:,} |",
        "", "| page | bytes over the wire | median ms | 95 % ms |", "|---|---|---|---|",
        *(f"| {path} | {size:,} | {median:.1f} | {slow:.1f} |" for path, size, median, slow in rows),
    ]  # fmt: skip
    shown = "\n".join(lines)
    print(shown)
    if chosen.write:
        text = (
            "# The demo and its pages\n\n"
            f"Measured on {datetime.now(UTC):%Y-%m-%d}, Python {platform.python_version()}, two cores, by `python -m bench.demo --write`: web server,\n"
            f"worker, PostgreSQL and client on the same machine; each page {ROUNDS} times, one at a time, until its first byte.\n\n{shown}\n"
        )
        (ROOT / "docs" / "results" / "demo.md").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
