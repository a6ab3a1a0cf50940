"""What is said of a request that the CIS would not serve, or could not say so?

One sentence for every cause is all that the applicant reads: it names no debt, no other customer and nobody on file, and
does not tell one cause from another.
"""

from keyturn.terms.words import gettext_noop as _

WORDS = {
    "Y-07": _("We are checking your request."),
    "Y-08": _("We are checking your request."),
}

STAFF_WORDS = {
    "Y-07": _(
        "The CIS says that it would not take this (%(codes)s), and nothing was written. Put it right there, then look again; "
        "or approve, and the CIS decides when it is told."
    ),
    "Y-07.debt": _(
        "The CIS holds a debt against this (%(codes)s). Look there whose it is: only the person’s own unpaid bill may count, "
        "and it is no ground to refuse by itself. Do not tell the applicant what somebody else owes."
    ),
    "Y-07.disconnected": _(
        "The CIS says that service is cut off there (%(codes)s). Find out whether it was for the person now moving in: what "
        "others left unpaid is not held against them."
    ),
    "Y-07.premise_not_served": _(
        "The CIS says that the place is not served (%(codes)s). Find out who serves it, and say so when you refuse."
    ),
    "Y-07.no_service_point": _(
        "The CIS has no service point there for a service that was asked for (%(codes)s). Have it set up there and look "
        "again, or ask the applicant."
    ),
    "Y-07.premise_occupied": _(
        "In the CIS somebody else is served there and has not asked to stop (%(codes)s). Find out who leaves when, then look "
        "again. Do not tell the applicant who lives there."
    ),
    "Y-07.already_served": _(
        "In the CIS this person has service there already, or it is about to start (%(codes)s). Compare with the account "
        "there, then look again or refuse."
    ),
    "Y-07.identifier_in_use": _(
        "In the CIS the same document stands on another person (%(codes)s). Find out who it is before anybody is entered."
    ),
    "Y-07.unknown_person": _(
        "The CIS does not know the person, account or place that we have on file (%(codes)s). Compare the two, then look again."
    ),
    "Y-08": _("The CIS could not say whether it would take this (%(codes)s). Look there, then approve or look again."),
    "Y-08.unavailable": _(
        "The CIS did not answer in time whether it would take this. When it is back, look again; or approve, and it decides "
        "when it is told."
    ),
}
for _like in ("unknown_account", "unknown_premise", "not_their_account"):
    STAFF_WORDS[f"Y-07.{_like}"] = STAFF_WORDS["Y-07.unknown_person"]
