"""Which documents belong to a request, in the words of the console?"""

from typing import Any

from keyturn.console.vocabulary import PURPOSES, READING_REASONS, say
from keyturn.records.queries import documents
from keyturn.terms.document import NOT_SCANNED

KINDS = {"image/jpeg": "JPEG", "image/png": "PNG", "application/pdf": "PDF"}


def of_request(request: Any) -> dict[str, Any]:
    """Each document, and the reasons for which one may be opened."""
    held = documents.of_request(request, with_gone=True)
    return {
        "rows": [_row(each) for each in held],
        "reasons": [(code, say(READING_REASONS, code)) for code in READING_REASONS],
    }


def _row(held: documents.Held) -> dict[str, Any]:
    return {
        "id": held.id, "name": held.name, "purpose": say(PURPOSES, held.purpose), "kind": KINDS.get(held.media_type, ""),
        "size": held.size, "at": held.at, "gone": held.gone, "not_scanned": held.scan == NOT_SCANNED,
    }  # fmt: skip
