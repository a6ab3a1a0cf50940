"""Somebody opens the link of an invitation: what may they learn, and how do they answer?

Opening it changes nothing: programs that look through mail open links, too. Of a helper's invitation nothing is said but
that it is one, until who is signed in has proved the invited address; who gets copies of notices agrees without a login.
"""

from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from keyturn import flow
from keyturn.look.parts import Choice, Part, problems_of
from keyturn.portal.account import powers as words
from keyturn.portal.desk import show
from keyturn.records.queries import my_accounts, persons
from keyturn.terms.errors import NotAllowed


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def invitation(request: HttpRequest, token: str) -> HttpResponse:
    """Read it; with the buttons, answer it."""
    now = timezone.now()
    found = flow.invitation(token=token, now=now)
    if found is None:
        return _over(request)
    try:
        if found.kind == "designee":
            return _designation(request, found, token, now)
        if not request.user.is_authenticated:
            return _sign_in_first(request)
        if not flow.is_invited(found=found, user=request.user):
            return _somebody_else(request)
        return _delegation(request, found, token, now)
    except NotAllowed:  # answered, or taken back, in the moment before the button was pressed
        return _over(request)


def _over(request: HttpRequest) -> HttpResponse:
    return show(
        request, "notice.html", title=_("This invitation does not hold any more"), status=410, link="/account", link_text=_("Your account"),
        paragraphs=[_("It was answered, was taken back, or is too old."), _("If you still want to help, ask whoever invited you to invite you again.")],
    )  # fmt: skip


def _sign_in_first(request: HttpRequest) -> HttpResponse:
    query = urlencode({"next": request.path})
    return show(
        request, "notice.html", title=_("You are invited to help with an account"), link=f"{settings.LOGIN_URL}?{query}",
        link_text=_("Sign in"), also=f"{settings.LOGIN_URL}/up?{query}", also_text=_("Make a login"),
        paragraphs=[
            _("Sign in with the e-mail address to which we sent this invitation, or make a login with it. Then we tell you whose account it is."),
            _("Nothing happens until you have read it and said yes. If you do not know who this could be, close this page."),
        ],
    )  # fmt: skip


def _somebody_else(request: HttpRequest) -> HttpResponse:
    """Not which address it was sent to."""
    return show(request, "account/invitation_other.html", status=403)


def _delegation(request: HttpRequest, found: Any, token: str, now: Any) -> HttpResponse:
    if request.method == "POST":
        if request.POST.get("answer") == "accept":
            flow.accept(token=token, user=request.user, now=now)
            return redirect("people:answered", "accepted")
        if request.POST.get("answer") == "decline":
            flow.decline(token=token, now=now)
            return redirect("people:answered", "declined")
    until = words.last_day(found.until, settings.KEYTURN_POLICY)
    return show(
        request, "account/invitation.html", owner=_holder(found, now), may=words.may(found.level), until=until,
        level=words.LEVELS.get(found.level, ""), group=found.group.name if found.group else "",
    )  # fmt: skip


def _designation(request: HttpRequest, found: Any, token: str, now: Any) -> HttpResponse:
    error = ""
    if request.method == "POST":
        if request.POST.get("answer") == "decline":
            flow.decline(token=token, now=now)
            return redirect("people:answered", "declined")
        if request.POST.get("agree") == "yes":
            flow.accept_designation(token=token, now=now)
            return redirect("people:answered", "agreed")
        error = _("Tick the box if you agree. If you do not want this, press “No, thank you”.")
    agree = Part(
        "checkboxes", "agree", _("Do you agree?"), error=error, choices=(Choice("yes", _("I have read this, and I agree in writing.")),)
    )  # fmt: skip
    return show(
        request, "account/designation.html", owner=_holder(found, now), agree=agree, problems=problems_of((agree,)),
        wording=flow.DESIGNEE_WORDING, status=422 if error else 200,
    )  # fmt: skip


def _holder(found: Any, now: Any) -> str:
    """Whose account it is; of a group, the organisation's name."""
    if found.group:
        names = persons.names_of([found.group.person_id], at=now)
        return names.get(found.group.person_id, "")
    return my_accounts.holders_of([found.account_id], at=now).get(found.account_id, ("", None))[0]


@never_cache
def answered(request: HttpRequest, how: str) -> HttpResponse:
    """Thanks, and what happens next; says nothing about whom."""
    said = {
        "accepted": (
            _("Thank you for helping"),
            [_("In about a minute the account is among yours. We tell its owner that you have accepted."),
             _("Everything that you do there is recorded as yours, on the owner's behalf. You can leave at any time.")],
        ),
        "agreed": (
            _("Thank you. You will get copies."),
            [_("From now on we send you a copy of any notice that their service may be shut off. We tell them that you have agreed."),
             _("You owe nothing. To stop, answer such a notice or call us.")],
        ),
        "declined": (_("You have declined"), [_("Nothing was set up, and we tell whoever invited you. There is nothing more to do.")]),
    }.get(how)  # fmt: skip
    if said is None:
        raise Http404
    to_account = {"link": "/account", "link_text": _("Your account")} if how == "accepted" else {}
    return show(request, "notice.html", title=said[0], paragraphs=said[1], **to_account)
