"""What is said when letting somebody act needs a proof?"""

from keyturn.terms.words import gettext_noop as _

WORDS = {
    "Y-12": _("Show us once more that it is you before somebody else may act for you."),
}
