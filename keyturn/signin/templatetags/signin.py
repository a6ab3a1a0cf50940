"""How does a form of signing in look: which label, hint and keyboard does each field have?"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

from django import template
from django.core.serializers.json import DjangoJSONEncoder
from django.forms import BaseForm, HiddenInput
from django.template.loader import render_to_string
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext_lazy as _

from keyturn.signin import mails

register = template.Library()


@dataclass(frozen=True, slots=True)
class Words:
    """What a field says; `kind` names the part's template in look."""

    label: Any
    hint: Any = ""
    type: str = "text"
    autocomplete: str = ""
    kind: str = "text"


FIELDS = {
    "login": Words(_("User name or e-mail address"), autocomplete="username webauthn"),
    "email": Words(_("E-mail address"), type="email", autocomplete="email"),
    "password": Words(_("Password"), type="password", autocomplete="current-password"),
    "oldpassword": Words(_("Your password now"), type="password", autocomplete="current-password"),
    "password1": Words(
        _("New password"),
        _("12 characters or more. Four words that do not belong together are easy to keep in mind."),
        type="password",
        autocomplete="new-password",
    ),
    "code": Words(_("Code"), kind="code"),
    "name": Words(_("Name of this passkey"), _("Such as “My phone”."), autocomplete="off"),
}


MISSING = {
    "email": _("Enter your e-mail address."),
    "code": _("Enter the code."),
    "password": _("Enter your password."),
    "oldpassword": _("Enter the password that you have now."),
    "password1": _("Enter a new password."),
    "name": _("Enter a name for the passkey."),
}
NOT_AN_ADDRESS = _("Enter an e-mail address like name@example.com.")


@register.simple_tag(takes_context=True)
def fields(context: Any, form: BaseForm) -> SafeString:
    """The fields of a form, by look's own templates."""
    rows = [_part(form, name) for name, field in form.fields.items() if not isinstance(field.widget, HiddenInput)]
    shown = "".join(render_to_string(f"look/parts/{row.kind}.html", {"part": row}) for row in rows if row.kind)
    return mark_safe(shown)  # noqa: S308 (rendered with escaping)


@register.simple_tag
def problems(*forms: Any) -> list[dict[str, str]]:
    """The lines of the error summary: each field's, then the form's own, which lead to its first field."""
    return [line for form in forms if isinstance(form, BaseForm) for line in _lines(form)]


def _lines(form: BaseForm) -> Iterator[dict[str, str]]:
    for name in form.errors:
        field = name if name in form.fields else next(iter(form.fields), "")
        yield {"text": _first_error(form, name), "href": f"#{field}" if field else ""}


def _first_error(form: BaseForm, name: str) -> str:
    """The first thing that is wrong with a field, in our words: one at a time is enough to put it right."""
    for error in form.errors.as_data().get(name, []):
        if error.code == "required" and name in MISSING:
            return str(MISSING[name])
        if error.code == "invalid" and name == "email":
            return str(NOT_AN_ADDRESS)
        return str(next(iter(error)))
    return ""


def _part(form: BaseForm, name: str) -> Any:
    words = FIELDS.get(name)
    if words is None:
        return SimpleNamespace(kind="")
    bound = form[name]
    hint, error = str(words.hint), _first_error(form, name)
    ids = [f"{name}-hint"] * bool(hint) + [f"{name}-error"] * bool(error)
    value = "" if words.type == "password" else bound.value() or ""
    return SimpleNamespace(
        kind=words.kind, name=name, ident=name, label=words.label, hint=hint, error=error, value=value, type=words.type,
        autocomplete=words.autocomplete, described_by=" ".join(ids), width=0, inputmode="", longest=0, optional=False,
        heading=False, spellcheck=False, capitals="none" if words.kind == "text" else "",
    )  # fmt: skip


@register.filter
def as_json(value: Any) -> str:
    """For a data attribute that our script reads (the page escapes it)."""
    return json.dumps(value, cls=DjangoJSONEncoder)


@register.filter
def browser_name(agent: str) -> str:
    return mails.browser(agent)


@register.filter
def in_groups(secret: str) -> str:
    """Four by four, as people read and type it."""
    return " ".join(secret[at : at + 4] for at in range(0, len(secret), 4))
