"""Which messages tell of a change, and what stands in them?"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings

from keyturn.journeys import JOURNEYS
from keyturn.matching.contacts import normal_phone
from keyturn.records.models import Message, PersonContact, Request, ServiceAgreement
from keyturn.records.queries.premises import LIVE
from keyturn.steps.confirm import step as confirm
from keyturn.steps.confirm.change import rules
from keyturn.steps.confirm.rules import News
from keyturn.terms.address import Address

FAMILIES = (
    "email",
    "phone",
    "proof",
    "mailing",
    "season",
    "name",
    "alias",
    "identifier",
    "language",
    "formats",
    "paperless",
    "preference",
)

OF_A_CHANGE = {
    News.COMPLETED: News.CHANGE_DONE, News.REFUSED: News.CHANGE_REFUSED, News.WITHDRAWN: News.CHANGE_ENDED,
    News.EXPIRED: News.CHANGE_ENDED,
}  # fmt: skip
"""What the news about a request for service is called for a change."""


def tell(request: Request, news: News, *, now: datetime, values: Mapping[str, Any] | None = None) -> list[Message]:
    """Of a change its old and new contacts hear; of codes, questions and the like the way every customer does."""
    if news is News.EMAIL_CODE and request.answers.get("act") == "prove":
        contact = request.seen[f"contact.{request.answers['contact_id']}"]
        channel = "sms" if contact["channel"] == "phone" else "email"
        to = normal_phone(contact["value"]) if channel == "sms" else contact["value"]
        return [_message(request, news, channel, to, now=now, values=dict(values or {}))]
    if news in rules.TO_WHAT_WAS_TYPED:
        return confirm.tell(request, news, now=now, values=values)
    news = OF_A_CHANGE.get(news, news)
    wishes = JOURNEYS[request.journey].wishes(request.answers, request.seen)
    families = sorted({each.family for each in wishes} & set(FAMILIES))
    values = {**dict(values or {}), "families": families}
    seen = request.seen
    messages = [
        _message(request, news, "email", each, now=now, values=values)
        for each in rules.emails_to_tell(seen, wishes, _replaced_lately(request, now))
    ]
    letter = rules.letter_goes_to(seen, wishes, _service_address(request))
    if letter:
        to = "\n".join([_name(seen), *Address.from_mapping(letter).lines()])
        messages.append(_message(request, news, "letter", to, now=now, values=values))
    return messages


def _replaced_lately(request: Request, now: datetime) -> list[str]:
    """E-mail addresses that stood on the file within the days in which a contact counts as fresh."""
    since = now - timedelta(days=settings.KEYTURN_POLICY.fresh_contact_days)
    rows = PersonContact.objects.filter(person=request.person, channel="email", valid_to__gt=since, valid_to__lte=now)
    return list(rows.order_by("valid_to", "id").values_list("value", flat=True))


def who_is_told(request: Request) -> tuple[list[str], bool]:
    """The e-mail addresses, and whether a letter goes out."""
    wishes = JOURNEYS[request.journey].wishes(request.answers, request.seen)
    return rules.emails_to_tell(request.seen, wishes), bool(
        rules.letter_goes_to(request.seen, wishes, _service_address(request))
    )


def _message(
    request: Request, news: News, channel: str, to: str, *, now: datetime, values: Mapping[str, Any]
) -> Message:
    language = request.person.language if request.person else request.language
    offered = settings.KEYTURN_POLICY.languages
    message = Message(
        request=request, person=request.person, account=request.account, template=str(news), channel=channel,
        language=language if language in offered else request.language, created_at=now,
    )  # fmt: skip
    message.content = {"to": to, "values": dict(values)}
    message.save(force_insert=True)
    return message


def _name(seen: Mapping[str, Any]) -> str:
    parts = ("given_name", "middle_name", "family_name", "suffix", "organisation_name")
    return " ".join(str(seen.get(f"name.{part}") or "") for part in parts if seen.get(f"name.{part}"))


def _service_address(request: Request) -> Mapping[str, Any] | None:
    """Where they are served: post reaches them there when no other address is on file."""
    served = ServiceAgreement.objects.filter(
        account__people__person=request.person, account__people__superseded_at=None, status__in=LIVE
    ).select_related("service_point__premise")
    first = served.order_by("start_date", "id").first()
    return first.service_point.premise.address.as_json() if first else None
