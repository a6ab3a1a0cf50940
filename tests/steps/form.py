"""What does a filled-in form look like to the rules of *validate*?"""

from datetime import date
from typing import Any

from keyturn.steps.validate import rules
from keyturn.terms.policy import Policy

TODAY = date(2026, 12, 7)


def form(
    *, today: date = TODAY, hour: int = 10, strict: bool = True, policy: Policy | None = None, **answers: Any
) -> rules.Form:
    return rules.Form(answers, today, hour, policy or Policy(), strict)


def why(found: Any) -> list[str]:
    """The reason of each finding, or its field where the rule has one reason only."""
    return [str(each.params.get("why") or each.field) for each in found]
