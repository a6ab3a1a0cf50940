"""What does staff read about a delivery to the CIS?"""

from keyturn.terms.words import gettext_noop as _

WORDS = {"S-03": _("We are working on your request.")}

STAFF_WORDS = {
    "S-03": _(
        "The CIS did not accept this (%(code)s). Correct it there or here, then approve to send it again, or refuse."
    )
}
