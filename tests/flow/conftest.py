"""Where do the stories of `flow` happen? In a town of their own: an empty registry, an empty CIS, an empty mailbox."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from keyturn.connectors import cis
from keyturn.flow import deliveries, eligibility, outside
from keyturn.steps.verify.eligibility import step as asked_there
from tests.flow.town import Town


@pytest.fixture(scope="session")
def cis_installed(django_db_setup: None, django_db_blocker: pytest.FixtureRequest) -> None:
    with django_db_blocker.unblock():  # type: ignore[attr-defined]
        cis.install()


@pytest.fixture
def town(
    db: None, cis_installed: None, settings: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Town]:
    settings.KEYTURN_MAILBOX = str(tmp_path)  # type: ignore[attr-defined]
    settings.EMAIL_BACKEND = "keyturn.connectors.mail.mailbox.EmailBackend"  # type: ignore[attr-defined]
    settings.KEYTURN_POLICY = settings.KEYTURN_POLICY  # type: ignore[attr-defined]  # put back after the test
    cis.connector().empty()
    town = Town(tmp_path)
    for module in (outside, deliveries, eligibility, asked_there):
        monkeypatch.setattr(module, "cis", lambda: town.guarded)
    yield town
    assert cis.connector().audit() == []
