"""How is somebody's document sent to a browser so that it can do nothing there, and stays nowhere?"""

from urllib.parse import quote

from django.http import HttpResponse

SANDBOX = "sandbox; default-src 'none'; img-src 'self' data:; style-src 'unsafe-inline'; frame-ancestors 'none'"
INLINE = ("image/jpeg", "image/png", "application/pdf")


def answer(name: str, media_type: str, content: bytes, *, inline: bool) -> HttpResponse:
    """The file itself. `inline`: shown in the browser (only types that we made ourselves), else saved as a file."""
    shown = inline and media_type in INLINE
    response = HttpResponse(content, content_type=media_type if media_type in INLINE else "application/octet-stream")
    ending = "." + name.rpartition(".")[2] if "." in name else ""
    plain = "document" + (ending if ending.isascii() else "")
    kind = "inline" if shown else "attachment"
    response["Content-Disposition"] = f"{kind}; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"
    response["Content-Security-Policy"] = SANDBOX
    response["X-Content-Type-Options"] = "nosniff"
    response["Cross-Origin-Resource-Policy"] = "same-origin"
    response["Cache-Control"] = "private, no-store, max-age=0"
    return response
