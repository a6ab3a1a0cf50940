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
    rows = Document.objects.filter(request=request).defer("content").order_by("uploaded_at", "id")
    rows = rows.filter(purpose=purpose) if purpose else rows
    return [_held(each) for each in (rows if with_gone else rows.filter(erased_at=None))]


def names(idents: Iterable[Any]) -> list[str]:
    """The names of the documents with these ids that are still there, in the order of the ids."""
    wanted = [each for each in map(_uuid, idents) if each]
    found = {row.pk: row.name for row in Document.objects.filter(pk__in=wanted, erased_at=None).defer("content")}
    return [found[each] for each in wanted if each in found]


def own(ident: Any, *, uploaded_by: Iterable[str], user_id: Any = None) -> File | None:
    """A document's content, for whoever gave it (`role:ident`, as requests are `begun_by`), or whose request it is."""
    row = _find(ident)
    if row is None:
        return None
    mine = row.uploaded_by in set(uploaded_by)
    theirs = user_id is not None and row.request is not None and row.request.user_id == user_id
    return file_of(row) if mine or theirs else None


def file_of(row: Document) -> File:
    return File(row.name, row.media_type, documents.content_of(row))


def _find(ident: Any) -> Document | None:
    key = _uuid(ident)
    return Document.objects.select_related("request").filter(pk=key, erased_at=None).first() if key else None


def _uuid(ident: Any) -> UUID | None:
    try:
        return ident if isinstance(ident, UUID) else UUID(str(ident))
    except ValueError:
        return None


def _held(row: Document) -> Held:
    return Held(
        str(row.pk), row.purpose, row.name, row.media_type, row.size, row.scan, row.uploaded_at, row.erased_at is not None
    )  # fmt: skip
