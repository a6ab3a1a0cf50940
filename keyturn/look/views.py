"""Where do browsers fetch what the utility's profile says about colours and logo?"""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from keyturn.look import brand

_FOR_EVER = "public, max-age=31536000, immutable"


@require_safe
def stylesheet(request: HttpRequest, digest: str) -> HttpResponse:
    """The utility's colours. The digest in the address changes when they do."""
    return _file(brand.current().stylesheet, "text/css; charset=utf-8", digest)


@require_safe
def logo(request: HttpRequest, digest: str) -> HttpResponse:
    """The utility's logo, as the browser's tab shows it."""
    return _file(str(brand.current().logo), "image/svg+xml", digest)


def _file(content: str, content_type: str, digest: str) -> HttpResponse:
    """An old digest still gets today's file, but nobody may keep it."""
    response = HttpResponse(content, content_type=content_type)
    response["Cache-Control"] = _FOR_EVER if digest == brand.current().digest else "no-cache"
    return response
