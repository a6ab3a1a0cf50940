"""What would the postman have brought? A `.letter.txt` to read and a `.letter.html` to print, for each letter."""

from html import escape

from keyturn.connectors import mailbox
from keyturn.terms.message import Outgoing

_PAGE = """<!doctype html>
<html lang="{language}">
<meta charset="utf-8">
<title>{subject}</title>
<style>
@page {{ size: auto; margin: 25mm 20mm }}
body {{ font: 11pt/1.5 Georgia, serif; max-width: 40rem; margin: 3rem auto; padding: 0 1rem }}
address {{ font-style: normal; white-space: pre-line; margin-bottom: 4rem }}
.body {{ white-space: pre-line }}
</style>
<address>{to}</address>
<h1>{subject}</h1>
{body}
</html>
"""


def send(message: Outgoing) -> None:
    """Write both files; `html`, where given, is the body of the printed one and is trusted, all else is escaped."""
    text = f"{message.to}\n\n\n{message.subject}\n\n{message.text}"
    body = message.html or f'<div class="body">{escape(message.text)}</div>'
    page = _PAGE.format(
        language=escape(message.language), subject=escape(message.subject), to=escape(message.to), body=body
    )
    mailbox.put(message.message_id, ".letter.txt", text.encode())
    mailbox.put(message.message_id, ".letter.html", page.encode())
