"""What is said when a link cannot go?"""

from keyturn.terms.words import gettext_noop as _

WORDS = {
    "E-21": _("You are the last one who can let others in. Call us if you want to give the account up."),
}
