"""What is a document that a customer gives us: of which kinds, for which purposes, and what may be asked about it?"""

from dataclasses import dataclass
from typing import Protocol

MEDIA_TYPES = {"image/jpeg": ".jpg", "image/png": ".png", "application/pdf": ".pdf"}
"""What we can make anew, and so can take, with the ending of its file's name."""

PURPOSES = ("name", "identity", "lease", "medical", "authority", "estate", "reply", "privacy_copy")
"""What documents are to show. `reply` is what staff asked for; `privacy_copy` is what we made for a customer."""

READING_REASONS = ("decide", "customer_asked", "check_work", "law")
"""Why a member of staff opens a document."""

CLEAN, NOT_SCANNED = "clean", "not_scanned"


@dataclass(frozen=True, slots=True)
class Remade:
    """A file that was made anew from what was sent: nothing but pixels or pages is left of it."""

    media_type: str
    content: bytes


class NotMade(Exception):
    """The file cannot be made anew. `code`: damaged, locked, too_many_pixels, too_many_pages, too_demanding."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much a file may ask of whoever opens it. `seconds` are of processor time."""

    max_pixels: int
    max_pages: int
    max_bytes: int
    seconds: int = 12


class VirusCheck(Protocol):
    """An outside scanner that says whether a file is known to do harm."""

    name: str

    def finds(self, data: bytes) -> str:
        """The scanner's name for what it found, "" where the file is clean. Raises Unavailable where it cannot be asked."""
        ...

    def is_there(self) -> None:
        """Raises Unavailable where it does not answer."""
        ...


EICAR = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}" + b"$EICAR-STANDARD-ANTIVIRUS-" + b"TEST-FILE!$H+H*"
"""The harmless file with which virus scanners are tried out. In two pieces, or scanners would find it here."""
