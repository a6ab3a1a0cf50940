"""How do tests look through a real browser? Debian's Chromium, driven by Playwright; the portal on a server of the test."""

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, Page, sync_playwright

from tests.browser.walker import Walker
from tests.flow.conftest import cis_installed, town  # noqa: F401 (fixtures)
from tests.flow.town import Town

# Playwright's loop runs in this thread, which Django takes for asynchronous code.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"

QUIETLY = [
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--no-first-run", "--mute-audio", "--font-render-hinting=none",
]  # fmt: skip


def chromium() -> str | None:
    """The system's Chromium; None lets Playwright use its own, where `make test` had to install one."""
    named = os.environ.get("KEYTURN_CHROMIUM", "")  # what `make test` found or installed
    return next(filter(None, map(shutil.which, (named, "chromium", "chromium-browser", "google-chrome"))), None)


_running = ExitStack()
_started: list[Browser] = []


@pytest.fixture
def browser() -> Browser:
    """One for all tests of this folder: a start costs more than a second."""
    if not _started:
        playwright = _running.enter_context(sync_playwright())
        _started.append(playwright.chromium.launch(executable_path=chromium(), args=QUIETLY))
        _running.callback(_started[0].close)
    return _started[0]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(nextitem: pytest.Item | None) -> Iterator[None]:
    """It must not outlive them: with its loop in this thread, Django opens connections of its own that tests which fork
    would share."""
    try:
        return (yield)
    finally:
        if nextitem is None or nextitem.path.parent != Path(__file__).parent:
            _started.clear()
            _running.close()


@pytest.fixture
def opens(browser: Browser, live_server: Any) -> Iterator[Callable[..., Page]]:
    """A page of a browser of its own: `opens(width=320, javascript=False, language="es-US", scheme="dark")`."""
    with ExitStack() as at_the_end:

        def open_page(
            *, width: int = 1280, javascript: bool = True, language: str = "en-US", scheme: str = "light"
        ) -> Page:
            context = browser.new_context(
                base_url=live_server.url, viewport={"width": width, "height": 844 if width < 700 else 860}, locale=language,
                color_scheme=scheme, java_script_enabled=javascript, reduced_motion="reduce",
            )  # fmt: skip
            at_the_end.callback(context.close)
            context.set_default_timeout(10_000)
            return context.new_page()

        yield open_page


@pytest.fixture(autouse=True)
def empty_queue(transactional_db: None, town: Town) -> Iterator[None]:  # noqa: F811
    """Emptying the tables after a test leaves the queue's alone: no test may find another one's jobs."""
    town.loses_its_jobs()
    yield
    town.loses_its_jobs()


@pytest.fixture
def walks(opens: Callable[..., Page], town: Town) -> Callable[..., Walker]:  # noqa: F811
    """Somebody who moves in, in front of a browser."""
    town.now = timezone.now()
    return lambda **setting: Walker(opens(**setting), town)
