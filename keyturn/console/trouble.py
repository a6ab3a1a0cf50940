"""What do staff see when there is nothing at an address, or when it is not for their role?"""

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from keyturn.console.access import STAFF, role_of
from keyturn.console.queue import page


def is_for_staff(request: HttpRequest) -> bool:
    """Somebody of the staff, at an address of the console."""
    inside = request.path == "/console" or request.path.startswith("/console/")
    return inside and role_of(request) in STAFF


def not_found(request: HttpRequest) -> HttpResponse:
    text = _("There is no such request, or it was not sent in yet. Search by the whole reference, or by a name.")
    return page(request, "console/trouble.html", status=404, title=_("There is nothing here"), what_to_do=text)


def forbidden(request: HttpRequest) -> HttpResponse:
    """A page that is for others, or something that others must do."""
    text = _("This page is for somebody in another role.")
    if request.method == "POST":
        text = _("Somebody in another role must do this.")
    return page(request, "console/trouble.html", status=403, title=_("Your role may not do this"), what_to_do=text)
