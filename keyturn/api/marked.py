"""How does a description in the API's own sparing Markdown become HTML? Paragraphs, lists, **strong** and `code`."""

import re

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

_STRONG = re.compile(r"\*\*(.+?)\*\*", re.DOTALL)
_CODE = re.compile(r"`(.+?)`", re.DOTALL)


def marked(text: str) -> SafeString:
    """HTML of a description; everything in it is escaped first."""
    blocks = [block.strip() for block in text.strip().split("\n\n") if block.strip()]
    return mark_safe("\n".join(map(_block, blocks)))  # noqa: S308 (escaped in _inline)


def _block(block: str) -> str:
    lines = block.splitlines()
    if all(line.startswith("- ") for line in lines):
        return "<ul>" + "".join(f"<li>{_inline(line[2:])}</li>" for line in lines) + "</ul>"
    return f"<p>{_inline(block)}</p>"


def _inline(text: str) -> str:
    return _CODE.sub(r"<code>\1</code>", _STRONG.sub(r"<strong>\1</strong>", escape(text)))
