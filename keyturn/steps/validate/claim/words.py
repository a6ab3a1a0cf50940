"""What is said about details by which no account can be looked for?"""

from keyturn.terms.words import gettext_noop as _

WORDS = {
    "V-30": _("Check the account number: one of its digits is not right."),
    "V-31": _("Fill in at least %(needed)s of these."),
    "V-32": _("Enter four digits or letters, the last ones."),
    "V-33": _("You have this account already."),
    "V-34": _("Choose one of the ways that are offered."),
    "V-35": _("Choose one of the kinds that are offered."),
}
