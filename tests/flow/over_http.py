"""How does a test's town tell a CIS at the other end of a socket?"""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from keyturn.connectors.cis.guard import GuardedCis
from keyturn.connectors.cis.rest import MAPPING, RestCis
from keyturn.connectors.cis.rest.simulator.__main__ import server
from keyturn.connectors.cis.rest.simulator.store import Store
from keyturn.connectors.cis.simulating import SimulatedServer, WirePlan
from tests.flow.town import Town

TOKEN = "sesame"


@pytest.fixture(scope="module")
def simulator(cis_installed: None) -> Iterator[SimulatedServer]:
    """The simulated CIS, over the tables that the town's own one has: only the way there is another."""
    store = Store(os.environ["DATABASE_URL"], schema="reference_cis")
    store.install()
    serving = server(store, token=TOKEN)
    threading.Thread(target=serving.run, daemon=True).start()
    yield serving
    serving.stop()
    serving.server_close()
    store.close()


@contextmanager
def speaking_to(simulator: SimulatedServer, town: Town, *, timeout_seconds: float) -> Iterator[SimulatedServer]:
    """The town's CIS is this one."""
    simulator.plan = WirePlan()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KEYTURN_CIS_TOKEN", TOKEN)
        cis = RestCis(simulator.url, timeout_seconds=timeout_seconds, mapping=MAPPING)
        town.guarded = GuardedCis(cis)
        yield simulator
        cis.close()
