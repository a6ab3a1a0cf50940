"""How is an e-mail sent? Through Django's settings: SMTP in production, the mailbox folder in the demo."""

import smtplib
from email.utils import parseaddr

from django.conf import settings
from django.core.mail import EmailMultiAlternatives

from keyturn.terms.errors import InDoubt, Rejected, Unavailable
from keyturn.terms.message import Outgoing


def send(message: Outgoing) -> None:
    """Send one e-mail. Raises Unavailable (not sent), InDoubt (perhaps sent; the same id makes a second one harmless)
    or Rejected (the server refuses this recipient or this text)."""
    mail = EmailMultiAlternatives(
        subject=" ".join(message.subject.split()),
        body=message.text,
        to=[message.to],
        headers={
            "Message-ID": f"<{message.message_id}@{_domain()}>",
            "Content-Language": message.language,
            "Auto-Submitted": "auto-generated",  # RFC 3834: no out-of-office replies
            **_one_click(message),
        },
    )
    if message.html:
        mail.attach_alternative(message.html, "text/html")
    try:
        mail.send()
    except (smtplib.SMTPRecipientsRefused, smtplib.SMTPSenderRefused, smtplib.SMTPDataError) as error:
        raise _refusal(error) from None
    except (smtplib.SMTPServerDisconnected, TimeoutError):
        raise InDoubt("mail_unanswered") from None
    except (smtplib.SMTPException, OSError):
        raise Unavailable("mail_unreachable") from None
    except ValueError:  # an address or a header that cannot be written, such as one with a line break
        raise Rejected("mail_unwritable") from None


def _one_click(message: Outgoing) -> dict[str, str]:
    """RFC 8058: the mail program shows a button of its own."""
    if not message.unsubscribe:
        return {}
    return {"List-Unsubscribe": f"<{message.unsubscribe}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}


def _refusal(error: smtplib.SMTPException) -> Unavailable | Rejected:
    """A 4xx is "later" (greylisting, a full mailbox); a 5xx is "no". The server's text may quote the address: dropped."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        codes = [code for code, _ in error.recipients.values()]
    else:
        codes = [error.smtp_code] if isinstance(error, smtplib.SMTPResponseException) else []
    if codes and all(400 <= code < 500 for code in codes):
        return Unavailable("mail_deferred", str(codes[0]))
    return Rejected("mail_refused", str(codes[0]) if codes else "")


def _domain() -> str:
    """The part after the @ of our Message-ID: our own sender's."""
    return parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2] or "localhost"
