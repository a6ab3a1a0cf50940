"""Which address leads to which part of the API?"""

from django.urls import URLPattern, URLResolver, include, path, re_path
from django.views.generic import RedirectView

from keyturn.api import cis_hook, docs, hooks
from keyturn.api.v1 import api, door

_operations = [
    door.around(pattern) for pattern in api.urls[0] if isinstance(pattern, URLPattern) and pattern.name != "api-root"
]

urlpatterns: list[URLPattern | URLResolver] = [
    path("", RedirectView.as_view(pattern_name="api-docs"), name="api"),
    path("docs", docs.readable, name="api-docs"),
    path("v1/openapi.json", docs.openapi_json, name="api-openapi"),
    path("v1/cis/changes", cis_hook.changed, name="cis-hook"),
    path("v1/", include(_operations)),
    path("hooks/sms", hooks.text_received, name="sms-hook"),
    door.around(re_path(r"", door.nowhere, name="api-nowhere")),
]
