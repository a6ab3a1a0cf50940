"""Which documents were given with a request, and who may fetch one?

Nothing here reads the content of more than one document: lists leave it where it is.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from keyturn.records import documents
from keyturn.records.models import Document, Request
from keyturn.records.prepared import Prepared


@dataclass(frozen=True, slots=True)
class Held:
    """One document as a list shows it. `size` in bytes; `gone`: it was forgotten, and only that it was there is known."""

    id: str
    purpose: str
    name: str
    media_type: str
    size: int
    scan: str
    at: datetime
    gone: bool = False


@dataclass(frozen=True, slots=True)
class File:
    name: str
    media_type: str
    content: bytes


def of_request(request: Request, *, purpose: str = "", with_gone: bool = False) -> list[Held]:
    """What was given with the request, oldest first; for staff also what was forgotten."""
    rows = _of_request(request=request.pk)
    return [
        _held(each) for each in rows if (with_gone or not each.erased_at) and (not purpose or each.purpose == purpose)
    ]


_of_request = Prepared(
    lambda request: Document.objects.filter(request=request).defer("content").order_by("uploaded_at", "id")
)


def unsent(request: Request) -> list[Held]:
    """Of those, what can still be taken back: given since the request left its customer's hands last."""
    last = request.events.filter(what__in=("submitted", "replied")).order_by("-number").first()
    added = request.events.filter(what="document_added", number__gt=last.number if last else 0)
    fresh = {each.data["document"] for each in added}
    return [each for each in of_request(request) if each.id in fresh]


def named(idents: Iterable[Any]) -> list[Held]:
    """The documents with these ids that are still there, in the order of the ids."""
    wanted = [each for each in map(_uuid, idents) if each]
    found = {row.pk: _held(row) for row in Document.objects.filter(pk__in=wanted, erased_at=None).defer("content")}
    return [found[each] for each in wanted if each in found]


def names(idents: Iterable[Any]) -> list[str]:
    """Only what they are called."""
    return [each.name for each in named(idents)]


def own(ident: Any, *, begun_by: str = "", reference: str = "", user_id: Any = None) -> File | None:
    """A document's content for its own customer: whose its request is now (`role:ident`: a draft may go on elsewhere), who
    has proved to be the sender of the request `reference`, or whose login the request belongs to."""
    key = _uuid(ident)
    row = Document.objects.select_related("request").filter(pk=key, erased_at=None).first() if key else None
    if row is None or row.request is None or row.purpose == "privacy_copy":  # which has a door of its own
        return None
    theirs = (
        (bool(begun_by) and row.request.begun_by == begun_by)
        or (bool(reference) and row.request.reference == reference)
        or (user_id is not None and row.request.user_id == user_id)
    )
    return file_of(row) if theirs else None


def file_of(row: Document) -> File:
    return File(row.name, row.media_type, documents.content_of(row))


def _uuid(ident: Any) -> UUID | None:
    try:
        return ident if isinstance(ident, UUID) else UUID(str(ident))
    except ValueError:
        return None


def _held(row: Document) -> Held:
    return Held(
        str(row.pk), row.purpose, row.name, row.media_type, row.size, row.scan, row.uploaded_at, row.erased_at is not None
    )  # fmt: skip
