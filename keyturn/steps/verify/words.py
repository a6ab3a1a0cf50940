"""What is said about codes and proofs?"""

from keyturn.terms.words import gettext_noop as _

WORDS = {
    "Y-01": _("Prove your e-mail address with the code that we send to it."),
    "Y-03": _("We need to verify your identity."),
    "Y-04": _("This code is not right. Check our newest e-mail and try again."),
    "Y-04.expired": _("This code has expired. Ask for a new one: it arrives within a minute."),
    "Y-04.used": _("This code was used already. Ask for a new one."),
    "Y-04.too_many": _("There were too many tries with this code. Ask for a new one."),
    "Y-05": _("We have sent several codes already. Look in your spam folder, or try again in an hour."),
}

STAFF_WORDS = {
    "Y-03": _("The outside identity check did not confirm this person (%(outcome)s). Ask for another proof."),
}
