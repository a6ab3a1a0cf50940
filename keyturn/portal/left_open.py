"""What do the utility's policy and the chosen premise leave open to somebody who starts service?"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from keyturn import flow
from keyturn.journeys import Page
from keyturn.portal.dates import written
from keyturn.portal.forms import Setting
from keyturn.records.queries import premises
from keyturn.terms.person import Kind
from keyturn.terms.policy import Policy

Answers = Mapping[str, Any]


def setting_of(asked: Page, answers: Answers, *, now: datetime, policy: Policy) -> Setting:
    """The choices that are offered on a page, and what today adds to a hint."""
    organisation = answers.get("kind") == Kind.ORGANISATION
    phone = answers.get("phone")  # who has none is not asked whether we may text them
    documents = policy.identifiers_for_organisation if organisation else policy.identifiers_for_person
    only = {
        "id_type": (*documents, "none"),
        "consents": (
            *policy.required_consents,
            *(each for each in policy.optional_consents if each != "texts" or phone),
        ),
        "language": policy.languages,
    }
    if any(each.name == "services" for each in asked.questions) and (premise := chosen_premise(answers)) is not None:
        only["services"] = tuple(premise.services)
    return Setting(only, hints={"start_date": _days(now, policy)})


def _days(now: datetime, policy: Policy) -> str:
    """Which days can be chosen, before somebody chooses one that cannot."""
    first, last = flow.start_days(now=now, policy=policy)
    return _("Choose a day from %(first)s to %(last)s.") % {"first": written(first), "last": written(last)}


def chosen_premise(answers: Answers) -> Any:
    address = answers.get("service_address") or {}
    return premises.by_id(str(address.get("premise_id"))) if address.get("premise_id") else None
