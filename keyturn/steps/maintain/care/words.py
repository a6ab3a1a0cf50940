"""What do staff and customers read about care?"""

from keyturn.terms.words import gettext_noop as _

WORDS = {
    "K-81.length": _("The certificate must hold between %(least)s and %(most)s days."),
    "K-81.no_date": _("Enter the first and the last day that stand on the certificate."),
    "K-81.not_now": _("The certificate does not hold today. Look at its dates."),
    "K-83": _("Write why, in a sentence: whoever looks at this case later reads it."),
    "K-84": _("Only a supervisor says that it was fraud. Leave it open, and tell them."),
    "K-85.how": _("Say whether it was wrong, or has changed."),
    "K-85.reason": _("Write who told you, and how you know that it is they."),
    "K-86": _("Write why, in a sentence."),
    "K-87.capacity": _("Choose as what they act."),
    "K-87.document": _("Add the document that names them."),
    "K-87.level": _("Choose what they may do."),
    "K-87.login": _("Nobody has signed up with this e-mail address. They must make a login first."),
    "K-87.until": _("Enter a day in the future."),
}

STAFF_WORDS = {
    "K-82": _("The certificate has not come in time. Call them: nobody is cut off because a paper is late."),
}
