"""What does the applicant read, and what does staff read, for each reason to stop?

The applicant's words are neutral (F.2): no debt, no occupant and no warning is ever named to somebody unproved.
"""

from keyturn.terms.words import gettext_noop as _

WORDS = {
    "D-20": _("You may not change this any more. The owner of the account can give you access again."),
    "D-21": _("This was changed by somebody else while you were here. See what is there now, and choose."),
    "D-22": _("Another seasonal address holds on some of these days. Choose other days, or change that address first."),
    "D-23": _("We look at this change before we make it."),
    "D-24": _("We look at this change before we make it."),
    "D-25": _("We need to verify your identity."),
    "D-26": _("We look at this change before we make it."),
    "D-27": _("We look at this change before we make it."),
    "D-30": _("Only an owner of the account can do this."),
    "D-31": _("We are waiting for their answer."),
    "D-32": _("They did not accept in time, or they declined."),
    "D-33": _("We look at this before we send the invitation."),
    "D-28": _("We will make this change after a pause, so that nobody else can change it unseen."),
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
    "D-20": _("Who asked for the change has no access to the account any more."),
    "D-21": _("The same value was changed by somebody else meanwhile."),
    "D-22": _("Two seasonal addresses would hold on the same days."),
    "D-23": _("The utility's policy wants staff to look at such a change. Compare it with the document that was sent."),
    "D-24": _("The name was changed less than a day ago already. Is somebody handing the account on?"),
    "D-25": _("This document stands on another person's file."),
    "D-26": _("The access or a contact is new, and now letters shall go elsewhere or the name changes. Is it a take-over?"),
    "D-27": _("There is a warning on this person's file: %(flag)s."),
    "D-30": _("Who invites does not own the account (any more)."),
    "D-31": _("The invitation waits for its answer."),
    "D-32": _("Nobody accepted the invitation."),
    "D-33": _("There is a warning on this person's file: %(flag)s."),
    "D-28": _("The change rests before it is made."),
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
