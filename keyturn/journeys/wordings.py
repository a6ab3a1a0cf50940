"""Which words does somebody read when they consent, and in which version (C.19, BR-65..67)?

A wording is never changed: another text is another version. The ledger keeps both, with the language that was read.
"""

from keyturn.terms.words import gettext_noop as _

VERSION = "1"

WORDINGS = {
    "terms": _("I agree to the terms of service"),
    "texts": _("Text me about my service"),
    "marketing": _("Send me offers and tips"),
    "offers": _("Offers and tips. We send these only if you ask for them. You can stop them at any time."),
    "paperless": _("Get bills by e-mail instead of on paper. I have an e-mail address and a program that opens PDF files. I can go back to paper at any time, without charge, and ask for a paper copy of any bill."),
    "bills": _("Tell me of a new bill"),
    "payments": _("Tell me of payments that arrived or are late"),
    "outages": _("Tell me of outages and planned work"),
    "appointments": _("Tell me of appointments and visits"),
}  # fmt: skip


def wording(purpose: str) -> str:
    """The sentence, still to be translated; "" where a purpose has none of its own."""
    return WORDINGS.get(purpose, "")
