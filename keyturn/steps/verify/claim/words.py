"""What is said about claiming an account? One text for every cause (ER-08): nobody learns whether an account exists."""

from keyturn.terms.words import gettext_noop as _

WORDS = {
    "Y-22": _("This code is not right, or it has expired. Check the newest message, or ask for a new code."),
    "Y-23": _("You have tried several times. Please wait until %(at)s, or call us."),
    "Y-24": _("We could not connect the account with what the provider told us. Choose another proof, or call us."),
    "Y-25": _("Enter the code that we sent, or choose another proof."),
}
