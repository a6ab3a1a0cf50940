"""What do the customer and staff read about a change that is not made at once?"""

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
    "D-28": _("We will make this change after a pause, so that nobody else can change it unseen."),
}

STAFF_WORDS = {
    "D-20": _("Who asked for the change has no access to the account any more."),
    "D-21": _("The same value was changed by somebody else meanwhile."),
    "D-22": _("Two seasonal addresses would hold on the same days."),
    "D-23": _("The utility's policy wants staff to look at such a change. Compare it with the document that was sent."),
    "D-24": _("The name was changed less than a day ago already. Is somebody handing the account on?"),
    "D-25": _("This document stands on another person's file."),
    "D-26": _(
        "The access or a contact is new, and now letters shall go elsewhere or the name changes. Is it a take-over?"
    ),
    "D-27": _("There is a warning on this person's file: %(flag)s."),
    "D-28": _("The change rests before it is made."),
}
