"""What does somebody want changed: what they saw, what is on file now, what they want, in the words of the console?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _

from keyturn.console import vocabulary
from keyturn.console.answers import day
from keyturn.console.comparison import masked
from keyturn.console.differing import Piece, Value, beside
from keyturn.console.maintained import CAPACITIES, DETAILS, KINDS, LEVELS, PROOFS, SLOTS, STATES
from keyturn.console.vocabulary import say
from keyturn.flow.merging import Compared, comparison
from keyturn.journeys import JOURNEYS, Kind
from keyturn.records.queries import asking, persons
from keyturn.terms.address import Address
from keyturn.terms.slots import ALL


@dataclass(frozen=True, slots=True)
class Line:
    """One value; each side is a list of lines. `state` is wanted, conflict or done."""

    label: str
    seen: tuple[str, ...]
    now: tuple[str, ...]
    wanted: tuple[Value, ...]
    state: str
    word: str
    when: str = ""


def is_change(case: Any) -> bool:
    """Whether it is about what stands on file already: nobody is matched, no service begins."""
    return JOURNEYS[case.journey].kind is not Kind.START


def kind_of(case: Any) -> str:
    """The kind of request, in two words."""
    return say(KINDS, case.journey)


def values_of(case: Any, *, now: datetime, hidden: bool) -> dict[str, Any]:
    """What the page of such a request shows; `hidden`: without addresses, which are protected."""
    return {
        "change": {
            "kind": kind_of(case),
            "lines": [_line(each, case, hidden=hidden) for each in comparison(request=case, now=now)],
            "asker": _asker(case, now),
            "about": _about(case, now),
            "warnings": _warnings(case, now),
            "hidden": hidden,
        }
    }


# ---------------------------------------------------------------- value by value


def _line(each: Compared, case: Any, *, hidden: bool) -> Line:
    if hidden and each.family in ("mailing", "season"):
        shut = (_("Protected: not shown"),)
        return Line(_label(each), shut, shut, ((Piece(shut[0]),),), each.state, say(STATES, each.state), _when(each))
    seen, now, wanted = (_lines(each, value, case) for value in (each.seen, each.now, each.wanted))
    if each.family == "identifier":
        seen = now = (_masked(case, each),) if each.now or each.seen else ()
        wanted = (masked(str(each.wanted)),)
        pieces: tuple[Value, ...] = tuple((Piece(text),) for text in wanted)
    else:
        pieces = _pieces(now, wanted)
    return Line(_label(each), seen, now, pieces, each.state, say(STATES, each.state), _when(each))


def _masked(case: Any, each: Compared) -> str:
    return masked(asking.ending_of(case.person_id, each.slot.partition(".")[2]))


def _pieces(now: Sequence[str], wanted: Sequence[str]) -> tuple[Value, ...]:
    """What is wanted, the letters that differ from the file marked."""
    if len(now) == len(wanted):
        return tuple(beside(ours, theirs)[1] for ours, theirs in zip(now, wanted, strict=True))
    return tuple((Piece(text),) for text in wanted)


def _label(each: Compared) -> str:
    first, _dot, rest = each.slot.partition(".")
    scope = rest.partition(".")[0]
    if first in ("name", "detail"):
        return say({**vocabulary.FIELDS, **SLOTS, **DETAILS}, rest)
    if first == "identifier":
        return say(vocabulary.IDENTIFIERS, rest)
    if first == "contact":
        return say(vocabulary.FIELDS, each.family)
    label = say(SLOTS, first)
    if first in ("mailing", "season", "paperless") and scope != ALL:
        return f"{label}, {_('account')} {asking.account_ref(scope) or '–'}"
    return f"{label}: {say(DETAILS, scope)}" if first == "preference" else label


def _lines(each: Compared, value: Any, case: Any) -> tuple[str, ...]:
    if value is None or value == "":
        return ()
    if each.family in ("mailing", "season"):
        return tuple(Address.from_mapping(value).lines())
    if isinstance(value, Mapping) and "value" in value:
        first = _("used first") if value.get("is_primary") else ""
        return (str(value["value"]), *(text for text in (say(DETAILS, value.get("contact_type", "")), first) if text))
    if isinstance(value, Mapping):
        parts = " ".join(str(part) for name, part in value.items() if name != "name_type" and part)
        return (f"{parts} ({say(DETAILS, value.get('name_type', ''))})",)
    if isinstance(value, bool):
        return (_("Yes") if value else _("No"),)
    if isinstance(value, list):
        return (", ".join(say(DETAILS, item) for item in value) or "–",)
    return (say(DETAILS, value),)


def _when(each: Compared) -> str:
    """From when until when it shall hold; "" for from now on."""
    if each.family == "season":
        first, _dash, last = each.slot.rpartition(".")[2].partition("-")
        return _("each year from %(first)s to %(last)s") % {"first": _of_year(first), "last": _of_year(last)}
    if each.from_day and each.to_day:
        return _("from %(first)s to %(last)s") % {"first": day(each.from_day), "last": day(each.to_day)}
    return _("from %(first)s") % {"first": day(each.from_day)} if each.from_day else ""


def _of_year(month_day: str) -> str:
    return day(f"2024-{month_day[:2]}-{month_day[2:]}", "MONTH_DAY_FORMAT")


# ---------------------------------------------------------------- who asks, about whom


def _asker(case: Any, now: datetime) -> dict[str, Any] | None:
    """The login, in words; None where staff have asked."""
    found = asking.asker(case, at=now)
    if found is None:
        return None
    return {
        "email": found.email,
        "joined": found.joined,
        "capacity": say(CAPACITIES, found.capacity) if found.capacity else "",
        "level": say(LEVELS, found.level) if found.level else "",
        "proof": say(PROOFS, found.proof) if found.proof else "",
        "since": found.since,
        "until": found.until,
        "for_another": bool(found.on_behalf_of),
    }


def _about(case: Any, now: datetime) -> dict[str, Any]:
    """The person and the account, with what is on file as a warning."""
    person, account = case.person, case.account
    names = persons.names_of([case.person_id], at=now) if person else {}
    return {
        "person_id": str(case.person_id or ""),
        "name": names.get(case.person_id, ""),
        "person_ref": person.ref if person else "",
        "account_ref": account.ref if account else "",
        "flags": [say(vocabulary.FLAGS, each) for each in person.flags] if person else [],
        "accounts": [each.ref or "–" for each in asking.accounts_of(person.pk, at=now)] if person else [],
    }


def _warnings(case: Any, now: datetime) -> list[str]:
    """What looks like a take-over, in words (D-26): access or a contact that is newer than the policy trusts."""
    if JOURNEYS[case.journey].kind not in (Kind.CHANGE, Kind.DELEGATE) or case.user_id is None:
        return []
    fresh = timedelta(days=settings.KEYTURN_POLICY.fresh_contact_days)
    found, asker = [], asking.asker(case, at=now)
    if asker and asker.since and asker.since > now - fresh and asker.proof in ("sms", "email", "letter"):
        found.append(_("This login has had access only since %(day)s.") % {"day": day(asker.since.date())})
    if asker and asker.since is None:
        found.append(_("This login has no access to it any more."))
    changed = asking.contact_changed(case)
    if changed and changed > now - fresh:
        found.append(_("A contact on this file was changed on %(day)s.") % {"day": day(changed.date())})
    return found
