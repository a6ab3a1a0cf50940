"""What does staff, or the applicant, read when the person or the premise is not clear?

The applicant never learns that somebody like them is on file (I7): their words only say that we are checking.
"""

from keyturn.terms.words import gettext_noop as _

WORDS = {
    "M-02": _("We are checking your details."),
    "M-04": _("We are checking your details."),
    "M-05": _("We are checking the address."),
}

STAFF_WORDS = {
    "M-02": _("The applicant may be somebody on file. Compare them and say whether they are the same person."),
    "M-04": _("The identifier is on file already. Find out whose it is."),
    "M-05": _("The service address is not on file. Find the premise, or have it created."),
}
