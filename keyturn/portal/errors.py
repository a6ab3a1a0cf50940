"""What does somebody see when something went wrong: in the same look, in their language, with a way on?

These pages touch no table: they must work when the database does not.
"""

import sys

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from keyturn.portal.desk import show


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return _page(
        request,
        400,
        _("We could not read that"),
        [_("Something in the request was not as it should be. Go back and try again.")],
    )


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return _page(
        request, 403, _("You cannot see this page"), [_("It belongs to somebody else, or you need to sign in first.")]
    )


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return _page(
        request, 404, _("There is no such page"),
        [_("Check the address. If you followed a link from us, please tell us: it is our mistake.")],
    )  # fmt: skip


def server_error(request: HttpRequest) -> HttpResponse:
    """Also the answer when the database is away: then it is "try later", not "our mistake" (ER-23)."""
    if isinstance(sys.exc_info()[1], (OperationalError, InterfaceError)):
        return unavailable(request)
    return _page(
        request, 500, _("Something went wrong on our side"),
        [_("It is not your mistake, and what you had sent is saved. Try again in a minute, or call us.")],
    )  # fmt: skip


def unavailable(request: HttpRequest) -> HttpResponse:
    response = _page(
        request, 503, _("We are back in a moment"),
        [_("The service is busy or being looked after. What you had sent is saved. Please try again in a minute.")],
    )  # fmt: skip
    response["Retry-After"] = "60"
    return response


def full_house(request: HttpRequest, kind: str) -> HttpResponse:
    """More people came than can be served. `kind`: look (a page was asked for), typed (what was sent comes back in the page) or
    lost (it cannot). For everybody the same: who is signed in is not asked."""
    sent = _("What you sent has not reached us yet.")
    said = {
        "look": (_("Wait a minute, then try again. Everything that you sent before is saved."), ""),
        "typed": (sent, _("It is kept on this page. Wait a minute, then press the button.")),
        "lost": (sent, _("Wait a minute, go back in your browser, and send it again. Choose any file once more.")),
    }
    lead, more = said[kind]
    title = _("Many people are here right now")
    response = show(request, "full_house.html", title=title, lead=lead, more=more, kind=kind, status=503)
    response["Cache-Control"] = "no-store"
    return response


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Mostly a page that was open for very long, or a browser that keeps no cookies."""
    here = request.get_full_path()
    return _page(
        request, 403, _("This page was open for too long"),
        [
            _("For your safety, it cannot be sent any more. Open it again: every page that you sent before is saved."),
            _("If this happens every time, allow cookies for this site."),
        ],
        link=here if here.startswith("/") and not here.startswith("//") else "/", link_text=_("Open the page again"),
    )  # fmt: skip


def _page(
    request: HttpRequest, status: int, title: str, paragraphs: list[str], *, link: str = "", link_text: str = ""
) -> HttpResponse:
    return show(
        request, "trouble.html", title=title, paragraphs=paragraphs, link=link, link_text=link_text, status=status
    )
