"""How does a piece of news become a message, and how is the message written and sent?"""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from django.conf import settings
from django.template.loader import render_to_string
from django.utils.formats import date_format
from django.utils.translation import override, pgettext

from keyturn.connectors import letter, mail, sms
from keyturn.journeys.applicant import applicant, mailing_address, service_address
from keyturn.matching.contacts import normal_phone
from keyturn.records import consents, writing
from keyturn.records.models import Message, Request
from keyturn.steps.confirm import rules
from keyturn.steps.confirm.rules import News
from keyturn.terms.days import day_of, local_date, start_is_late
from keyturn.terms.message import Outgoing
from keyturn.terms.policy import Policy

SEND = {"email": mail.send, "sms": sms.send, "letter": letter.send}


def tell(request: Request, news: News, *, now: datetime, values: Mapping[str, Any] | None = None) -> list[Message]:
    """Write the messages for a piece of news, in the transaction that causes it; a job sends them."""
    answers = request.answers
    channel = rules.channel_for(answers)
    channels = [channel] if rules.can_be_sent(news, channel) else []
    if rules.also_by_text(news, answers):
        channels.append("sms")
    if "sms" in channels and consents.stopped([_recipient(request, "sms")]):
        channels.remove("sms")
    return [_message(request, news, each, now=now, values=dict(values or {})) for each in channels]


def _message(request: Request, news: News, channel: str, *, now: datetime, values: dict[str, Any]) -> Message:
    message = Message(
        request=request,
        template=str(news),
        channel=channel,
        language=rules.language_for(
            request.answers, spoken=request.language, offered=settings.KEYTURN_POLICY.languages
        ),
        created_at=now,
    )
    message.content = {"to": _recipient(request, channel), "values": values}
    writing.beside(request, [message])
    return message


def _recipient(request: Request, channel: str) -> str:
    answers = request.answers
    if channel == "email":
        return str(answers["email"])
    if channel == "sms":
        return normal_phone(answers["phone"], country=settings.KEYTURN_POLICY.country)
    address = mailing_address(answers) or (request.premise.address if request.premise else service_address(answers))
    return "\n".join([applicant(answers).display_name, *(address.lines() if address else [])])


def is_stopped(message: Message) -> bool:
    """Whether the owner of the number has said STOP since it was written (C-36): it may have waited for its channel."""
    if message.channel != "sms" or message.template not in rules.ENDED_BY_STOP:
        return False
    return bool(consents.stopped([message.content["to"]]))


def send(message: Message, *, policy: Policy) -> None:
    """Write it out in its language and hand it to its channel. Raises Unavailable where the channel is down."""
    SEND[message.channel](render(message, policy=policy))


def render(message: Message, *, policy: Policy) -> Outgoing:
    """The message as it is sent; the first line of its template is the subject."""
    content = message.content
    with override(message.language):
        text = render_to_string(f"messages/{message.template}.txt", _context(message, content["values"], policy))
    subject, _, body = text.strip().partition("\n")
    return Outgoing(
        message_id=str(message.pk),
        to=content["to"],
        subject=subject.strip(),
        text=body.strip() + "\n",
        language=message.language,
        unsubscribe=str(content["values"].get("unsubscribe", "")),
    )


def _context(message: Message, values: Mapping[str, Any], policy: Policy) -> dict[str, Any]:
    general = {
        "values": {**values, "until": _shown(values["until"])} if values.get("until") else values,
        "base_url": settings.KEYTURN_BASE_URL,
        "utility": settings.KEYTURN_BRAND,
        "channel": message.channel,
    }
    if message.request is None:
        return general
    return {**general, **_of_request(message.request, local_date(message.created_at, policy), policy)}


def _of_request(request: Request, today: date, policy: Policy) -> dict[str, Any]:
    start = day_of(request.answers.get("start_date"))
    return {
        "reference": request.reference,
        "services": request.answers.get("services", ()),
        "start_date": _shown(request.answers.get("start_date")),
        "late": start is not None and start_is_late(start, today=today, policy=policy),
        "ahead": start is not None and start > today,
        "address": request.premise.address.lines() if request.premise else [],
        "name": applicant(request.answers).display_name,
    }


def _shown(day: object) -> str:
    """A date as people write it. "" where what was typed is none: the code to prove an e-mail must arrive all the same."""
    try:
        written = pgettext("the format of a date, as Django's date filter has it", "F j, Y")
        return date_format(date.fromisoformat(str(day)), written)
    except ValueError:
        return ""
