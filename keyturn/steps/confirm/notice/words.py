"""What does a caller read who wants something said that cannot be?"""

from keyturn.terms.words import gettext_noop as _

WORDS = {
    "C-37": _("Name one of these topics: %(topics)s."),
    "C-37.empty": _("Say what the message is about, and what it says."),
}
