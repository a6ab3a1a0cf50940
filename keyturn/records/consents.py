"""How is an entry made in the ledger of consents, and what does the ledger say now?

Nothing in it is changed: taking a consent back is another entry. The last one for a purpose and channel holds.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.utils.translation import gettext, override

from keyturn.records.crypto import digest
from keyturn.records.models import Consent, Person, Request

STOPPED = "texts"


def entry(
    purpose: str,
    *,
    person: Person | None,
    given: bool,
    how: str,
    language: str,
    wording: str,
    version: str,
    now: datetime,
    channel: str = "",
    contact: str = "",
    request: Request | None = None,
    basis: str = "express",
    until: datetime | None = None,
) -> Consent:
    """An entry that is still to be written. `wording` is the sentence as it was read, in English: it is kept translated."""
    with override(language):
        read = gettext(wording) if wording else ""
    return Consent(
        request=request, person=person, purpose=purpose, channel=channel, act="given" if given else "withdrawn",
        contact_digest=contact_digest(contact) if contact else "", basis=basis, wording=read, wording_version=version,
        language=language, how=how, at=now, until=until,
    )  # fmt: skip


def contact_digest(normalised: str) -> str:
    """By which the ledger names a phone number or address without holding it."""
    return digest("consent", normalised)


def current(person: Person) -> dict[tuple[str, str], Consent]:
    """What holds: the last entry for each (purpose, channel)."""
    rows = Consent.objects.filter(person=person).order_by("at", "id")
    return {(row.purpose, row.channel): row for row in rows}


def stopped(normalised: Iterable[str]) -> set[str]:
    """Which of these numbers have said STOP, and not START since."""
    by_digest = {contact_digest(each): each for each in normalised}
    rows = Consent.objects.filter(purpose=STOPPED, channel="sms", contact_digest__in=list(by_digest)).order_by(
        "at", "id"
    )
    last: dict[str, Any] = {row.contact_digest: row.act for row in rows}
    return {by_digest[each] for each, act in last.items() if act == "withdrawn"}
