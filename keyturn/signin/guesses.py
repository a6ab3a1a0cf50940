"""How do a hundred guesses at the same moment count as a hundred, and how does no answer's time tell who has a login?

allauth counts wrong codes in the session. Requests that run side by side would all read the same count, so those of one
session wait for each other: a lock in the database, as web processes are many.
"""

import time
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.http import HttpRequest, HttpResponse

View = Callable[..., HttpResponse]


def one_at_a_time(view: View) -> View:
    """What a session posts to this view is worked off one after the other, each seeing what the one before left."""

    @wraps(view)
    def alone(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        key = request.session.session_key
        if request.method != "POST" or not key:
            return view(request, *args, **kwargs)
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"signin {key}"])
            request.session = type(request.session)(key)  # as the one before left it
            response = view(request, *args, **kwargs)
            if request.session.modified and not request.session.is_empty():
                request.session.save()
                if request.session.session_key == key:
                    # Written, under the lock: the middleware must not write it once more over what the next one leaves.
                    request.session.modified = False
            return response

    return alone


def evenly(view: View) -> View:
    """What is posted is answered after a whole number of SIGNIN_EVEN_SECONDS: an address with a login takes other work
    than one without, and that must not show (I7)."""

    @wraps(view)
    def even(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        began = time.monotonic()
        response = view(request, *args, **kwargs)
        step = settings.SIGNIN_EVEN_SECONDS
        if request.method == "POST" and step:
            time.sleep(step - (time.monotonic() - began) % step)
        return response

    return even
