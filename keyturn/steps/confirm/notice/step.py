"""By which channels is a customer told of a topic, and what does the ledger say to it?"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.core import signing
from django.db.models import Q

from keyturn.journeys.wordings import VERSION, wording
from keyturn.matching.contacts import normal_phone
from keyturn.records import consents
from keyturn.records.models import Account, Consent, Message, Person, PersonContact, Preference
from keyturn.records.models.dated import holds_at
from keyturn.records.queries import mailing
from keyturn.steps.confirm.notice import rules
from keyturn.terms.policy import Policy

SALT = "keyturn.unsubscribe"
CHANNELS = {"email": "email", "sms": "phone"}


@dataclass(frozen=True, slots=True)
class Told:
    """What became of one channel: a message, or the code of the rule that bars it."""

    channel: str
    message: Message | None = None
    why: str = ""


def notify(
    person: Person, topic: str, *, subject: str, text: str, account: Account | None, now: datetime, policy: Policy
) -> list[Told]:
    """Write the messages that may go out about a topic; what the law asks for, and nothing else bars, goes by letter too."""
    told = [_by(channel, person, topic, subject, text, account, now, policy) for channel in CHANNELS]
    if topic in rules.BY_LAW or not any(each.message for each in told):
        told.append(_letter(person, topic, subject, text, account, now, policy))
    return told


def _by(
    channel: str,
    person: Person,
    topic: str,
    subject: str,
    text: str,
    account: Account | None,
    now: datetime,
    policy: Policy,
) -> Told:
    contact = _contact(person, CHANNELS[channel], now)
    if contact is None:
        return Told(channel, why="no_contact")
    why = rules.barred(_facts(person, topic, channel, contact, now), policy)
    if why:
        return Told(channel, why=why)
    return Told(channel, _message(person, topic, channel, contact.value, subject, text, account, now, policy))


def _contact(person: Person, kind: str, now: datetime) -> PersonContact | None:
    rows = PersonContact.objects.filter(holds_at(now), person=person, channel=kind)
    return rows.order_by("-is_primary", "id").first()


def _facts(person: Person, topic: str, channel: str, contact: PersonContact | None, now: datetime) -> rules.Facts:
    held = consents.current(person)
    consent = held.get((topic, channel)) or held.get(("marketing", "")) if topic in rules.COMMERCIAL else None
    preference = Preference.objects.filter(person=person, topic=topic, channel=channel).first()
    return rules.Facts(
        topic=topic,
        channel=channel,
        contact_status=contact.status if contact else "",
        stopped=bool(contact and channel == "sms" and consents.stopped([contact.normalised])),
        preference=preference.state if preference else "",
        consent=consent.act if consent else "",
        basis=consent.basis if consent else "",
        consent_until=consent.until if consent else None,
        now=now,
    )


def _letter(
    person: Person, topic: str, subject: str, text: str, account: Account | None, now: datetime, policy: Policy
) -> Told:
    why = rules.barred(_facts(person, topic, "letter", None, now), policy)
    to = mailing.envelope(person, account, at=now, policy=policy)
    if why or not to:
        return Told("letter", why=why or "no_address")
    return Told("letter", _message(person, topic, "letter", to, subject, text, account, now, policy))


def _message(
    person: Person,
    topic: str,
    channel: str,
    to: str,
    subject: str,
    text: str,
    account: Account | None,
    now: datetime,
    policy: Policy,
) -> Message:
    message = Message(
        person=person, account=account, template="notice", channel=channel, created_at=now,
        language=person.language if person.language in policy.languages else policy.languages[0],
    )  # fmt: skip
    values: dict[str, Any] = {"subject": subject, "text": text, "topic": topic}
    if rules.says_how_to_stop(topic):
        values["unsubscribe"] = f"{settings.KEYTURN_BASE_URL}/unsubscribe/{token(person, topic, channel)}"
    number = normal_phone(to, country=policy.country) if channel == "sms" else to
    message.content = {"to": number or to, "values": values}
    message.save(force_insert=True)
    return message


def token(person: Person, topic: str, channel: str) -> str:
    """What an unsubscribe link bears: it names a row of ours and holds nothing about anybody. It never ends (CASL s. 11)."""
    return signing.dumps([str(person.pk), topic, channel], salt=SALT)


def read_token(text: str) -> tuple[Person, str, str] | None:
    try:
        person_id, topic, channel = signing.loads(text, salt=SALT)
    except (signing.BadSignature, ValueError):
        return None
    person = Person.objects.filter(pk=person_id).first()
    return (person, topic, channel) if person else None


def unsubscribe(person: Person, topic: str, channel: str, *, now: datetime) -> None:
    """Take the consent back, and turn the topic off."""
    Preference.objects.update_or_create(
        person=person, topic=topic, channel=channel, defaults={"state": "off", "changed_at": now}
    )
    consents.entry(
        topic, person=person, given=False, how="link", language=person.language, wording=wording(topic), version=VERSION,
        channel=channel, now=now,
    ).save(force_insert=True)  # fmt: skip


def heard(number: str, said: str, *, now: datetime, policy: Policy) -> list[Consent]:
    """STOP or START from a number: one entry for each person whose number it is, or for the number alone (C-36)."""
    people = Person.objects.filter(Q(contacts__normalised=number) & holds_at(now, "contacts")).distinct()
    language = next((each.language for each in people), policy.languages[0])
    rows = [
        consents.entry(
            consents.STOPPED, person=person, given=said == "start", how="sms", language=language,
            wording=wording("texts"), version=VERSION, channel="sms", contact=number, now=now,
        )
        for person in people or [None]
    ]  # fmt: skip
    return Consent.objects.bulk_create(rows)


def reply(number: str, said: str, *, now: datetime, policy: Policy) -> Message:
    """The one text that may follow a STOP, and the answer to HELP."""
    person = Person.objects.filter(Q(contacts__normalised=number) & holds_at(now, "contacts")).first()
    message = Message(
        person=person, template="text_reply", channel="sms", created_at=now,
        language=person.language if person and person.language in policy.languages else policy.languages[0],
    )  # fmt: skip
    message.content = {"to": number, "values": {"said": said}}
    message.save(force_insert=True)
    return message
