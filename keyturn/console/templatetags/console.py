"""How does the console show a sign, a weight, a value with its differences, a moment?"""

from datetime import datetime
from typing import Any

from django import template
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from keyturn.console.comparison import Line
from keyturn.console.differing import Piece, Value

register = template.Library()

_SIGNS = {
    "agrees": '<path d="M5 12.5l4.500 4.500L19 7.500"/>',
    "similar": '<path d="M4 9.500c3-3 5.500-3 8 0s5 3 8 0M4 15.500c3-3 5.500-3 8 0s5 3 8 0"/>',
    "differs": '<path d="M6.500 6.500l11 11M17.500 6.500l-11 11"/>',
    "missing": '<path d="M7 12h10"/>',
    "eye": '<path d="M2.500 12S6 5.500 12 5.500 21.500 12 21.500 12 18 18.500 12 18.500 2.500 12 2.500 12z"/><circle cx="12" cy="12" r="3"/>',
    "flag": '<path d="M6 21V4M6 4.500h11l-2.500 4 2.500 4H6"/>',
    "inbox": '<path d="M4 13.500L6.500 5h11L20 13.500V19H4zM4 13.500h4.500l1.500 2.500h4l1.500-2.500H20"/>',
    "late": '<path d="M12 4L2.500 20h19zM12 10v4.500M12 17.200v.1"/>',
    "out": '<path d="M14 4.500H5.500v15H14M10 12h10.500M17 8.500l3.500 3.500-3.500 3.500"/>',
    "reply": '<path d="M10 6L4 12l6 6M4.500 12H14a6 6 0 0 1 6 6"/>',
}


@register.simple_tag
def sign(name: str) -> SafeString:
    """A line icon of the console; always beside words, so it is hidden from screen readers."""
    return format_html(
        '<svg class="kt-icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">{}</svg>',
        mark_safe(_SIGNS[name]),  # noqa: S308 (our own drawing)
    )


@register.simple_tag
def value(pieces: Value) -> SafeString:
    """A value, the characters that differ from the other side marked."""
    return format_html_join("", "{}", ((_shown(each),) for each in pieces))


def _shown(piece: Piece) -> SafeString:
    """A long e-mail address may break behind its @."""
    text = format_html_join(mark_safe("@<wbr>"), "{}", ((part,) for part in piece.text.split("@")))
    return format_html('<mark class="kc-mark">{}</mark>', text) if piece.differs else text


@register.simple_tag
def scale(line: Line) -> SafeString:
    """The weight as a bar from the middle: to the right it speaks for one person, to the left against."""
    half = line.bar / 2
    start = 50 if line.side != "against" else 50 - half
    return format_html(
        '<svg class="kc-scale kc-scale--{}" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true" focusable="false">'
        '<rect class="kc-scale__track" x="0" y="3" width="100" height="2"/>'
        '<rect class="kc-scale__bar" x="{}" y="0" width="{}" height="8"/>'
        '<rect class="kc-scale__middle" x="49.500" y="0" width="1" height="8"/></svg>',
        line.side,
        f"{start:.1f}",
        f"{max(half, 0.6):.1f}",
    )


@register.filter
def moment(at: datetime | None) -> str:
    """A moment in the utility's local time, short, as people there write it: "11/22/2026, 10:35 a.m."."""
    if at is None:
        return ""
    local = timezone.localtime(at)
    return f"{date_format(local, 'SHORT_DATE_FORMAT')}, {date_format(local, 'TIME_FORMAT')}"


@register.filter
def iso(at: Any) -> str:
    """For the datetime attribute of <time>."""
    return at.isoformat() if at else ""


@register.filter
def at(values: Any, key: str) -> Any:
    """One entry of a mapping; nothing where there is none."""
    return values.get(key, "") if hasattr(values, "get") else ""
