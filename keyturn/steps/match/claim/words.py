"""What do the customer and staff read when a claim's details name nobody?"""

from keyturn.terms.words import gettext_noop as _

WORDS = {
    "M-23": _("We could not connect an account with these details. Check your bill, choose another proof, or call us."),
}

STAFF_WORDS = {
    "M-23": _("These details name no account, or nobody on it. Find the account with the customer, or refuse."),
}
