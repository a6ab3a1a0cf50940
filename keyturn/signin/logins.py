"""How does somebody whose e-mail was proved elsewhere get a login, and what did a provider say about them?"""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from allauth.account.internal.flows.email_verification_by_code import EMAIL_VERIFICATION_CODE_SESSION_KEY
from allauth.account.internal.flows.login import perform_login, record_authentication
from allauth.account.internal.stagekit import LOGIN_SESSION_KEY
from allauth.account.internal.userkit import str_to_user_id, user_id_to_str
from allauth.account.models import EmailAddress, Login
from allauth.account.utils import user_pk_to_url_str
from allauth.socialaccount.models import SocialAccount
from django.contrib.auth import get_user_model
from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX
from django.db import transaction
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.utils.crypto import salted_hmac
from django.utils.translation import get_language


@dataclass(frozen=True, slots=True)
class Federated:
    """What an OpenID provider asserted when this login last came in through it.

    It proves that the provider's user `subject` (of `provider`, the id in our settings) was there, by the means that the
    claims `acr` and `amr` name, and nothing about an account of the utility. Which claims may count as a proof of
    identity (an `acr` that the utility accepts, a name and a date of birth to compare) is for its verification policy.
    """

    provider: str
    subject: str
    claims: Mapping[str, Any]


def create_login(*, email: str, now: datetime, language: str = "") -> Any:
    """A customer's login for an e-mail that was proved just now; None where somebody has one with it already.

    No password and no passkey: the owner signs in by a code to this address until they choose another way.
    """
    with transaction.atomic():
        user = _new(email.strip().lower(), proved=True, language=language)
        if user is not None:
            user.date_joined = now
            user.save(update_fields=["date_joined"])
        return user


def _new(email: str, *, proved: bool, language: str = "") -> Any:
    users = get_user_model().objects
    forget_abandoned(email)
    if users.filter(email__iexact=email).exists() or EmailAddress.objects.filter(email__iexact=email).exists():
        return None
    user = users.create_user(
        username=f"c-{secrets.token_hex(12)}", email=email, language=language or (get_language() or "en")[:2]
    )
    EmailAddress.objects.create(user=user, email=email, verified=proved, primary=True)
    return user


PROVED_HERE = "kt_proved_email"


def note_proved(request: HttpRequest, email: str) -> None:
    """This browser session just proved `email` (by a code of the request's own). Call it where that happened."""
    request.session[PROVED_HERE] = _digest(email)


def begin_login_for(request: HttpRequest, *, email: str, now: datetime, next: str = "/account") -> HttpResponse | None:
    """Create a login for `email` and enter it, without another code, in the session that proved it (`note_proved`).

    None where this session did not prove the address, or where it has a login already: its owner signs in at `/signin`
    as always. The two cases must look alike to who asks (I7).
    """
    if request.session.get(PROVED_HERE) != _digest(email):
        return None
    user = create_login(email=email, now=now)
    if user is None:
        return None
    del request.session[PROVED_HERE]
    record_authentication(request, user, method="code", email=user.email)
    response: HttpResponse = perform_login(request, Login(user=user, email=user.email, redirect_url=next, signup=True))
    return response


def federated(user: Any) -> Federated | None:
    """The newest assertion of a provider about this login; None where it never came in through one."""
    account = SocialAccount.objects.filter(user=user).order_by("-last_login").first()
    if account is None:
        return None
    data = account.extra_data or {}
    claims = {**(data.get("userinfo") or {}), **(data.get("id_token") or {})} or dict(data)
    return Federated(account.provider, account.uid, claims)


@transaction.atomic
def forget_abandoned(email: str) -> None:
    """Somebody began to sign up with this address and never proved it: they, or its owner, begin afresh. Locked: who types
    the right code at this moment is not forgotten."""
    users = get_user_model().objects
    proved = EmailAddress.objects.filter(email__iexact=email, verified=True)
    for user in (
        users.select_for_update(of=("self",))
        .filter(Q(email__iexact=email), staff_role="", last_login=None, password__startswith=UNUSABLE_PASSWORD_PREFIX)
        .exclude(pk__in=proved.values("user"))
    ):
        if not SocialAccount.objects.filter(user=user).exists():
            user.delete()


@transaction.atomic
def set_up_again(request: HttpRequest) -> None:
    """Somebody else began to sign up with the address that this browser is about to prove, and its login, not proved yet,
    was forgotten for theirs: it is made again. Whoever types the code that went to the mailbox gets it."""
    code, login = (request.session.get(key) or {} for key in (EMAIL_VERIFICATION_CODE_SESSION_KEY, LOGIN_SESSION_KEY))
    if request.user.is_authenticated or not login.get("signup") or "user_id" not in code:
        return
    if get_user_model().objects.filter(pk=str_to_user_id(code["user_id"])).exists():
        return
    user = _new(code["email"].lower(), proved=False)
    if user is not None:
        code["user_id"], login["user_pk"] = user_id_to_str(user), user_pk_to_url_str(user)
        request.session.modified = True


def _digest(email: str) -> str:
    return salted_hmac(PROVED_HERE, email.strip().lower()).hexdigest()
