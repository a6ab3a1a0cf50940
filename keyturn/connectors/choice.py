"""Which connector does a setting name?"""

from collections.abc import Callable, Mapping
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.utils.module_loading import import_string

from keyturn.terms.message import Outgoing

Sender = Callable[[Outgoing], None]
"""Sends one message, or raises Unavailable, InDoubt or Rejected."""


def chosen(setting: str, value: str, known: Mapping[str, str]) -> Any:
    """The class or function that `value` stands for: one of the short names in `known`, or a dotted name of your own."""
    dotted = known.get(value, value)
    if "." not in dotted:
        raise ImproperlyConfigured(f"{setting} is {value!r}: use {', '.join(known)} or a dotted name")
    try:
        return import_string(dotted)
    except ImportError as error:
        raise ImproperlyConfigured(f"{setting} is {value!r}: {error}") from error
