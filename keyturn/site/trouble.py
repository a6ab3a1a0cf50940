"""Which door answers when something went wrong at an address? Staff in the console stay there."""

from django.http import HttpRequest, HttpResponse

from keyturn.console import trouble as console
from keyturn.console.access import too_old
from keyturn.portal import errors
from keyturn.portal.account import door as account


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return console.not_found(request) if console.is_for_staff(request) else errors.not_found(request, exception)


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return console.forbidden(request) if console.is_for_staff(request) else errors.forbidden(request, exception)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A page of the console or of an account that was open for too long opens again, with what was typed; others say why not."""
    place = request.resolver_match
    if place and place.namespaces == ["console"] and came_from_here(request) and "HX-Request" not in request.headers:
        return too_old(request, **place.kwargs)
    if place and place.namespaces == ["account"] and came_from_here(request):
        return account.too_old(request)
    return errors.csrf_failure(request, reason)


def came_from_here(request: HttpRequest) -> bool:
    """Whether the browser itself says that a page of ours sent the form: no other site can make it say so."""
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site == "same-origin"
    return request.headers.get("Origin") == f"{request.scheme}://{request.get_host()}"
