"""Which messages does a claim make, and what stands in them?"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from allauth.account.models import EmailAddress
from django.conf import settings

from keyturn.records import ids
from keyturn.records.crypto import fingerprint
from keyturn.records.models import Message, PersonContact, Request, ResumeLink, ServiceAgreement
from keyturn.records.models.dated import holds_at
from keyturn.records.queries import access
from keyturn.records.queries.premises import LIVE
from keyturn.steps.confirm.claim import rules
from keyturn.steps.confirm.rules import News
from keyturn.terms import account_number

TO_THE_LOGIN = {
    News.QUESTION: "claim_question",
    News.REFUSED: "claim_refused",
    News.CLAIM_DONE: "claim_done",
    News.CLAIM_STOPPED: "claim_stopped",
}


def tell(request: Request, news: News, *, now: datetime, values: Mapping[str, Any] | None = None) -> list[Message]:
    """Of anything that would tell whether an account exists, nobody hears but who is on file for it (I7)."""
    more = dict(values or {})
    if news is News.CLAIM_CODE:
        return [_code(request, more, now=now)]
    if news is News.CLAIM_DONE:
        return [*_notices(request, now=now), *_to_the_login(request, news, more, now=now)]
    return _to_the_login(request, news, more, now=now)


def _to_the_login(request: Request, news: News, values: dict[str, Any], *, now: datetime) -> list[Message]:
    template = TO_THE_LOGIN.get(news)
    email = login_email(request)
    if template is None or not email:
        return []
    if news in (News.CLAIM_DONE, News.CLAIM_STOPPED):
        values["account"] = _ending(request)
    return [_message(template, "email", email, request.language, values, now=now, request=request, user=request.user)]


def _code(request: Request, values: dict[str, Any], *, now: datetime) -> Message:
    """The message is about the account, not about the claim: whoever claims never finds it in their history."""
    to, channel = values.pop("to"), values["channel"]
    account, person = values.pop("account"), values.pop("person")
    return _message(
        "claim_code", channel, to, _language(person.language, request), values, now=now, account=account, person=person
    )


def _notices(request: Request, *, now: datetime) -> list[Message]:
    account, person = request.account, request.person
    assert account and person
    contacts = PersonContact.objects.filter(holds_at(now), person=person).exclude(status="bounced")
    owners = [each.user.email for each in access.logins_of(account.pk, at=now) if each.level == "owner"]
    emails = list(contacts.filter(channel="email").values_list("value", flat=True))
    phones = list(
        contacts.filter(channel="phone", contact_type__in=("", "mobile")).values_list("normalised", flat=True)
    )
    told = rules.to_tell(owners=owners, emails=emails, phones=phones, claimant=login_email(request))
    values = {"account": _ending(request), "token": _stop_link(request, now)}
    language = _language(person.language, request)
    letter = _envelope(request) if rules.letter_is_due(told, contacts_on_file=bool(emails or phones)) else ""
    places = [*told, *([("letter", letter)] if letter else [])]
    return [
        _message(
            "claim_notice", channel, to, language, values, now=now, request=request, account=account, person=person
        )
        for channel, to in places
    ]


def _stop_link(request: Request, now: datetime) -> str:
    token = ids.new_secret()
    until = now + timedelta(days=settings.KEYTURN_POLICY.claim_stop_days)
    ResumeLink.objects.create(request=request, fingerprint=fingerprint(token), expires_at=until)
    return token


def _envelope(request: Request) -> str:
    """Where they are served."""
    served = ServiceAgreement.objects.filter(account=request.account, status__in=LIVE)
    first = served.select_related("service_point__premise").order_by("start_date", "id").first()
    name = request.person.names.filter(name_type="primary", valid_to=None).first() if request.person else None
    if first is None or name is None:
        return ""
    who = " ".join(filter(None, (name.given_name, name.family_name, name.suffix, name.organisation_name)))
    return "\n".join([who, *first.service_point.premise.address.lines()])


def _ending(request: Request) -> str:
    """The end of the account's number, as on the bill."""
    digits = settings.KEYTURN_POLICY.account_number_digits
    ref = request.account.ref if request.account else ""
    return account_number.plain(account_number.shown(ref or "", digits=digits))[-4:]


def _language(wanted: str, request: Request) -> str:
    return wanted if wanted in settings.KEYTURN_POLICY.languages else request.language


def login_email(request: Request) -> str:
    """The address that the login proved."""
    found = EmailAddress.objects.filter(user=request.user_id, verified=True).order_by("-primary").first()
    return str(found.email) if found else str(request.user.email if request.user else "")


def _message(
    template: str, channel: str, to: str, language: str, values: Mapping[str, Any], *, now: datetime, **about: Any
) -> Message:
    message = Message(template=template, channel=channel, language=language, created_at=now, **about)
    message.content = {"to": to, "values": dict(values)}
    message.save(force_insert=True)
    return message
