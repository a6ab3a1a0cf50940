"""What is the CIS told so that it holds what we hold?

A request of its own, without a question to anybody: an update under its own key, delivered like every other.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from keyturn.records.models import Message, Request
from keyturn.steps.maintain.inbound.fields import LISTS, folded
from keyturn.terms.policy import Policy
from keyturn.terms.request import Actor, Verdict
from keyturn.terms.slots import ALL, Wish


def wishes(differing: Mapping[str, tuple[Any, Any]], *, country: str) -> tuple[list[Wish], dict[str, Any]]:
    """Field to what we hold and what the CIS holds, as wishes, and what stands there before, by slot."""
    found: list[Wish] = []
    before: dict[str, Any] = {}
    for field, (ours, theirs) in differing.items():
        kind, _, rest = field.partition(".")
        if kind == "name":
            found += [Wish(f"name.{part}", value) for part, value in (ours or {}).items()]
        elif kind in LISTS:
            _contacts(found, before, kind, ours or [], theirs or [], country)
        elif kind == "mailing":
            found.append(Wish(f"mailing.{ALL}", ours or None))
        elif kind == "identifier" and ours:
            found.append(Wish(f"identifier.{rest}", ours))
        elif kind in ("date_of_birth", "language") and ours:
            found.append(Wish(f"detail.{kind}", ours))
    return found, before


def _contacts(
    found: list[Wish], before: dict[str, Any], channel: str, ours: list[str], theirs: list[str], country: str
) -> None:
    """Those that are missing there are added, the first of ours comes first, and what only the CIS has goes."""
    there = {folded(channel, [each], country=country): each for each in theirs}
    here = {folded(channel, [each], country=country) for each in ours}
    for place, value in enumerate(ours):
        known = folded(channel, [value], country=country) in there
        if not known or place == 0:
            said = {"channel": channel, "value": value, "contact_type": "", "is_primary": place == 0}
            found.append(Wish(f"contact.{channel}-{place}", said))
    for place, (form, value) in enumerate(there.items()):
        if form not in here:
            slot = f"contact.{channel}-gone-{place}"
            before[slot] = {"channel": channel, "value": value}
            found.append(Wish(slot, None, kind=channel))


def run(request: Request, *, now: datetime, policy: Policy) -> Verdict:
    """Nothing changes here; what is told was written down when the request was made."""
    request.established_at = now
    return Verdict(data={"person": str(request.person_id)})


def take_back(request: Request, *, actor: Actor, now: datetime) -> None:
    """Nothing was changed here."""


def tell(*_: Any, **__: Any) -> Iterable[Message]:
    """The customer has asked for nothing and hears nothing."""
    return ()
