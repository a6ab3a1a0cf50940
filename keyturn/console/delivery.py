"""What do staff see of a request's delivery to the CIS, and what may they do about it?"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from keyturn.console import vocabulary
from keyturn.console.access import DECIDERS, RETRIERS
from keyturn.console.vocabulary import say
from keyturn.flow import gate
from keyturn.journeys import JOURNEYS, Kind
from keyturn.records.queries import deliveries
from keyturn.terms.request import Standing, Step
from keyturn.terms.words import gettext_noop


@dataclass(frozen=True, slots=True)
class Field:
    """A line to fill in. `known`: what is on file already, and stands there."""

    name: str
    label: str
    known: str = ""
    kind: str = "text"


@dataclass(frozen=True, slots=True)
class Act:
    """One thing that can be done, as a form. `words` labels its text; "" where none is asked for."""

    name: str
    title: str
    hint: str
    button: str
    words: str = ""
    fields: tuple[Field, ...] = ()
    choices: tuple[str, ...] = ()
    warns: bool = False


WHY = gettext_noop("Why, for colleagues")
ROLES_OF: Mapping[str, frozenset[str]] = {
    "send_now": RETRIERS, "not_there": RETRIERS, "same_person": RETRIERS, "settle": RETRIERS, "discard": RETRIERS,
    "cleared": RETRIERS, "send_back": DECIDERS, "correct": DECIDERS,
}  # fmt: skip
"""Who may do what about a delivery."""
EVENTS: Mapping[str, str] = {
    "send_now": "retried", "not_there": "sent_anew", "same_person": "sent_anew", "settle": "settled",
    "correct": "corrected", "send_back": "sent_back", "discard": "discarded", "cleared": "cleared_in_cis",
}  # fmt: skip
"""What the history calls it when it was done."""
WITH_STAFF = {
    "in_doubt": gettext_noop("In doubt: it waits until staff have looked in the CIS"),
    "intended": gettext_noop("Not sent: it waits until staff have looked"),
}


ON_ANOTHER_FILE = "on_another_file"
"""The CIS has done it (S-18)."""


def of(case: Any, *, now: datetime) -> dict[str, Any] | None:
    """How it stands; None where nothing is to be sent."""
    found = getattr(case, "delivery", None)
    if found is None:
        return None
    return {
        "state": found.state,
        "word": word_of(found, case.standing),
        "tries": found.tries,
        "problem": found.problem,
        "next": found.next_try_at if case.standing == Standing.MACHINE and not found.parked_at else None,
        "doubt": found.in_doubt_since,
        "parked": found.parked_at is not None,
        "gate": deliveries.gate(gate.which(), now=now) if case.standing != Standing.NOBODY else None,
        "key": found.key,
        "answer": found.answer,
    }


def word_of(found: Any, standing: str) -> str:
    """How it stands, in words: what stands with staff is not sent or looked up by itself."""
    if standing == Standing.STAFF and found.problem == ON_ANOTHER_FILE:
        return str(_("Done in the CIS, but not for this file"))
    if standing == Standing.STAFF and found.state in WITH_STAFF:
        return str(_(WITH_STAFF[found.state]))
    return say(vocabulary.DELIVERY, found.state)


def acts(case: Any, *, role: str, own: bool, now: datetime) -> list[Act]:
    """What this reader may do now, in the order of the page; nothing about their own request or while a call is under way."""
    found = getattr(case, "delivery", None)
    if found is None or own or (found.leased_until is not None and found.leased_until > now):
        return []
    return [each for each in _possible(case, found) if role in ROLES_OF[each.name]]


def _possible(case: Any, found: Any) -> Iterator[Act]:
    if case.standing == Standing.NOBODY:
        what = {each.what for each in case.events.filter(what__in=("left_in_cis", "cleared_in_cis"))}
        if what == {"left_in_cis"}:
            yield Act("cleared", _("It is put right in the CIS"), _left(found), _("It is put right"), _(WHY))
        return
    yield from _mending(case, found)
    is_at_the_cis = case.established_at and case.step in (Step.SYNC, Step.REVIEW)
    if not is_at_the_cis or case.standing == Standing.CUSTOMER:
        return
    with_people = case.standing in (Standing.STAFF, Standing.ENGINEER)
    if case.standing == Standing.MACHINE and not gate.is_open():
        yield Act("send_now", _("Send it now"), "", _("Send it now"))
    if shown := _refs_shown(case.findings) if case.standing == Standing.STAFF else ():
        hint = _("No second person is entered there; the service is sent for the one that you choose.")
        yield Act("same_person", _("It is this person"), hint, _("Send it for this person"), _(WHY), choices=shown)
    if with_people and found.state in ("sent", "in_doubt"):
        hint = _("You have looked in the CIS for %(key)s, and found nothing.") % {"key": found.key}
        yield Act("not_there", _("It is not there: send it"), hint, _("Send it again"), _(WHY))
    hint = _("You have looked, and it is done. What you type is looked up in the CIS before it is believed.")
    yield Act("settle", _("It is done in the CIS"), hint, _("Settle it"), _(WHY), fields=tuple(_fields(case)))
    hint = _("It ends here. The customer reads the reason. What the CIS did after all is looked for and cancelled.")
    label = _("The reason that the applicant will read")
    yield Act("discard", _("Discard it"), hint, _("Discard it"), label, warns=True)


def _left(found: Any) -> str:
    """What of a request that is over is in the CIS, as a hint."""
    besides = found.answer.get("besides")
    if besides is None:
        return _("Something of this request is in the CIS although it is over, and could not be undone from here.")
    refs = [besides["person_ref"], besides["account_ref"], *besides["agreement_refs"].values()]
    return _(
        "After this was settled by hand an earlier try of %(key)s arrived in the CIS and made something else there: %(refs)s."
        " See which of the two is right, and end the other one there."
    ) % {"key": found.key, "refs": ", ".join(filter(None, refs))}


def _mending(case: Any, found: Any) -> Iterator[Act]:
    """What the CIS refused is corrected: by staff on the customer's word, or by the partner who sent it."""
    refused = found.state == "rejected" and case.established_at and case.standing == Standing.STAFF
    refused = refused and found.problem != ON_ANOTHER_FILE
    if not refused or JOURNEYS[case.journey].kind is not Kind.START:
        return
    hint = _("On the customer’s word. It is searched, decided and sent anew, under the same reference.")
    fields = tuple(
        Field(name, label, "" if name == "id_value" else str(case.answers[name]), "date" if "date" in name else "text")
        for name, label in _mended().items()
        if name in case.answers
    )
    yield Act("correct", _("Correct it"), hint, _("Correct it and send it"), _(WHY), fields=fields)
    if case.channel == "api":
        hint = _(
            "The partner reads your words, changes the answers and sends the request again, under the same reference."
        )
        yield Act("send_back", _("Send it back to be corrected"), hint, _("Send it back"), _("What is to be corrected"))


def _mended() -> dict[str, str]:
    """What staff may correct, and what it is called."""
    names = ("given_name", "middle_name", "family_name", "organisation_name", "date_of_birth", "phone")
    return {
        "start_date": _("Start date"),
        **{name: say(vocabulary.FIELDS, name) for name in names},
        "id_value": _("Number of the document, where it is another one"),  # never shown before it is asked for
    }


def _fields(case: Any) -> Iterator[Field]:
    """The references that the CIS gave, or is to have given."""
    person, account = case.person, case.account
    yield Field("person_ref", _("Person in the CIS"), (person.ref or "") if person else "")
    if JOURNEYS[case.journey].kind is not Kind.START:
        return
    yield Field("account_ref", _("Account in the CIS"), (account.ref or "") if account else "")
    for service in case.answers.get("services", ()):
        label = _("Agreement for %(service)s in the CIS") % {"service": say(vocabulary.SERVICES, service).lower()}
        yield Field(f"agreement_{service}", label)


def _refs_shown(findings: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    shown = [row["params"].get("refs", "") for row in findings if row["rule"] == "S-12"]
    return tuple(ref for each in shown for ref in each.split(", ") if ref)
