"""Where do messages go that nobody sends: into a folder, a file each (the demo, the tests, a rehearsal)?"""

import hashlib
import os
import re
from pathlib import Path

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

_UNSAFE = re.compile(r"[^A-Za-z0-9._@+-]|^\.")


def file_name(message_id: str) -> str:
    """A file name for `message_id`: itself where it is harmless, else cleaned and told apart by a digest."""
    plain = message_id.strip().strip("<>")
    safe = _UNSAFE.sub("_", plain)[:120]
    if safe == plain and safe:
        return safe
    return f"{safe or 'message'}-{hashlib.sha256(message_id.encode('utf-8', 'replace')).hexdigest()[:12]}"


def put(message_id: str, suffix: str, content: bytes) -> Path:
    """Write one file under the message's own id, in one piece: sent twice, it is still one file."""
    if not settings.KEYTURN_MAILBOX:
        raise ImproperlyConfigured("KEYTURN_MAILBOX must name a folder for messages to be put into")
    folder = Path(settings.KEYTURN_MAILBOX)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{file_name(message_id)}{suffix}"
    fresh = folder / f".{path.name}.{os.getpid()}.{os.urandom(4).hex()}"
    fresh.write_bytes(content)
    os.replace(fresh, path)
    return path
