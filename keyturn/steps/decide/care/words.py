"""What do the customer and staff read about protection that does not begin at once?"""

from keyturn.terms.words import gettext_noop as _

WORDS = {
    "D-60": _("You may not change this account. The owner can ask for this, or call us."),
    "D-61": _("We look at this first, and call you. Nothing is shut off meanwhile."),
}

STAFF_WORDS = {
    "D-61": _("An earlier protection of this account ended without a certificate. Call them, then decide."),
}
