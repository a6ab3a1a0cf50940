"""What was undone of a request that is over, and what stays as it is, here or in the CIS, and why?"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from keyturn.console.vocabulary import say
from keyturn.terms.request import Outcome, Standing
from keyturn.terms.words import gettext_noop

HERE = {
    "person": gettext_noop(
        "The person stays on file: others may know them by now. Merge the file where it is one too many."
    ),
    "account": gettext_noop("The account stays on file, without service."),
    "consents": gettext_noop("What they agreed to stays in the ledger: it was said on that day."),
    "proposals": gettext_noop("Values that staff took into the file stay: put them right on the person’s page."),
    "added": gettext_noop("A name or document that was added stays on file, as what somebody said of themselves."),
    "changed_since": gettext_noop("What somebody has changed again since stays: it is not this request’s any more."),
    "certificate": gettext_noop(
        "The certificate that staff have read stays, and protects: nothing takes that from somebody who may depend on it "
        "but staff, on the page of life support."
    ),
    "end": gettext_noop("The access that was ended stays ended. Whoever owns the account can invite them again."),
    "privacy": gettext_noop(
        "What was done about their own data stays done: erased details cannot come back, and a restriction or an objection "
        "holds for them."
    ),
}
"""What `take_back` leaves in the registry."""

UNTOLD = {
    "certificate": gettext_noop("The CIS was not told of the certificate: enter there until when it protects."),
    "end": gettext_noop("The CIS still shows somebody who may act no more: remove them there."),
    "privacy": gettext_noop("The CIS was not told what was done about their own data: do the same there."),
}
"""What holds here and the CIS does not know."""

THERE = {
    "already_active": gettext_noop("Service runs there already: stop it there if nobody wants it."),
    "not_portal_owned": gettext_noop(
        "The CIS’s own staff have taken that person on the account over: only they remove them."
    ),
    "cannot_tell": gettext_noop("The CIS cannot say what it did: look there by the key of the delivery."),
    "done_twice": gettext_noop(
        "An earlier try has arrived as well: there are two of it. End the one that nobody named."
    ),
    "cannot_be_undone": gettext_noop("No command takes it back, or somebody has changed it since: put it right there."),
    "cannot_merge": gettext_noop("The CIS has no way to undo a merge: its staff must do it."),
}
OTHER = gettext_noop("It could not be taken back there (%(code)s): put it right by hand.")


@dataclass(frozen=True, slots=True)
class Remainder:
    """One line. `is_open`: somebody must do something about it."""

    text: str
    is_open: bool = False


def of(case: Any, events: Sequence[Any]) -> dict[str, list[Remainder]]:
    """ "here" and "there", of a request that was written down and came to nothing; of any other there is nothing to say."""
    is_over = case.standing == Standing.NOBODY and case.outcome != Outcome.COMPLETED
    if not is_over or getattr(case, "delivery", None) is None:
        return {}
    return {"here": list(_here(events)), "there": list(_there(case, events))}


def _here(events: Sequence[Any]) -> Iterator[Remainder]:
    stays = next((each.data["stays"] for each in reversed(events) if "stays" in each.data), ())
    if stays:
        yield Remainder(_("What it had written was taken back, but for this:"))
    else:
        yield Remainder(_("What it had written was taken back."))
    for name in stays:
        yield Remainder(say(HERE, name))


def _there(case: Any, events: Sequence[Any]) -> Iterator[Remainder]:
    said = {each.what: each.data for each in events}
    is_cleared = "cleared_in_cis" in said
    if "undone_in_cis" in said:
        yield Remainder(_("It had arrived late, and was taken back there."))
    if "left_in_cis" in said:
        for text in _left(said["left_in_cis"]):
            yield Remainder(text, is_open=not is_cleared)
    if is_cleared:
        yield Remainder(_("Staff have put it right there."))
    if not {"undone_in_cis", "left_in_cis"} & set(said):
        yield Remainder(_never(case))


def _left(data: Mapping[str, Any]) -> Iterator[str]:
    code, families = str(data.get("code", "")), data.get("families", ())
    if code == "not_told":
        yield from (say(UNTOLD, each) for each in families)
    else:
        yield _(THERE.get(code, OTHER)) % {"code": code}


def _never(case: Any) -> str:
    if case.delivery.tries == 0 and case.delivery.state == "intended":
        return _("It was never sent there.")
    return _("Nothing of it is known there. Should a try arrive late, it is found and taken back.")
