"""How does Django's mail land in the mailbox folder instead of at an SMTP server?"""

from collections.abc import Sequence

from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend

from keyturn.connectors import mailbox


class EmailBackend(BaseEmailBackend):
    """An EMAIL_BACKEND that writes each message as one `.eml` file, named by its own Message-ID.

    A message sent again under the same id overwrites its file. Mails of other packages (a sign-in code) are written
    alike, under the id that Django gives them.
    """

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        for each in email_messages:
            message = each.message()
            mailbox.put(_own_part(str(message["Message-ID"])), ".eml", message.as_bytes(linesep="\n"))
        return len(email_messages)


def _own_part(message_id: str) -> str:
    """The id that was given to us: what stands before the `@` that mail demands."""
    return message_id.strip().strip("<>").rpartition("@")[0] or message_id
