"""Which CIS do these tests speak to? The small one of `small_cis`, with time enough or with little."""

from contextlib import ExitStack, closing

import pytest

from keyturn.connectors.cis.mapped import MappedCis
from tests.connectors.mapped.small_cis import NONE, SMALL
from tests.connectors.stub import stub


@pytest.fixture
def server():
    with stub() as told:
        told.says = lambda heard: NONE if heard.verb == "GET" else b'{"id": "7"}'
        yield told


@pytest.fixture
def cis(server, monkeypatch):
    monkeypatch.setenv("SMALL_TOKEN", "t0ken")
    cis = MappedCis(server.url, timeout_seconds=10, mapping=SMALL)
    yield cis
    cis.close()


@pytest.fixture
def hasty(server, cis):
    """The same, with little time."""
    hasty = MappedCis(server.url, timeout_seconds=0.5, mapping=SMALL)
    yield hasty
    hasty.close()


@pytest.fixture
def own(server, monkeypatch, tmp_path):
    """`own((old, new), ..., more=...)`: the small CIS by a file that says something else, or more."""
    monkeypatch.setenv("SMALL_TOKEN", "t0ken")
    with ExitStack() as open_ones:

        def made(*swaps: tuple[str, str], more: str = "") -> MappedCis:
            text = SMALL.read_text() + more
            for old, new in swaps:
                assert old in text
                text = text.replace(old, new, 1)
            path = tmp_path / "own.toml"
            path.write_text(text)
            return open_ones.enter_context(closing(MappedCis(server.url, timeout_seconds=10, mapping=path)))

        yield made
