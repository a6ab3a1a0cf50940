"""Where is service needed? Search, choose, or describe what is not on file; outside the territory, say who serves it."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.http import HttpResponse
from django.utils.translation import gettext as _

from keyturn import flow
from keyturn.flow import sentences
from keyturn.look.parts import Choice, Part, problems_of
from keyturn.portal import addresses
from keyturn.portal.desk import StartDesk, at_desk
from keyturn.portal.premise_lines import place_lines
from keyturn.portal.questions import onwards
from keyturn.records import kept
from keyturn.records.queries import premises
from keyturn.terms.address import Address
from keyturn.terms.finding import Finding

ASKED = "service_address"
SLOT = "described"
MOST_SHOWN = 30
MOST_UNITS = 400  # of one building: whoever lives in the last one finds it, too
AS_LIST = 8  # more than this many units are easier to find in a list that opens
NONE_OF_THESE = "none"


@at_desk
def where(desk: StartDesk) -> HttpResponse:
    """The search. What was typed stays in the session, never in an address."""
    typed = desk.request.POST.get("q", "").strip()[:200]
    if desk.request.method == "POST" and typed:
        desk.request.session["looked_for"] = typed
        return desk.go("choose" if premises.find(typed, most=1) else "unlisted")
    page = desk.walk.journey.page("where")
    assert page is not None
    question = page.questions[0]
    error = sentences.sentence(Finding("G-05", ASKED)) if desk.request.method == "POST" else ""
    known = desk.request.session.get("looked_for") or ", ".join(place_lines(desk.answers.get(ASKED)))
    field = Part(
        "text", "q", _(page.title), value=known, hint=_(question.hint), error=error, heading=True, autocomplete="off",
    )  # fmt: skip
    return desk.show(
        "where.html",
        "where",
        field=field,
        why=[_(question.why)],
        problems=problems_of((field,)),
        status=422 if error else 200,
    )


@at_desk
def choose(desk: StartDesk) -> HttpResponse:
    """Pick the premise, or the unit of a building, among what was found."""
    looked_for = desk.request.session.get("looked_for", "")
    found = _found(looked_for) if looked_for else []
    if not found:
        return desk.go("unlisted" if looked_for else "where")
    picked, error = desk.request.POST.get(ASKED, ""), ""
    if desk.request.method == "POST":
        if picked == NONE_OF_THESE:
            return desk.go("unlisted")
        if any(str(premise.pk) == picked for premise in found):
            return _keep(desk, {"premise_id": picked})
        error = (
            _("Choose your unit, or say that it is not in the list.")
            if _is_one_building(found)
            else _("Choose the address, or say that it is not in the list.")
        )
    picked = picked or str((desk.answers.get(ASKED) or {}).get("premise_id", ""))
    field = _choices(found, picked, error)
    return desk.show(
        "choose.html", "where", field=field, looked_for=looked_for, problems=problems_of((field,)),
        back="/start/where", status=422 if error else 200,
    )  # fmt: skip


def _found(looked_for: str) -> list[Any]:
    """Every unit of one building, else as many addresses as fit on a page."""
    found = premises.find(looked_for, most=MOST_UNITS)
    return found if _is_one_building(found) else found[:MOST_SHOWN]


def _is_one_building(found: Sequence[Any]) -> bool:
    places = [premise.address for premise in found]
    return len(places) > 1 and len({(a.line1, a.postal_code) for a in places}) == 1 and all(a.line2 for a in places)


def _choices(found: Sequence[Any], picked: str, error: str) -> Part:
    """One house: a yes or no. One building: its units. Otherwise whole addresses."""
    lines = [(premise, premise.address) for premise in found]
    one_building = _is_one_building(found)
    if one_building:
        options = [Choice(str(premise.pk), address.line2) for premise, address in lines]
        label, hint = _("Which unit is yours?"), ", ".join(line for line in _without_unit(lines[0][1]))
    else:
        options = [Choice(str(premise.pk), *_two_lines(address)) for premise, address in lines]
        label = _("Is this the address?") if len(found) == 1 else _("Which of these addresses is it?")
        hint = (
            _("There are more than these. Add the house number to your search to find yours.")
            if len(found) == MOST_SHOWN
            else ""
        )
    other = Choice(NONE_OF_THESE, _("My address is not here"), _("You can enter it on the next page."), apart=True)
    if one_building and len(options) > AS_LIST:
        first = Choice("", _("Choose a unit"))
        last = Choice(NONE_OF_THESE, _("My unit is not in this list"))
        return Part(
            "select", ASKED, label, value=picked, hint=hint, error=error, heading=True, choices=(first, *options, last)
        )
    return Part("radios", ASKED, label, value=picked, hint=hint, error=error, heading=True, choices=(*options, other))


def _two_lines(address: Address) -> tuple[str, str]:
    lines = address.lines()
    return ", ".join(lines[:-1]) or lines[-1], lines[-1] if len(lines) > 1 else ""


def _without_unit(address: Address) -> list[str]:
    return [line for line in address.lines() if line != address.line2]


@at_desk
def unlisted(desk: StartDesk) -> HttpResponse:
    """An address that is not on file: described freely, an exception that staff look at (step 3.4)."""
    if desk.request.method == "POST":
        typed = {**(addresses.read(ASKED, desk.request.POST) or {}), "country": desk.policy.country}
        # Asked before anything is kept: the answer decides where the person goes.
        problems = flow.wrong_with_place(address=typed, now=desk.now, policy=desk.policy)
        return _describe(desk, typed, problems) if problems else _settle(desk, typed)
    before = kept.take_back(desk.request.session, SLOT, str(desk.draft.pk)) or desk.answers.get(ASKED) or {}
    looked_for = desk.request.session.get("looked_for", "")
    return _describe(desk, before if before.get("line1") else {"line1": looked_for}, [])


def _describe(desk: StartDesk, value: Mapping[str, str], problems: list[Finding]) -> HttpResponse:
    parts = addresses.parts(ASKED, value, sentences.by_field(problems), of_service=True)
    looked_for = desk.request.session.get("looked_for", "")
    unknown = looked_for if looked_for and not premises.find(looked_for, most=1) else ""
    return desk.show(
        "unlisted.html", "where", parts=parts, problems=problems_of(parts), back="/start/where",
        looked_for=unknown, status=422 if problems else 200,
    )  # fmt: skip


def _settle(desk: StartDesk, typed: dict[str, str]) -> HttpResponse:
    """Perhaps it is on file after all; perhaps it is not ours to serve."""
    premise = premises.resolve(typed)
    if premise is not None:
        return _keep(desk, {"premise_id": str(premise.pk)})
    ours, neighbour = flow.who_serves(address=typed, policy=desk.policy)
    if ours:
        return _keep(desk, typed)
    kept.keep(desk.request.session, SLOT, str(desk.draft.pk), typed)  # they may have made a slip, and come back to it
    if _is_on_file_with_another_code(desk, typed):
        return desk.go("choose")
    return desk.show("outside.html", "where", place=addresses.shown(typed), neighbour=neighbour, back="/start/where")


def _is_on_file_with_another_code(desk: StartDesk, typed: dict[str, str]) -> bool:
    """One slip in the ZIP code, and we would send our own customer away: then that address is looked for, and asked about once."""
    place = {**typed, "postal_code": ""}
    looked_for = ", ".join(addresses.shown(place))
    if premises.resolve(place) is None or desk.request.session.get("looked_for") == looked_for:
        return False
    desk.request.session["looked_for"] = looked_for
    return True


def _keep(desk: StartDesk, address: dict[str, str]) -> HttpResponse:
    """Save the address. Services that are not to be had there are asked for again."""
    answers: dict[str, Any] = {ASKED: address}
    premise = premises.by_id(address.get("premise_id", "")) if address.get("premise_id") else None
    services = desk.answers.get("services") or []
    if premise is not None and set(services) - set(premise.services):
        answers["services"] = None
    _draft, problems = flow.answer(
        request_id=desk.draft.pk, answers=answers, actor=desk.seat.actor, now=desk.now, policy=desk.policy
    )
    if problems:
        return _describe(desk, address, problems)
    return onwards(desk.again(), "where")
