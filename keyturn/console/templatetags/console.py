"""How does the console show a weight, a value with its differences, a moment?"""

from datetime import datetime
from typing import Any

from django import template
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from keyturn.console.differing import Piece, Value
from keyturn.console.weighing import Weighed, Weight

register = template.Library()


@register.simple_tag
def value(pieces: Value) -> SafeString:
    """A value, the characters that differ from the other side marked."""
    return format_html_join("", "{}", ((_shown(each),) for each in pieces))


def _shown(piece: Piece) -> SafeString:
    """A long e-mail address may break behind its @."""
    text = format_html_join(mark_safe("@<wbr>"), "{}", ((part,) for part in piece.text.split("@")))
    return format_html('<mark class="kc-mark">{}</mark>', text) if piece.differs else text


@register.simple_tag
def scale(weight: Weight) -> SafeString:
    """The weight as a bar from the middle: to the right it speaks for one person, to the left against."""
    half = weight.bar / 2
    start = 50 if weight.side != "against" else 50 - half
    return format_html(
        '<svg class="kc-scale kc-scale--{}" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true" focusable="false">'
        '<rect class="kc-scale__track" x="0" y="3" width="100" height="2"/>'
        '<rect class="kc-scale__bar" x="{}" y="0" width="{}" height="8"/>'
        '<rect class="kc-scale__middle" x="49.500" y="0" width="1" height="8"/></svg>',
        weight.side,
        f"{start:.1f}",
        f"{max(half, 0.6):.1f}",
    )


FULL = 40.0
"""Bits at which one half of the balance is full."""


@register.simple_tag
def half(weighed: Weighed, side: str) -> SafeString:
    """One half of the balance: what speaks for (or against) laid end to end, the strongest at the middle. Both halves
    have the same scale."""
    sides = {"for": weighed.speaks_for, "against": weighed.speaks_against}
    full = max(FULL, *(sum(abs(each.weight) for each in weights) for weights in sides.values()))
    pieces, at = [], 0.0
    for each in sides[side]:
        long = abs(each.weight) / full * 100
        start = at if side == "for" else 100 - at - long
        pieces.append((f"{start + 0.2:.2f}", f"{max(long - 0.4, 0.4):.2f}"))
        at += long
    return format_html(
        '<svg class="kc-half kc-half--{}" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true" focusable="false">'
        '<rect class="kc-scale__track" x="0" y="3" width="100" height="2"/>{}</svg>',
        side,
        format_html_join("", '<rect class="kc-half__piece" x="{}" y="0" width="{}" height="8"/>', pieces),
    )


@register.filter
def plain(number: float) -> str:
    """A number of a drawing: with a point, in every language."""
    return f"{number:.1f}"


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
