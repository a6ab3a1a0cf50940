"""What do a customer and a member of staff read about a privacy request?"""

from keyturn.terms.words import gettext_noop as _

WORDS = {
    "K-60": _("We look at your request before we give out a copy, so that nobody else gets it."),
    "K-61": _("We look at your request. Two of us agree before anything is erased, because it cannot be brought back."),
    "K-62": _("We look at your request before anything is erased."),
    "K-63": _("We look at what you say is wrong, and write to you."),
    "K-64": _("What we need to supply you, to bill you or to carry out what you asked for stays."),
    "K-65": _("The law asks us to keep accounts with a name and an address for some years."),
    "K-76": _("This person was erased at their own request. Have the system that sent the row forget them too."),
    "K-77": _("Only the person themselves can ask this."),
    "K-67": _("This takes us longer than usual. We will write to you by the new date."),
}

STAFF_WORDS = {
    "K-60": _("There is an open case or a warning about this person. Give the copy only when you know who asks."),
    "K-61": _("%(agreed)s of %(of)s members of staff have agreed to this erasure. Another one must look too."),
    "K-62": _("Open cases that look like fraud: %(cases)s. Decide them first: approving does not go past them."),
    "K-63": _(
        "The customer says that something is wrong which they cannot change themselves. Put it right, then approve."
    ),
}

REASONS = {
    "served": _("You are a customer, or were until just now: we need it to supply and bill you."),
    "owes": _("A bill is not paid yet."),
    "asked": _("A request of yours is not finished yet."),
    "books": _("The law asks us to keep accounts for some years after they have ended."),
    "record": _("It says by numbers and codes what was done, and leads to nobody without your name."),
}
"""Why something stays, in the customer's words, by the code in `PrivacyCase.kept`."""
