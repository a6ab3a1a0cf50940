"""How is a text message sent?

KEYTURN_SMS names the sender: "mailbox" (a file each), "off", or the dotted name of a function of your own that takes an
`Outgoing` and raises Unavailable, InDoubt or Rejected.
"""

from typing import cast

from django.conf import settings

from keyturn.connectors.choice import Sender, chosen
from keyturn.terms.errors import Rejected
from keyturn.terms.message import Outgoing

KNOWN = {"mailbox": "keyturn.connectors.sms.mailbox.send", "off": "keyturn.connectors.sms.nobody"}


def send(message: Outgoing) -> None:
    """Send one text message to the number `message.to` (E.164). Only `text` is used."""
    cast(Sender, chosen("KEYTURN_SMS", settings.KEYTURN_SMS, KNOWN))(message)


def nobody(message: Outgoing) -> None:
    """No sender is configured: somebody must see that, rather than the message vanish."""
    raise Rejected("sms_off")
