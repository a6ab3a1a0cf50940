"""It was not me: how does whoever was told of a coming change stop it, without signing in (BR-62)?

Opening the link does nothing: mail scanners open links. What the change is, is named by its kind only.
"""

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache

from keyturn import flow
from keyturn.journeys import JOURNEYS
from keyturn.portal.desk import show


@never_cache
def stop(request: HttpRequest, token: str) -> HttpResponse:
    """The question, then the button. A link that is over, used or never was says the same."""
    now = timezone.now()
    found = flow.resting(token=token, now=now)
    if request.method == "POST" and found is not None and flow.stop(token=token, now=now) is not None:
        return show(
            request, "notice.html", title=_("We have stopped it"), link="/signin", link_text=_("Sign in"),
            paragraphs=[
                _("Nothing is changed. Our staff will look at what happened, and at who is signed in to the account."),
                _("If you use a password, change it now. If you have a question, call us."),
            ],
        )  # fmt: skip
    if found is None:
        return show(
            request, "notice.html", title=_("This link does not work any more"), link="/account", link_text=_("Your account"), status=410,
            paragraphs=[_("The change was made, was stopped, or was withdrawn. If something on your account is not right, call us at once.")],
        )  # fmt: skip
    return show(
        request, "notice.html", title=_("Stop this change?"), form_button=_("It was not me: stop it"), warning=True,
        paragraphs=[
            _("Somebody who is signed in to your account asked us for this: %(what)s.") % {"what": gettext(JOURNEYS[found.journey].title)},
            _("If it was you, close this page, and we make the change. If it was not you, stop it here."),
        ],
    )  # fmt: skip
