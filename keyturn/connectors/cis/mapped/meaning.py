"""What does a failure mean by the file's [[errors]], and does the file take one that says nothing for a word of the CIS?

Of a gateway's page nobody knows what became of what was asked. What takes it for "there is none", or for a refusal, has a
command that was carried out sent again, or given up.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from keyturn.connectors.cis.mapped.expressions import Expression, Scope, Unreadable
from keyturn.connectors.cis.mapped.parts import REFUSALS, ErrorRule, Means
from keyturn.terms.errors import Rejected

IN_DOUBT: Final = (500, 502, 504)
FAILURES: Final = (*IN_DOUBT, 503)
_PAGES: Final = (None, {"message": "-"})


def meaning_of(rules: Iterable[ErrorRule], answer: Scope) -> tuple[Means, str]:
    """What it means, and the code of a refusal. What stands nowhere is in doubt.

    A rule that cannot be tried on this page (it reads a message, and there is none) does not hold: the next one is tried.
    """
    for rule in rules:
        if _holds(rule.when, answer):
            return rule.means, _code(rule, answer)
    return Means.IN_DOUBT, ""


def _code(rule: ErrorRule, answer: Scope) -> str:
    try:
        code = rule.code.evaluate(answer) if rule.code else ""
    except (Unreadable, Rejected):
        code = None
    return code if isinstance(code, str) and code in REFUSALS else "against_the_rules"


def mistaken(rules: Iterable[ErrorRule]) -> tuple[int, Means] | None:
    """The first failure without a page, and what is wrongly made of it: a refusal, or that there is none."""
    listed = tuple(rules)
    for status in IN_DOUBT:
        means, _ = meaning_of(listed, _page(status, None))
        if means in (Means.REJECTED, Means.NOTHING):
            return status, means
    return None


def none_of(none_when: Expression, names: Iterable[str], *, calls: Iterable[str]) -> int | None:
    """The status of a failure that passes for "there is none", though its page says nothing. `names` may begin a path in
    the expression, `calls` are those whose answers it may read."""
    for status in FAILURES:
        for said in _PAGES:
            page = _page(status, said)
            if _holds(none_when, {**dict.fromkeys(names, ""), **page, "got": dict.fromkeys(calls, page)}):
                return status
    return None


def _page(status: int, body: Any) -> dict[str, Any]:
    return {"status": status, "body": body, "fault": None}


def _holds(expression: Expression, scope: Mapping[str, Any]) -> bool:
    try:
        return expression.true(scope)
    except (Unreadable, Rejected):
        return False
