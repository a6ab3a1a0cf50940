"""What do the owner and staff read about an invitation?"""

from keyturn.terms.words import gettext_noop as _

WORDS = {
    "D-30": _("Only an owner of the account can do this."),
    "D-31": _("We are waiting for their answer."),
    "D-32": _("They did not accept in time, or they declined."),
    "D-33": _("We look at this before we send the invitation."),
}

STAFF_WORDS = {
    "D-30": _("Who invites does not own the account (any more)."),
    "D-31": _("The invitation waits for its answer."),
    "D-32": _("Nobody accepted the invitation."),
    "D-33": _("There is a warning on this person's file: %(flag)s."),
}
