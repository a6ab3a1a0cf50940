"""How does a system of the utility have a customer told of something, as far as they and the law allow?"""

from datetime import UTC, datetime
from typing import Any, Literal

from django.conf import settings
from django.http import HttpRequest
from ninja import Body, Field, Router, Schema

from keyturn import flow
from keyturn.api.v1.idents import ident
from keyturn.api.v1.operations import operation

router = Router()


class MessageIn(Schema):
    """What is to be said."""

    topic: Literal["bills", "payments", "outages", "appointments", "account", "offers", "shut_off"] = Field(
        description="`offers` is advertising and needs a consent; `shut_off` goes by letter whatever was turned off."
    )
    subject: str = Field(min_length=1, max_length=200)
    text: str = Field(min_length=1, max_length=4000)
    account_id: str | None = Field(
        None, description="The account it is about: a letter goes to that account's address."
    )


class ChannelOut(Schema):
    """What became of one channel."""

    channel: str
    sent: bool
    why: str = Field(
        description="Empty where it was sent. stopped, bounced, not_approved, no_consent, turned_off, not_asked_for, no_contact, no_address."
    )


class MessageOut(Schema):
    channels: list[ChannelOut]


ASKED = {
    "topic": "outages",
    "subject": "Planned work on 12 January",
    "text": "There is no power from 9 to 11 in your street.",
}
ANSWERED = {
    "channels": [
        {"channel": "email", "sent": True, "why": ""},
        {"channel": "sms", "sent": False, "why": "not_asked_for"},
    ]
}


@operation(
    router, "POST", "/persons/{id}/messages", tag="Persons and accounts", summary="Tell a person of a topic", any_of=("messages:write",),
    once=True, answer=MessageOut, problems=("not_found", "invalid"), example=ASKED, answered=ANSWERED,
)  # fmt: skip
def tell_person(request: HttpRequest, id: str, body: Body[MessageIn]) -> dict[str, Any]:
    """Each channel that the person left open and the law allows gets the message; the others say why they did not.

    The ledger of consents decides (TCPA, CASL). Where no channel is left, a letter goes to the mailing address.
    """
    told = flow.notify(
        person_id=ident(id), topic=body.topic, subject=body.subject, text=body.text,
        account_id=ident(body.account_id) if body.account_id else None, now=datetime.now(UTC), policy=settings.KEYTURN_POLICY,
    )  # fmt: skip
    return {"channels": [{"channel": each.channel, "sent": each.message is not None, "why": each.why} for each in told]}
