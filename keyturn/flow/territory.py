"""Does this utility serve an address that is not on file, and if not, who does?

Asked by the doors while somebody is still typing; the same rules (V-12, D-12, D-13) decide again when the request is sent.
"""

from collections.abc import Mapping
from datetime import datetime

from keyturn.records.queries import premises
from keyturn.steps.decide import rules
from keyturn.steps.validate import step as validate
from keyturn.terms.address import Address
from keyturn.terms.finding import Finding
from keyturn.terms.policy import Policy


def wrong_with_place(*, address: Mapping[str, str], now: datetime, policy: Policy) -> list[Finding]:
    """What must be mended in a service address before anybody can say who serves it (V-12)."""
    found = validate.findings_for({"service_address": dict(address)}, channel="portal", now=now, policy=policy)
    return [each for each in found if each.field.startswith("service_address")]


def who_serves(*, address: Mapping[str, str], policy: Policy) -> tuple[bool, str]:
    """Whether it can be ours, and the neighbour's name where it is not and we know it (BR-40, ER-04)."""
    code = Address.from_mapping(address).postal_code
    if rules.postal_code_is_ours(code, policy, premises_nearby=premises.inside(code)):
        return True, ""
    return False, rules.who_serves(code, policy)
