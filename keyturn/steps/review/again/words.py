"""What does staff read who looks at a link again, or turns the machine's links on or off?"""

from keyturn.terms.words import gettext_noop as _

WORDS = {
    "R-41.verdict": _("Say whether this is the same person, another, or that you cannot tell."),
    "R-41.reason": _("Write what you compared, in one full sentence."),
    "R-43.supervisor": _("Only a supervisor turns automatic links on or off."),
    "R-43.reason": _("Write why, in one full sentence that names no customer. It is kept with your name."),
}
