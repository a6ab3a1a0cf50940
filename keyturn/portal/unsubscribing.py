"""How does somebody stop our mail on a topic with one press, without signing in (CASL s. 11, CAN-SPAM, RFC 8058)?

Opening the link changes nothing: mail scanners open links. The press comes from this page, or from a mail program's own
button, which sends no cookie and so no token of a form either.
"""

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt

from keyturn import flow
from keyturn.portal.desk import show


@csrf_exempt
@never_cache
def unsubscribe(request: HttpRequest, token: str) -> HttpResponse:
    """The question, then the button; a link that is not ours says so."""
    about = flow.unsubscribes(token=token)
    if about is None:
        return show(
            request, "notice.html", title=_("This link is not complete"), link="/", link_text=_("Front page"), status=410,
            paragraphs=[_("Copy the whole link from our message, or sign in and change what we tell you of.")],
        )  # fmt: skip
    if request.method == "POST":
        flow.unsubscribe(token=token, now=timezone.now())
        return show(
            request, "notice.html", title=_("You will get no more of these"), link="/", link_text=_("Front page"),
            paragraphs=[_("It can take a few minutes until it holds everywhere. Messages about your own service still reach you.")],
        )  # fmt: skip
    return show(
        request, "notice.html", title=_("Stop these messages?"), form_button=_("Stop them"),
        paragraphs=[_("We send you no more offers and tips this way. Messages about your own service still reach you.")],
    )  # fmt: skip
