"""What may be sent to a customer about a topic, and how do they stop it?

The ledger decides (C-30..C-36): a utility's own systems hand over what they want to say, and learn what became of it.
"""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from keyturn.matching.contacts import normal_phone
from keyturn.records.models import Account, AccountPerson, Person
from keyturn.records.models.dated import holds_at
from keyturn.steps.confirm.notice import rules
from keyturn.steps.confirm.notice import step as notice
from keyturn.steps.confirm.notice.step import Told
from keyturn.steps.gather.rules import clean_text
from keyturn.terms.errors import Invalid, NotAllowed
from keyturn.terms.policy import Policy
from keyturn.work import queue


@transaction.atomic
def notify(
    *,
    person_id: UUID,
    topic: str,
    subject: str,
    text: str,
    account_id: UUID | None = None,
    now: datetime,
    policy: Policy,
) -> list[Told]:
    """Tell somebody of a topic by every channel that they left open and the law allows; what became of each.

    Raises NotAllowed("unknown_person"), ("unknown_account"), Invalid (C-37).
    """
    problems = list(rules.is_sayable(topic, subject, text))
    if problems:
        raise Invalid(problems)
    person = Person.objects.filter(pk=person_id, redirect_to=None).first()
    if person is None:
        raise NotAllowed("unknown_person")
    account = _account(person, account_id, now)
    told = notice.notify(
        person, topic, subject=clean_text(subject)[:200], text=text[:4000], account=account, now=now, policy=policy
    )
    for each in told:
        if each.message:
            queue.later("send_message", message_id=str(each.message.pk))
    return told


def _account(person: Person, account_id: UUID | None, now: datetime) -> Account | None:
    if account_id is None:
        return None
    part = AccountPerson.objects.filter(holds_at(now), account_id=account_id, person=person).select_related("account")
    found = part.first()
    if found is None:
        raise NotAllowed("unknown_account")
    return found.account


@transaction.atomic
def text_received(*, number: str, text: str, now: datetime, policy: Policy) -> str:
    """A text message came in. STOP and START are entered in the ledger at once; what it was taken for, "" for nothing."""
    normal = normal_phone(number, country=policy.country)
    said = rules.meaning(clean_text(text)[:160]) if normal else ""
    if said in ("stop", "start"):
        notice.heard(normal, said, now=now, policy=policy)
    if said:
        message = notice.reply(normal, said, now=now, policy=policy)
        queue.later("send_message", message_id=str(message.pk))
    return said


def unsubscribes(*, token: str) -> tuple[str, str] | None:
    """Which topic and channel an unsubscribe link is about; None where it is not one of ours."""
    found = notice.read_token(token)
    return (found[1], found[2]) if found else None


@transaction.atomic
def unsubscribe(*, token: str, now: datetime) -> bool:
    """One press, no sign-in, for ever good (CASL s. 11, RFC 8058). Doing it again changes nothing."""
    found = notice.read_token(token)
    if found is None:
        return False
    person, topic, channel = found
    notice.unsubscribe(person, topic, channel, now=now)
    return True
