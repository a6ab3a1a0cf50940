"""How is a service address written out, whether it was chosen or described?"""

from typing import Any

from keyturn.portal import addresses
from keyturn.records.queries import premises


def place_lines(answer: Any) -> list[str]:
    """The lines of the premise that was chosen, else of the address as it was typed."""
    answer = answer or {}
    premise = premises.by_id(str(answer.get("premise_id"))) if answer.get("premise_id") else None
    return premise.address.lines() if premise is not None else addresses.shown(answer)
