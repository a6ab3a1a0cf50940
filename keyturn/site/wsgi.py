"""Where does a WSGI server find Keyturn?"""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "keyturn.site.settings")
application = get_wsgi_application()
