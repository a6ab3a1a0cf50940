"""How is a document written into its row, sealed, and how is it forgotten?"""

from datetime import datetime

from keyturn.records import crypto
from keyturn.records.ids import new_id
from keyturn.records.models import Document, Request
from keyturn.terms.document import Remade


def keep(
    *,
    request: Request,
    purpose: str,
    name: str,
    made: Remade,
    checksum: str,
    scan: str,
    uploaded_by: str,
    now: datetime,
) -> Document:
    """Write a new document; its content and its name are encrypted for this row alone. `checksum` is of what was sent."""
    document = Document(
        pk=new_id(), request=request, person=request.person, purpose=purpose, media_type=made.media_type,
        size=len(made.content), checksum=checksum, scan=scan, uploaded_by=uploaded_by[:80], uploaded_at=now,
    )  # fmt: skip
    document.name = name
    document.content = crypto.seal_bytes(made.content, place=_place(document))
    document.save(force_insert=True)
    return document


def content_of(document: Document) -> bytes:
    """What was kept. InvalidTag where somebody changed it, or moved it here from another row."""
    assert document.content is not None, "it is forgotten"
    return crypto.unseal_bytes(document.content, place=_place(document))


def forget(document: Document, *, now: datetime) -> None:
    """Content, name and checksum go; that there was a document, and when, stays."""
    document.content = document.sealed_name = None
    document.checksum = f"forgotten:{document.pk}"
    document.erased_at = now
    document.save(update_fields=["content", "sealed_name", "checksum", "erased_at"])


def _place(document: Document) -> str:
    return f"{Document._meta.db_table}:{document.pk}:content"
