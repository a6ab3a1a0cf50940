"""How is it said that a call does not have the shape that the schema describes? Never with what was typed."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.utils.translation import gettext

from keyturn.api.v1.problems import Problem, error
from keyturn.terms.words import gettext_noop as _

RULE = "shape"
"""Stands where a rule's number stands in `errors`."""

_SENTENCES = {
    "missing": _("This is required."),
    "extra_forbidden": _("There is nothing with this name here."),
    "string_too_long": _("Use at most %(max_length)s characters."),
    "string_too_short": _("Use at least %(min_length)s characters."),
    "string_type": _("This must be a text."),
    "string_unicode": _("This is no text in Unicode."),
    "bool_type": _("This must be true or false."),
    "bool_parsing": _("This must be true or false."),
    "list_type": _("This must be a list."),
    "dict_type": _("This must be an object."),
    "model_type": _("This must be an object."),
    "model_attributes_type": _("This must be an object."),
    "too_long": _("This list is too long."),
    "int_parsing": _("This must be a whole number."),
    "greater_than_equal": _("This must be at least %(ge)s."),
    "less_than_equal": _("This must be at most %(le)s."),
    "literal_error": _("Choose one of the values that the schema lists."),
    "enum": _("Choose one of the values that the schema lists."),
    "bad_cursor": _("Take “next” from the page before, as it is."),
}
_OTHER = _("This does not have the form that the schema describes.")
_PLACES = frozenset({"body", "query", "path", "header"})


def problem(found: Iterable[Mapping[str, Any]]) -> Problem:
    """The 422 for pydantic's errors."""
    return Problem("invalid", [_said(each) for each in found][:50])


def one(kind: str, name: str) -> Problem:
    """The 422 for a single field."""
    return problem([{"type": kind, "loc": (name,)}])


def _said(found: Mapping[str, Any]) -> dict[str, str]:
    sentence = gettext(_SENTENCES.get(str(found["type"]), _OTHER))
    limits = {name: value for name, value in found.get("ctx", {}).items() if isinstance(value, int)}
    try:
        sentence = sentence % limits
    except KeyError:
        sentence = gettext(_OTHER)
    return error(RULE, _field(found.get("loc", ())), sentence)


def _field(place: Iterable[Any]) -> str:
    """The dotted name of the field: "answers", "attested.0". The first parts only say where it was sent."""
    parts = [str(part)[:60] for part in place]
    while parts and (parts[0] in _PLACES or parts[0] in ("asked",)):
        parts.pop(0)
    return ".".join(parts).encode("utf-8", "replace").decode()
