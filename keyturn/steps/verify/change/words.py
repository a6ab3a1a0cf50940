"""What is said when a change needs a proof?"""

from keyturn.terms.words import gettext_noop as _

WORDS = {
    "Y-13": _("Enter the code that we sent to this contact."),
    "Y-10": _("Show us once more that it is you before we change this."),
    "Y-11": _("Enter the code that we sent to the new e-mail address."),
}
