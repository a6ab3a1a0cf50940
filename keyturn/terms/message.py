"""What do we hand to a mail, SMS or letter connector?"""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One message to one recipient, ready to be sent.

    `message_id` is ours and stable: sending the same message twice carries the same id, so that a mailbox keeps one
    copy and a provider can tell (I3). `to` is an e-mail address, a phone number in E.164, or, for a letter, the lines
    of the envelope. `html` is optional; a text message uses only `text`.
    """

    message_id: str
    to: str = field(repr=False)
    subject: str
    text: str = field(repr=False)
    html: str = field(default="", repr=False)
    language: str = "en"
    unsubscribe: str = field(default="", repr=False)  # where one press stops mail of this kind (RFC 8058)
