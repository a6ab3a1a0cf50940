"""How does a template say "show this field", "this icon", "this page in the other language"?"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from django import template
from django.conf import settings
from django.contrib.staticfiles.storage import staticfiles_storage
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.html import escape, format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language, pgettext

from keyturn.look import brand
from keyturn.look.parts import Part, Problem

register = template.Library()

_ICONS = {
    "agrees": '<path d="M5 12.500l4.500 4.500L19 7.500"/>',
    "alert": '<circle cx="12" cy="12" r="9"/><path d="M12 7.500v5.500M12 16.400v.1"/>',
    "arrow": '<path d="M5 12h14M13 6l6 6-6 6"/>',
    "back": '<path d="M15 5l-7 7 7 7"/>',
    "bolt": '<path d="M13 3L5 13.500h6L10 21l8.500-11H12z"/>',
    "building": '<path d="M5 20.5V5.500L13 3v17.500M13 9l6 2v9.500M3.500 20.500h17M8 8.500h2M8 12.500h2M8 16.500h2M16 14h.1M16 17h.1"/>',
    "calendar": '<rect x="4" y="5.500" width="16" height="15" rx="2.500"/><path d="M4 10.500h16M8.500 3v4M15.500 3v4"/>',
    "check": '<path d="M5 12.500l4.500 4.500L19 7.500"/>',
    "clock": '<circle cx="12" cy="12" r="9"/><path d="M12 7v5.300l3.500 2"/>',
    "device": '<rect x="7" y="3" width="10" height="18" rx="2.500"/><path d="M11 18h2"/>',
    "differs": '<path d="M6.500 6.500l11 11M17.500 6.500l-11 11"/>',
    "drop": '<path d="M12 3.500c3.600 4.300 6 7.300 6 10.500a6 6 0 0 1-12 0c0-3.200 2.400-6.200 6-10.500z"/>',
    "eye": '<path d="M2.500 12S6 5.500 12 5.500 21.500 12 21.500 12 18 18.500 12 18.500 2.500 12 2.500 12z"/><circle cx="12" cy="12" r="3"/>',
    "flag": '<path d="M6 21V4M6 4.500h11l-2.500 4 2.500 4H6"/>',
    "flame": '<path d="M12 3c.6 3.200 5.500 5.600 5.500 11a5.500 5.500 0 0 1-11 0c0-2.400 1.200-4 2.300-5.200.2 1.700.9 2.600 1.900 2.900C10 8.500 10.300 5.500 12 3z"/>',
    "globe": '<circle cx="12" cy="12" r="9"/><path d="M3.500 12h17M12 3c5 5.400 5 12.600 0 18M12 3c-5 5.400-5 12.600 0 18"/>',
    "house": '<path d="M4 11.500L12 5l8 6.500M6.500 10v9.500h11V10M10.500 19.500V14h3v5.500"/>',
    "inbox": '<path d="M4 13.500L6.500 5h11L20 13.500V19H4zM4 13.500h4.500l1.500 2.500h4l1.500-2.500H20"/>',
    "late": '<path d="M12 4L2.500 20h19zM12 10v4.500M12 17.200v.1"/>',
    "lock": '<rect x="5.500" y="10.500" width="13" height="9.500" rx="2"/><path d="M8.500 10.500V8a3.500 3.500 0 0 1 7 0v2.500"/>',
    "mail": '<rect x="3.500" y="5.500" width="17" height="13" rx="2.500"/><path d="M4 7.500l8 6 8-6"/>',
    "missing": '<path d="M7 12h10"/>',
    "out": '<path d="M14 4.500H5.500v15H14M10 12h10.500M17 8.500l3.500 3.500-3.500 3.500"/>',
    "person": '<circle cx="12" cy="8" r="4"/><path d="M4.500 20.500c.8-4 3.600-6 7.500-6s6.700 2 7.500 6"/>',
    "phone": '<path d="M6 3.500h3l1.700 4.300-2 1.500a12 12 0 0 0 6 6l1.500-2 4.300 1.700v3a2 2 0 0 1-2.200 2A17 17 0 0 1 4 5.700 2 2 0 0 1 6 3.500z"/>',
    "pin": '<path d="M12 21c4.500-4.600 7-8 7-11.300a7 7 0 0 0-14 0C5 13 7.500 16.400 12 21z"/><circle cx="12" cy="9.700" r="2.500"/>',
    "question": '<circle cx="12" cy="12" r="9"/><path d="M9.600 9.500a2.500 2.500 0 1 1 3.600 2.300c-.8.4-1.200 1-1.200 1.900M12 16.600v.1"/>',
    "reply": '<path d="M10 6L4 12l6 6M4.500 12H14a6 6 0 0 1 6 6"/>',
    "search": '<circle cx="10.500" cy="10.500" r="6.500"/><path d="M15.500 15.500L21 21"/>',
    "shield": '<path d="M12 3l7.500 2.700v5.600c0 4.700-3 8-7.500 9.700-4.500-1.700-7.500-5-7.500-9.700V5.700z"/><path d="M8.700 12l2.300 2.300 4.300-4.500"/>',
    "similar": '<path d="M4 9.500c3-3 5.500-3 8 0s5 3 8 0M4 15.500c3-3 5.500-3 8 0s5 3 8 0"/>',
}


class Lasting(template.Node):
    """Rendered once for each language and brand, then kept in this process."""

    def __init__(self, nodes: template.NodeList) -> None:
        self._nodes = nodes
        self._kept: dict[tuple[str, bool], tuple[brand.Brand, SafeString]] = {}

    def render(self, context: template.Context) -> SafeString:
        utility = brand.current()
        key = (
            get_language() or "",
            bool(getattr(staticfiles_storage, "hashed_files", None)),
        )  # names of files change once, when they are laid out
        kept = self._kept.get(key)
        if kept is None or kept[0] is not utility:
            plain = template.Context({"brand": utility}, autoescape=context.autoescape)
            with plain.bind_template(context.template), plain.render_context.push_state(context.template):
                kept = self._kept[key] = utility, self._nodes.render(plain)
        return kept[1]


@register.tag
def lasting(parser: Any, _token: Any) -> Lasting:
    """What is the same for everybody, whatever page it stands on: it knows the brand and the language, and nothing else."""
    nodes = parser.parse(("endlasting",))
    parser.delete_first_token()
    return Lasting(nodes)


@register.simple_tag
def icon(name: str) -> SafeString:
    """A line icon of our own; always beside words, so it is hidden from screen readers."""
    return format_html(
        '<svg class="kt-icon" width="20" height="20" fill="none" stroke="currentColor" viewBox="0 0 24 24" aria-hidden="true" focusable="false">{}</svg>',
        mark_safe(_ICONS[name]),  # noqa: S308 (drawn above)
    )


@register.simple_tag
def part(field: Part) -> SafeString:
    """One field with its label, hint and error."""
    return mark_safe(render_to_string(f"look/parts/{field.kind}.html", {"part": field}))  # noqa: S308 (rendered with escaping)


@register.simple_tag
def error_summary(problems: Sequence[Problem]) -> SafeString:
    """What is wrong and where to put it right; takes the focus when the page opens, without JavaScript."""
    if not problems:
        return SafeString("")
    return mark_safe(render_to_string("look/error_summary.html", {"problems": problems}))  # noqa: S308 (rendered with escaping)


@register.inclusion_tag("look/progress.html")
def progress(now: int, last: int, title: str) -> dict[str, Any]:
    """How far one has come: "Step 3 of 8: Your details"."""
    return {
        "now": now,
        "last": last,
        "title": title,
        "marks": [("is-done" if at < now else "is-now" if at == now else "") for at in range(1, last + 1)],
    }


_LANGUAGE = (
    '<li><form action="{}" method="post"><input type="hidden" name="csrfmiddlewaretoken" value="{}">'
    '<input type="hidden" name="next" value="{}">'
    '<button class="kt-tool" name="language" value="{}" lang="{}">{}{}</button></form></li>'
)


@register.simple_tag(takes_context=True)
def languages(context: Mapping[str, Any]) -> SafeString:
    """The way to this same page in the other languages, each named in its own."""
    request = context.get("request")
    here = (get_language() or "en")[:2]
    names = {"en": "English", "es": "Español"}
    path = request.get_full_path() if request is not None else "/"
    token, action, globe = context.get("csrf_token", ""), reverse("look:language"), icon("globe")
    return format_html_join(
        "", _LANGUAGE,
        ((action, token, path, code, code, globe, names.get(code, code))
         for code in settings.KEYTURN_POLICY.languages if code != here),
    )  # fmt: skip


@register.filter
def boxes(field: Part) -> list[dict[str, Any]]:
    """The three boxes of a date, in the order in which the language being shown writes one."""
    labels = {
        "month": pgettext("part of a date", "Month"),
        "day": pgettext("part of a date", "Day"),
        "year": pgettext("part of a date", "Year"),
    }
    value = field.value if isinstance(field.value, Mapping) else {}
    order = pgettext("order of the boxes of a date", "month day year").split()
    order = [each for each in order if not (field.without_year and each == "year")]
    return [{"name": n, "label": labels[n], "value": value.get(n, ""), "width": 4 if n == "year" else 3} for n in order]


@register.filter
def unbroken(text: str) -> SafeString:
    """Text in which no line ends inside a short word with a hyphen: "e-mail", a reference."""
    return mark_safe(  # noqa: S308 (escaped first)
        re.sub(
            r"\w+(?:-\w+)+",
            lambda word: f'<span class="kt-nowrap">{word[0]}</span>' if len(word[0]) < 16 else word[0],
            escape(text),
        )
    )


@register.filter
def holds(value: Any, item: str) -> bool:
    """Is this choice among what was chosen?"""
    return item in value if isinstance(value, (list, tuple, set)) else str(value) == item
