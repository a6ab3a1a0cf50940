"""Which outside identity check is asked, if any?

KEYTURN_IDENTITY_CHECK is "off", "simulator" (in this process, see `simulator.py`), or the https address of a service that
speaks as our simulator does over HTTP; a plain http address is accepted for this machine alone.
"""

from ipaddress import ip_address
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from keyturn.connectors.identity_check.over_http import HttpIdentityCheck
from keyturn.connectors.identity_check.simulator import Simulator
from keyturn.terms.identity_check import IdentityCheck


def identity_check() -> IdentityCheck | None:
    """The configured check; None where there is none."""
    chosen = settings.KEYTURN_IDENTITY_CHECK
    if chosen in ("", "off"):
        return None
    if chosen == "simulator":
        return Simulator()
    if not _is_safe(chosen):
        raise ImproperlyConfigured('KEYTURN_IDENTITY_CHECK must be "off", "simulator" or an https:// address')
    return HttpIdentityCheck(chosen, timeout_seconds=settings.KEYTURN_POLICY.identity_check_timeout_seconds)


def _is_safe(url: str) -> bool:
    """Birth dates and identifiers travel encrypted, or not over a network at all."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        return parts.scheme == "https" or (
            parts.scheme == "http" and (host == "localhost" or ip_address(host).is_loopback)
        )
    except ValueError:
        return False
