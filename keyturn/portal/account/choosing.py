"""What if somebody else changed the same value meanwhile? Mine, theirs, and what it was: the customer chooses (D-21)."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from keyturn import flow
from keyturn.look.parts import Choice, Part, problems_of
from keyturn.portal.account import home, said
from keyturn.portal.account.desk import ChangeDesk, at_change
from keyturn.records.queries import my_information, requests

MINE, THEIRS = "mine", "theirs"


@at_change
def choose(desk: ChangeDesk) -> HttpResponse:
    """Each value that somebody else changed: keep mine, or keep what is there now."""
    conflicts = flow.differences(request=desk.draft, now=desk.now)
    if not conflicts:
        return desk.go("check")
    if desk.request.method != "POST":
        return _show(desk, conflicts, {}, {})
    posted = desk.request.POST
    picked = {each.slot: posted.get(f"choice-{number}", "") for number, each in enumerate(conflicts)}
    errors = {slot: _("Choose which one to keep.") for slot, value in picked.items() if value not in (MINE, THEIRS)}
    if errors:
        return _show(desk, conflicts, picked, errors)
    seen = {posted.get(f"slot-{number}", ""): posted.get(f"shown-{number}", "") for number in range(len(conflicts))}
    for act, verb in ((THEIRS, flow.keep_theirs), (MINE, flow.keep_mine)):
        slots = {slot: seen[slot] for slot, value in picked.items() if value == act and slot in seen}
        if slots and requests.by_id(desk.draft.pk).standing == "customer":  # type: ignore[union-attr]
            verb(request_id=desk.draft.pk, slots=slots, actor=desk.actor, now=desk.now)
    after = requests.by_id(desk.draft.pk)
    if after is None or after.ended_at:
        return redirect("account:request", desk.draft.reference)
    return redirect("account:change_choose", desk.draft.reference)


def _show(desk: ChangeDesk, conflicts: Any, picked: dict[str, str], errors: dict[str, str]) -> HttpResponse:
    sayer = said.Sayer(home.titles(desk.visit), my_information.last_fours(desk.draft.person, at=desk.now))
    rows, parts = [], []
    for number, each in enumerate(conflicts):
        label = sayer.label(each.slot, each.wish, each.now, each.seen)
        now = sayer.lines(each.slot, each.now, on_file=True) or [_("Nothing: it was removed")]
        mine = sayer.lines(each.slot, each.wish) or [_("Remove it")]
        was = sayer.lines(each.slot, each.seen, on_file=True) or [_("Nothing")]
        part = Part(
            "radios", f"choice-{number}", _("Which one should we keep?"), value=picked.get(each.slot, ""), error=errors.get(each.slot, ""),
            choices=(Choice(MINE, _("Mine: %(value)s") % {"value": ", ".join(mine)}), Choice(THEIRS, _("What is there now: %(value)s") % {"value": ", ".join(now)})),
        )  # fmt: skip
        parts.append(part)
        rows.append({
            "label": label, "mine": mine, "now": now, "was": was, "who": _who(desk, each.slot), "part": part,
            "slot": each.slot, "shown": flow.shown(each), "number": number,
        })  # fmt: skip
    return desk.show(
        "account/choose.html", "check", rows=rows, problems=problems_of(tuple(parts)), back=desk.entrance, status=422 if errors else 200,
    )  # fmt: skip


def _who(desk: ChangeDesk, slot: str) -> str:
    """Who changed it, as far as this customer may know."""
    source = my_information.brought_by(desk.draft.person, slot)
    if source.startswith("request:"):
        if my_information.asked_by(source) == desk.visit.user.pk:
            return _("You changed it, in another window or on another device.")
        return _("Somebody else who may change this account changed it.")
    return _("Our staff changed it.") if source else _("It was changed meanwhile.")
