"""In which words do the pages say what somebody may do, and how they came to it?"""

from datetime import datetime, timedelta
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from keyturn.portal.account import said
from keyturn.portal.dates import written
from keyturn.terms.days import local_date
from keyturn.terms.levels import ORDER, Level
from keyturn.terms.policy import Policy

LEVELS = {
    Level.VIEW: pgettext_lazy("what somebody is on an account", "May look"),
    Level.PAY: pgettext_lazy("what somebody is on an account", "May look and see what is owed"),
    Level.MANAGE: pgettext_lazy("what somebody is on an account", "Looks after the account"),
    Level.OWNER: pgettext_lazy("what somebody is on an account", "Owner"),
}
MAY = {
    Level.VIEW: gettext_lazy("See the account, its address, its services and where requests stand."),
    Level.PAY: gettext_lazy("See what is owed."),
    Level.MANAGE: gettext_lazy("Change where letters go and how bills come, and ask for services."),
    Level.OWNER: gettext_lazy("Let others act for the account, and end anybody's access to it."),
}
CAPACITIES = {
    "representative": pgettext_lazy("who one is on an account", "Authorised representative"),
    "executor": pgettext_lazy("who one is on an account", "Executor"),
    "manager": pgettext_lazy("who one is on an account", "Property manager"),
    "member": pgettext_lazy("who one is on an account", "Member of the organisation"),
}
CAME = {
    "sms": gettext_lazy("Proved with a code to a phone that we knew."),
    "email": gettext_lazy("Proved with a code to an e-mail address that we knew."),
    "letter": gettext_lazy("Proved with a code from a letter."),
    "federated": gettext_lazy("Proved with another organisation's sign-in."),
    "staff": gettext_lazy("Given by our staff, who saw the documents."),
    "request": gettext_lazy("Since the request for service."),
}
DEEDS = {
    "access_given": gettext_lazy("Access was given, and accepted"),
    "access_ended": gettext_lazy("Access was ended"),
    "taken_back": gettext_lazy("Access was taken back"),
    "access_given_back": gettext_lazy("Access was given back"),
    "access_taken_over": gettext_lazy("Our staff took access over"),
    "designee_ended": gettext_lazy("Copies of shut-off notices were ended"),
    "landlord_changed": gettext_lazy("What goes back to the landlord was changed"),
    "stopped": gettext_lazy("A new link to the account was stopped by whoever we asked"),
    "group_made": gettext_lazy("The group was made"),
    "group_changed": gettext_lazy("The group was changed"),
}


def may(level: str) -> list[str]:
    """All that a level allows, from the least."""
    return [str(MAY[each]) for each in ORDER[: ORDER.index(Level(level)) + 1]] if level in ORDER else []


def came(holder: Any, visit: Any) -> str:
    """How somebody came to act."""
    if holder.inviter is not None:
        who = _("you") if holder.inviter.pk == visit.user.pk else said.masked_email(holder.inviter.email)
        return _("Invited by %(who)s.") % {"who": who}
    return str(CAME.get(holder.access.proof, ""))


def last_day(until: datetime | None, policy: Policy) -> str:
    """An access that ends at a moment, in the day until which it holds."""
    return written(local_date(until - timedelta(seconds=1), policy)) if until else ""


def who_did(deed: Any, visit: Any) -> str:
    if deed.user_id == str(visit.user.pk):
        return _("You")
    if deed.role == "staff":
        return _("Our staff")
    return said.masked_email(deed.email) if deed.email else ""
