"""Which virus scanner is asked about a file that somebody sends, if any?

KEYTURN_CLAMD is empty (none), the path of clamd's unix socket, or its `host:port`. The scanner sees what customers send,
unencrypted: it belongs on the same machine, or in a network of your own.
"""

import re

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from keyturn.connectors.virus_check.clamd import Clamd
from keyturn.terms.document import VirusCheck


def virus_check() -> VirusCheck | None:
    """The configured scanner; None where there is none."""
    place = settings.KEYTURN_CLAMD.strip()
    if not place:
        return None
    if not place.startswith("/") and not re.fullmatch(r"(\[[0-9a-fA-F:]+\]|[\w.-]+):\d{1,5}", place):
        raise ImproperlyConfigured("KEYTURN_CLAMD must be the path of a socket, or host:port")
    return Clamd(place, timeout_seconds=settings.KEYTURN_POLICY.document_scan_seconds)
