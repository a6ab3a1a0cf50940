"""A town whose jobs are done by a real worker, so what it does is committed."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from keyturn.connectors import cis
from tests.flow.town import Town


@pytest.fixture
def town(transactional_db: None, settings: Any, tmp_path: Any) -> Iterator[Town]:
    cis.install()
    cis.connector().empty()
    settings.KEYTURN_MAILBOX = str(tmp_path)
    settings.EMAIL_BACKEND = "keyturn.connectors.mail.mailbox.EmailBackend"
    settings.KEYTURN_POLICY = settings.KEYTURN_POLICY
    town = Town(tmp_path)
    town.now = datetime.now(UTC)
    yield town
    town.loses_its_jobs()
