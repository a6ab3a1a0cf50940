"""What do staff read when they settle a delivery by hand?"""

from keyturn.terms.words import gettext_noop as _

WORDS = {number: _("We are working on your request.") for number in ("S-11", "S-14", "S-15", "S-17")}

STAFF_WORDS = {
    "S-11": _("The CIS does not show this under that number. Look there again."),
    "S-14": _("Say in a sentence why, so that a colleague can follow it."),
    "S-15": _("Choose one of the persons that the CIS has shown."),
    "S-17": _("An earlier try has arrived as well: there are two of it. End the one that nobody named."),
}
