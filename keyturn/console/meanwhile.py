"""What happened to a request while somebody had its page open, and was it they themselves?"""

from collections.abc import Mapping
from typing import Any

from keyturn.records.queries import requests
from keyturn.terms.request import Actor
from keyturn.terms.words import gettext_noop

CHANGED = gettext_noop("This request changed while you had it open. Look at what is new, then decide again.")

DONE_BY_YOU = gettext_noop("You have done this already.")


def number(text: str) -> int:
    """The version, or the last event, that the page showed; without a readable one the page counts as stale."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else -1


def events_since(case: Any, form: Mapping[str, str]) -> list[Any]:
    """What happened since the page was made that sent this form."""
    seen = number(form.get("seen", ""))
    return [each for each in requests.events(case) if each.number > seen]


def did(case: Any, form: Mapping[str, str], actor: Actor, what: str, **data: Any) -> bool:
    """Whether what changed since is this very act of this very person: they pressed twice."""
    wanted = (what, actor.role, actor.ident)
    return number(form.get("seen", "")) >= 0 and any(
        (each.what, each.role, each.actor) == wanted and data.items() <= each.data.items()
        for each in events_since(case, form)
    )
