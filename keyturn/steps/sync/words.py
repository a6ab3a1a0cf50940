"""What does staff read about a delivery to the CIS?"""

from keyturn.terms.words import gettext_noop as _

WORDS = {
    "S-03": _("We are working on your request."),
    "S-10": _("We are working on your request."),
    "S-12": _("We are working on your request."),
    "S-16": _("We are working on your request."),
    "S-18": _("We are working on your request."),
}

STAFF_WORDS = {
    "S-03": _(
        "The CIS did not accept this (%(code)s). Correct it there or here, then approve to send it again, or refuse."
    ),
    "S-10": _(
        "Nobody knows whether the CIS has done this, and it cannot say. Look there for %(key)s. Nothing is sent again before "
        "an engineer or a supervisor has said below what is there."
    ),
    "S-12": _(
        "The CIS has a person with this identifier whom we do not know: %(refs)s. If it is somebody else, approve to send this "
        "as a new person; if it is the same person, an engineer or a supervisor can say so below."
    ),
    "S-16": _(
        "The CIS’s own staff have changed the same there meanwhile (%(refs)s). Look there: approve to overwrite it with this "
        "change, or refuse, and what the CIS holds is taken over."
    ),
    "S-18": _(
        "The CIS has done this, but for somebody, or on an account, that is not this file’s: %(refs)s. Look whose it is. If "
        "another file here is the same person’s, make the files one, then approve: the answer is taken without sending anything "
        "again. If not, discard this below, which cancels it there, and tell the CIS’s staff."
    ),
}
