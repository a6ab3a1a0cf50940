"""Version 1 of the API: which operations are there, put together?"""

from django.http import Http404
from ninja import NinjaAPI
from ninja.errors import HttpError, ValidationError

from keyturn.api.v1 import failures, journeys, messages, persons, premises, requests, review, told_apart
from keyturn.api.v1.bodies import CarefulParser

api = NinjaAPI(
    title="Keyturn", version="1", urls_namespace="api", parser=CarefulParser(), docs_url=None, openapi_url=None
)
for module in (journeys, requests, review, told_apart, persons, premises, messages):
    api.add_router("", module.router)
for kind in (Exception, Http404, HttpError, ValidationError):
    api.add_exception_handler(kind, failures.answer)
