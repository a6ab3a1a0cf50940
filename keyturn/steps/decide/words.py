"""What does the applicant read, and what does staff read, for each reason to stop?

The applicant's words are neutral (F.2): no debt, no occupant and no warning is ever named to somebody unproved.
"""

from keyturn.terms.words import gettext_noop as _

WORDS = {
    "D-01": _("We do not serve this address."),
    "D-02": _("We are checking which services can start at this address."),
    "D-03": _("We are checking when service can start at this address."),
    "D-04": _("We are checking your request."),
    "D-05": _("We are checking your request."),
    "D-06": _("We are checking your details."),
    "D-07": _("We are checking your details."),
    "D-08": _("We will find another way to tell that it is you."),
    "D-09": _("We are checking your request."),
    "D-10": _("We are checking your details."),
    "D-11": _("Your start date has passed. We will start service as soon as we can."),
}

STAFF_WORDS = {
    "D-01": _("The address lies outside the territory."),
    "D-02": _("The premise has no service point for a service that was asked for."),
    "D-03": _("Somebody else has, or will have, %(service)s at the premise on the start date, and no stop is on file."),
    "D-04": _("The person has this service at this premise already, or it is about to start."),
    "D-05": _("The person has an unpaid final bill. Weigh it: it is no ground to refuse by itself."),
    "D-06": _("Several other persons use the same e-mail or phone."),
    "D-07": _("A new person without a birth date: find out whether they may sign."),
    "D-08": _("The applicant has none of the accepted documents. Find another way to know them."),
    "D-09": _("There is a warning on this person's file: %(flag)s."),
    "D-10": _("This differs from what is on file. It was kept as a proposal; the file is unchanged."),
    "D-11": _("The start date has passed while the request waited."),
}
