"""What does somebody get who asks for a copy of everything that we hold about them?

One zip: `everything.json` for machines; `about-you.<language>.html` to read, self-contained and without scripts, in
every language of the utility; and the papers that they gave us.
"""

import io
import json
import zipfile
from collections.abc import Collection, Mapping
from datetime import datetime
from html import escape
from typing import Any
from uuid import UUID

from django.utils.translation import gettext, override

from keyturn.records.crypto import unseal_bytes
from keyturn.records.data_map import TABLES, Category
from keyturn.records.data_map.labels import LABELS
from keyturn.records.models import Document
from keyturn.records.queries import held
from keyturn.terms.policy import Policy
from keyturn.terms.words import gettext_noop as _

TITLE = _("Everything we hold about you")
MADE = _("Made on %(day)s. The file everything.json holds the same for machines, with every number and date.")
PAPERS = _("Papers that you gave us are in the folder “documents”.")
NOTHING = _("We hold nothing about you.")
WHY = _("Why we have it: %(purpose)s")
UNTIL = _("How long: %(kept)s")
WITHHELD = _("%(rows)s entries are not shown. %(why)s")
YES, NO = _("yes"), _("no")

_ENDINGS = {"application/pdf": "pdf", "image/jpeg": "jpg", "image/png": "png", "application/zip": "zip"}
_STYLE = (
    "body{font-family:sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;line-height:1.5;color:#0b0c0c}"
    "h2{border-top:2px solid #505a5f;padding-top:1rem;margin-top:2.5rem}"
    "table{border-collapse:collapse;width:100%;margin:0 0 1rem}"
    "th,td{text-align:left;vertical-align:top;padding:.25rem .75rem .25rem 0;border-bottom:1px solid #b1b4b6}"
    "th{width:35%;font-weight:600}td{overflow-wrap:anywhere}.why{color:#505a5f}"
)


def make(*, persons: Collection[UUID], logins: Collection[int], now: datetime, policy: Policy) -> bytes:
    """The zip file. Nothing is left out but secrets that check what they type, and comparisons with other people."""
    found = held.everything(persons=persons, logins=logins)
    whole = {"made_at": now.isoformat(), **found}
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("everything.json", json.dumps(whole, ensure_ascii=False, indent=1))
        for language in policy.languages:
            archive.writestr(f"about-you.{language}.html", readable(found, language=language, now=now))
        for document in Document.objects.filter(pk__in=held.files(persons=persons, logins=logins)).order_by("pk"):
            ending = _ENDINGS.get(document.media_type, "bin")
            content = unseal_bytes(document.content, place=f"document:{document.pk}:content")
            archive.writestr(f"documents/{document.pk}.{ending}", content)
    return made.getvalue()


def readable(found: Mapping[str, Any], *, language: str, now: datetime) -> str:
    """The copy as a page that needs nothing but a browser."""
    with override(language):
        parts = [
            f"<p>{escape(gettext(MADE) % {'day': now.date().isoformat()})} {escape(gettext(PAPERS))}</p>",
            *(_section(each) for each in found["tables"]),
            *(_withheld(each) for each in found["withheld"]),
        ]
        if not found["tables"]:
            parts.append(f"<p>{escape(gettext(NOTHING))}</p>")
        title = escape(gettext(TITLE))
    return (
        f'<!DOCTYPE html>\n<html lang="{escape(language)}"><head><meta charset="utf-8"><title>{title}</title>'
        f'<meta name="viewport" content="width=device-width"><style>{_STYLE}</style></head>'
        f"<body><main><h1>{title}</h1>{''.join(parts)}</main></body></html>\n"
    )


def _section(section: Mapping[str, Any]) -> str:
    table = TABLES[section["table"]]
    use = table.columns[0].use
    why = escape(gettext(WHY) % {"purpose": gettext(use.purpose)})
    until = escape(gettext(UNTIL) % {"kept": gettext(use.kept)})
    rows = "".join(_row(table, row) for row in section["rows"])
    return f'<section><h2>{escape(gettext(table.label))}</h2><p class="why">{why}<br>{until}</p>{rows}</section>'


def _row(table: Any, row: Mapping[str, Any]) -> str:
    lines = []
    for columns in table.columns:
        if columns.use.category is Category.TECHNICAL:
            continue
        for name in columns.names:
            value = row[held.shown_name(name)]
            if value not in (None, "", [], {}):
                label = gettext(LABELS[name]) if name in LABELS else held.shown_name(name).replace("_", " ")
                lines.append(f'<tr><th scope="row">{escape(label)}</th><td>{escape(_text(value))}</td></tr>')
    return f"<table>{''.join(lines)}</table>" if lines else ""


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return gettext(YES) if value else gettext(NO)
    return held.as_text(value)


def _withheld(each: Mapping[str, Any]) -> str:
    told = gettext(WITHHELD) % {"rows": each["rows"], "why": gettext(each["why"])}
    return f"<section><h2>{escape(gettext(each['about']))}</h2><p>{escape(told)}</p></section>"
