"""Where do people and programs read what the API can do?"""

from django.http import HttpRequest, HttpResponse

from keyturn.api.v1 import openapi


def openapi_json(request: HttpRequest) -> HttpResponse:
    """The OpenAPI 3.1 document."""
    return HttpResponse(openapi.text(), content_type="application/json")


def readable(request: HttpRequest) -> HttpResponse:
    return HttpResponse("")
