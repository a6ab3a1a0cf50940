"""What do the customer and staff read when a claim is not granted by machine? The customer's words name no cause."""

from keyturn.terms.words import gettext_noop as _

WORDS = {f"D-{number}": _("A member of our staff looks at it.") for number in range(40, 47)}

STAFF_WORDS = {
    "D-40": _("There is a warning on this person's file: %(flag)s."),
    "D-41": _("The last service of this account ended long ago."),
    "D-42": _("Another login owns this account already. Find out who both are."),
    "D-43": _("Compare the document with the file, and give the account only to who is on it."),
    "D-44": _("Several accounts were tried by one login or address, or several logins tried this one (%(pattern)s)."),
    "D-45": _("This person is on the account, but not responsible for it. Say what they may do, or refuse."),
    "D-46": _("This login acts for the owner already, and now wants to be the owner."),
}
