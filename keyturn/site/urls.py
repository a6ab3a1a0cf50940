"""Which address belongs to which door?"""

from django.urls import include, path

from keyturn.site import health

urlpatterns = [
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("metrics", health.metrics, name="metrics"),
    path("api/", include("keyturn.api.urls")),
    path("console", include("keyturn.console.urls")),
    path("", include("keyturn.signin.urls")),
    path("", include("keyturn.portal.urls")),
]

handler400 = "keyturn.portal.errors.bad_request"
handler403 = "keyturn.site.trouble.forbidden"
handler404 = "keyturn.site.trouble.not_found"
handler429 = "keyturn.signin.views.too_many"  # asked by allauth
handler500 = "keyturn.portal.errors.server_error"
