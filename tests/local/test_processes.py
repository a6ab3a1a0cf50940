"""Web and worker are kept up, and everybody ends together."""

import signal
import sys
import threading
from collections.abc import Iterator

import pytest

from keyturn.local.processes import Crew, Watch
from tests.local.family import alive, descendants, gone

HERE = {"PATH": "/usr/bin:/bin"}


def watch(tmp_path, script: str) -> Watch:
    return Watch("web", ["/bin/sh", "-c", script], env=HERE, log=tmp_path / "web.log")


def look_until(crew: Crew, done) -> None:
    limit = threading.Event()
    for _ in range(6000):
        crew.look()
        if done():
            return
        limit.wait(0.01)
    raise AssertionError("it never came to that")


def test_one_that_ends_is_started_again_and_it_is_told(tmp_path):
    told: list[str] = []
    crew = Crew(say=told.append)
    crew.add(watch(tmp_path, f"echo x >> {tmp_path}/starts; exit 3"))
    look_until(
        crew, lambda: (tmp_path / "starts").read_text().count("x") == 2 if (tmp_path / "starts").exists() else False
    )
    crew.stop()
    assert "web ended (exit code 3); starting it again in 0.5 s" in told[0]
    assert told[1] == "web started again"


def test_one_that_keeps_ending_is_started_later_each_time(tmp_path, monkeypatch):
    clock = iter(range(0, 10_000, 10))
    monkeypatch.setattr("keyturn.local.processes.time.monotonic", lambda: next(clock))
    told = []
    once = watch(tmp_path, "exit 1")
    for _ in range(4):
        once.start()
        once._process.wait()
        told.append(once.look().split(";")[1])
    assert [text.strip() for text in told] == [f"starting it again in {pause} s" for pause in ("0.5", "1", "2", "4")]


def test_its_last_words_are_kept_for_the_one_who_looks(tmp_path):
    one = watch(tmp_path, "echo 'no such setting' >&2; exit 1")
    one.start()
    one._process.wait()
    assert one.last_words() == "no such setting"


def test_stopping_ends_one_that_will_not_listen(tmp_path, monkeypatch):
    monkeypatch.setattr("keyturn.local.processes.STOP_SECONDS", 0.3)
    crew = Crew(say=lambda _: None)
    one = crew.add(Watch("web", [sys.executable, "-c", DEAF], env=HERE, log=tmp_path / "web.log"))
    look_until(crew, lambda: "deaf" in (tmp_path / "web.log").read_text())
    family = descendants(one._process.pid)
    assert alive(family)
    crew.stop()
    assert gone(family, within=5)


DEAF = """
import signal
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("deaf", flush=True)
signal.pause()
"""


@pytest.fixture
def handlers() -> Iterator[None]:
    """What the tests themselves do about signals is as before at the end."""
    signals = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {each: signal.getsignal(each) for each in signals}
    yield
    for each, handler in before.items():
        signal.signal(each, handler)


@pytest.mark.usefixtures("handlers")
def test_a_signal_is_noted_and_heeded_where_that_is_safe():
    crew = Crew(say=lambda _: None)
    crew.listen()
    crew.heed()
    signal.raise_signal(signal.SIGINT)  # no exception from here: it would come anywhere
    with pytest.raises(KeyboardInterrupt):
        crew.heed()
    crew.keep_up()


@pytest.mark.usefixtures("handlers")
def test_under_nohup_a_closed_terminal_changes_nothing():
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    crew = Crew(say=lambda _: None)
    crew.listen()
    signal.raise_signal(signal.SIGHUP)
    assert not crew.stop_asked
