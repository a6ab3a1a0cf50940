"""Whose is a login that was given accounts of both persons while they were one file?

It proved by the details of the one what is the other's. What tells whose it is: to which number or mailbox the code went that
it came in by, its own mailbox, and the request that it came from, where that was one person's before the merge.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from keyturn.matching.contacts import normal_email, normal_phone
from keyturn.records.models import ClaimCode, Message, PersonContact
from keyturn.terms.merging import Side

Contact = tuple[str, str]  # channel, normalised
Access = tuple[Any, Side]  # an access, and whose account it is for


class Evidence:
    """What is known from before the merge. `kept`, `moved`: as of `PersonMerge`."""

    def __init__(self, kept: Mapping[str, Any], moved: Mapping[str, list[str]]) -> None:
        noted = kept["file"]["person_contact"]
        mine, theirs = (_contacts(noted[side]) for side in (Side.SURVIVOR, Side.LOSER))
        self.contacts = dict.fromkeys(mine - theirs, Side.SURVIVOR) | dict.fromkeys(theirs - mine, Side.LOSER)
        self.requests = dict.fromkeys(kept["own"].get("request", ()), Side.SURVIVOR)
        self.requests |= dict.fromkeys(moved.get("request", ()), Side.LOSER)

    def side_of(self, accesses: Iterable[Access]) -> Side | None:
        """Whose the login of these is; None where nothing tells, or one thing this and another that."""
        rows = [row for row, _side in accesses]
        found = {self.contacts.get(("email", normal_email(rows[0].user.email)))}
        for row in rows:
            found.add(self.requests.get(str(row.request_id)))
            found |= {self.contacts.get(each) for each in _codes_went_to(row)}
        known = found - {None}
        return known.pop() if len(known) == 1 else None


def _contacts(ids: Iterable[str]) -> set[Contact]:
    return set(PersonContact.ever.filter(pk__in=list(ids)).values_list("channel", "normalised"))


def _codes_went_to(access: Any) -> Iterable[Contact]:
    """Where the codes were sent that this access was proved by. A letter's envelope tells nothing: they may live together."""
    used = ClaimCode.objects.filter(
        request_id=access.request_id, account_id=access.account_id, used_at__isnull=False, channel__in=("sms", "email")
    )
    for code in used if access.request_id else ():
        sent = Message.objects.filter(
            template="claim_code", account_id=code.account_id, channel=code.channel,
            created_at__range=(code.sent_at, code.used_at),
        )  # fmt: skip
        last = sent.order_by("-created_at", "-id").first()
        if last is not None and (to := (last.content or {}).get("to")):
            yield ("email", normal_email(to)) if code.channel == "email" else ("phone", normal_phone(to))
