"""Does what a mapping's expression made of the CIS's answer have our shape?"""

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from keyturn.connectors.cis.mapped.expressions import Unreadable
from keyturn.terms.cis import Answer, Changed, Changes
from keyturn.terms.errors import Unavailable

_CODE = re.compile(r"[a-z][a-z0-9_]{0,39}")
"""A word, and never a CIS's own text, which could quote what it was sent."""


def answer(found: Any) -> Answer:
    """{person_ref, account_ref, agreement_refs} as our Answer. Raises Unreadable."""
    if not isinstance(found, Mapping) or found.keys() - {"person_ref", "account_ref", "agreement_refs"}:
        raise Unreadable("answer")
    agreements = found.get("agreement_refs") or {}
    if not isinstance(agreements, Mapping):
        raise Unreadable("agreement_refs")
    return Answer(
        _ref(found.get("person_ref")),
        _ref(found.get("account_ref")),
        {str(service): _ref(ref) for service, ref in agreements.items()},
    )


def as_first(found: Answer) -> Answer:
    return replace(found, repeated=False)


def as_repeated(found: Answer) -> Answer:
    return replace(found, repeated=True)


def read(found: Any) -> Mapping[str, Any]:
    """A person, an account or a premise. Raises Unreadable."""
    if not isinstance(found, Mapping):
        raise Unreadable("answer")
    return found


def references(found: Any) -> tuple[str, ...]:
    """A list of references, each once. Raises Unavailable."""
    if not isinstance(found, list) or not all(isinstance(each, str | int) for each in found):
        raise Unavailable("unreadable_answer", "search")
    return tuple(dict.fromkeys(str(each) for each in found if each != ""))


def codes(found: Any) -> tuple[str, ...]:
    """Why it would be refused, each once: codes of `terms.cis`, and what else the mapping has a word for. Raises Unavailable."""
    if not isinstance(found, list):
        raise Unavailable("unreadable_answer", "check")
    known = [each if isinstance(each, str) and _CODE.fullmatch(each) else "against_the_rules" for each in found]
    return tuple(dict.fromkeys(known))


def changes(found: Any, *, since: str) -> Changes:
    """{items: [{noun, ref, key}], cursor, more}. A feed at its end may name no cursor: it is asked from `since` again, and
    what is told twice does no harm. Raises Unavailable."""
    try:
        items = tuple(Changed(_ref(each["noun"]), _ref(each["ref"]), _ref(each.get("key"))) for each in found["items"])
        return Changes(items, _ref(found["cursor"]) or since, _is_so(found.get("more")))
    except (KeyError, TypeError, AttributeError, Unreadable):
        raise Unavailable("unreadable_answer", "changes") from None


def _is_so(value: Any) -> bool:
    """True, false or nothing; "false" and "N" would be true otherwise."""
    if value not in (None, True, False):
        raise Unreadable("more")
    return bool(value)


def _ref(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise Unreadable("reference")
    return str(value)
