"""What would the telephone have shown? One `.sms.txt` file for each text message."""

from keyturn.connectors import mailbox
from keyturn.terms.message import Outgoing


def send(message: Outgoing) -> None:
    head = f"To: {message.to}\nLanguage: {message.language}\nMessage-ID: {message.message_id}\n"
    mailbox.put(message.message_id, ".sms.txt", f"{head}\n{message.text}".encode())
