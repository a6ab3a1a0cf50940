"""Which CIS do we write to?

`cis()` is what the steps call. The setting KEYTURN_CIS names the connector: a short name below, or the dotted name of
a class that is built with `(url, timeout_seconds=...)` and passes the tests in `contract.py`. KEYTURN_CIS_URL says where
it is; KEYTURN_CIS_MAPPING, for those that a file describes, which file (`mapped/choosing.py`). KEYTURN_CIS_FAULTS, for
tests and rehearsals, names a file that makes it misbehave (`faults.py`).
"""

import threading
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from django.conf import settings
from django.db import connections
from psycopg.conninfo import make_conninfo

from keyturn.connectors.choice import chosen
from keyturn.connectors.cis.counted import CountedCis
from keyturn.connectors.cis.faults import FaultyCis, FilePlan
from keyturn.connectors.cis.guard import GuardedCis
from keyturn.terms.cis import Cis

KNOWN = {
    "reference": "keyturn.connectors.cis.reference.ReferenceCis",
    "rest": "keyturn.connectors.cis.rest.RestCis",
    "ccb-soap": "keyturn.connectors.cis.ccb.CcbOverSoap",
    "ccb-rest": "keyturn.connectors.cis.ccb.CcbOverRest",
}

_built: dict[tuple[str, str, float, str], Any] = {}
_faulty: dict[str, tuple[Cis, FaultyCis]] = {}
_lock = threading.Lock()


def cis() -> Cis:
    """The configured CIS, answers checked. Each call of it is bounded by the policy's `cis_timeout_seconds`."""
    inner: Cis = connector()
    path = getattr(settings, "KEYTURN_CIS_FAULTS", "")
    if path:
        with _lock:
            if path not in _faulty or _faulty[path][0] is not inner:  # kept: a late effect comes with a later call
                _faulty[path] = (inner, FaultyCis(inner, FilePlan(path)))
            inner = _faulty[path][1]
    return CountedCis(GuardedCis(inner), known_as=known_as())


def known_as() -> str:
    """The name under which the state and the counts of the configured CIS are kept."""
    return str(settings.KEYTURN_CIS)[-40:]


def connector() -> Any:
    """The bare connector, with whatever it can do besides (the reference CIS: `counts`, `effects`, `audit`, ...)."""
    kind = settings.KEYTURN_CIS
    timeout = float(settings.KEYTURN_POLICY.cis_timeout_seconds)
    named = (kind, _url(), timeout, str(getattr(settings, "KEYTURN_CIS_MAPPING", "")))
    with _lock:
        if named not in _built:
            _built[named] = chosen("KEYTURN_CIS", kind, KNOWN)(named[1], timeout_seconds=timeout)
        return _built[named]


def install() -> None:
    """Let the connector make what it needs on its side (`keyturn migrate`); most real ones need nothing."""
    _ask("install")


def adopt(kind: str, rows: Iterable[Mapping[str, Any]]) -> int:
    """Hand imported "persons", "premises" or "accounts" to a CIS that keeps no records yet; how many it took.

    A utility's real CIS already holds them: its connector has no `adopt`, and this does nothing. Raises Rejected.
    """
    return int(_ask("adopt", kind, rows) or 0)


def activate_due(today: date) -> None:
    """Let the reference CIS do its nightly run; a real one has its own."""
    _ask("activate_due", today)


def close() -> None:
    """Close every idle connection to a CIS, so that its database can be dropped or stopped."""
    with _lock:
        built, _ = list(_built.values()), _built.clear()
    for each in built:
        if hasattr(each, "close"):
            each.close()


def _ask(verb: str, *args: Any) -> Any:
    """Call a verb that only some connectors have."""
    ours = connector()
    return getattr(ours, verb)(*args) if hasattr(ours, verb) else None


def _url() -> str:
    """KEYTURN_CIS_URL, or where Django's own database is now (a test's differs from the one configured)."""
    url = getattr(settings, "KEYTURN_CIS_URL", "")
    if url and url != getattr(settings, "DATABASE_URL", ""):
        return str(url)
    ours = connections["default"].settings_dict
    named = {"dbname": "NAME", "user": "USER", "password": "PASSWORD", "host": "HOST", "port": "PORT"}
    rest = {name: value for name, value in ours["OPTIONS"].items() if isinstance(value, str) and name != "options"}
    return make_conninfo("", **{name: ours[key] for name, key in named.items() if ours.get(key)}, **rest)
