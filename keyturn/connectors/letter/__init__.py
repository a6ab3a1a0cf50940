"""How is a letter sent?

KEYTURN_LETTERS names the sender: "mailbox" (files to print or to read), "off", or the dotted name of a function of your
own (a print house) that takes an `Outgoing` and raises Unavailable, InDoubt or Rejected.
"""

from typing import cast

from django.conf import settings

from keyturn.connectors.choice import Sender, chosen
from keyturn.terms.errors import Rejected
from keyturn.terms.message import Outgoing

KNOWN = {"mailbox": "keyturn.connectors.letter.mailbox.send", "off": "keyturn.connectors.letter.nobody"}


def send(message: Outgoing) -> None:
    """Send one letter to the envelope lines in `message.to`."""
    cast(Sender, chosen("KEYTURN_LETTERS", settings.KEYTURN_LETTERS, KNOWN))(message)


def nobody(message: Outgoing) -> None:
    """No sender is configured: somebody must see that, rather than the message vanish."""
    raise Rejected("letters_off")
