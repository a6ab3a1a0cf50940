"""Where does a WSGI server find Keyturn?"""

import os
from functools import partial

from django.core.wsgi import get_wsgi_application
from django.middleware import csrf

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "keyturn.site.settings")
application = get_wsgi_application()

from keyturn.records import ids  # noqa: E402  it needs the settings

# Django draws the 64 signs of each page's form token one by one
csrf._get_new_csrf_string = partial(ids.drawn, csrf.CSRF_SECRET_LENGTH, csrf.CSRF_ALLOWED_CHARS)  # type: ignore[attr-defined]
