"""Are these two persons on file one: what do staff see of both, and what do they say?"""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from keyturn import flow
from keyturn.console import comparison, told_apart
from keyturn.console.access import DECIDERS, acting, actor_of, only
from keyturn.console.duplicates import SOURCES, address_of_next
from keyturn.console.merging_words import refusal
from keyturn.console.people import access_row
from keyturn.console.queue import page
from keyturn.console.rows import status_word
from keyturn.console.vocabulary import FLAGS, RELATIONS, ZONES, say
from keyturn.console.weighing import weigh
from keyturn.flow.sentences import sentence
from keyturn.look.parts import Problem
from keyturn.records.queries import dossier, duplicates, files, merging, persons
from keyturn.terms.errors import Invalid, NotAllowed
from keyturn.terms.words import gettext_noop

BESIDES = frozenset({"nothing_verified", "links_switched_off", "below_link_score"})
"""Reasons of the matcher that are about somebody who applies, or tell what it proposes."""
UNDECIDED = ("open", "held")
STATES = {
    "open": gettext_noop("To decide"),
    "held": gettext_noop("Waiting for room"),
    "merged": gettext_noop("Merged"),
    "not_same": gettext_noop("Not the same"),
    "gone": gettext_noop("No longer a question"),
}


def find(pair: UUID) -> Any:
    found = duplicates.get(pair)
    if found is None:
        raise Http404
    return found


@require_safe
@only(DECIDERS)
def show(request: HttpRequest, pair: UUID) -> HttpResponse:
    return pair_page(request, find(pair))


def pair_page(
    request: HttpRequest, pair: Any, *, chosen: str = "", relation: str = "", problems: tuple[Problem, ...] = (),
    status: int = 200,
) -> HttpResponse:  # fmt: skip
    """Both side by side, the picture, and the form where it is not decided yet."""
    now = timezone.now()
    two = [dossier.on_file(each, at=now) for each in (pair.one_id, pair.other_id)]
    one, other = two
    if one is None or other is None:
        raise Http404
    weighed = weigh(pair, besides=BESIDES)
    lines, unknown = comparison.side_by_side(
        comparison.on_file(one, opened=False), comparison.on_file(other, opened=False), weighed, pair
    )
    merge_open = merging.open_between(one.person_id, other.person_id)
    return page(
        request, "console/duplicate.html", status=status, pair=pair, pair_id=str(pair.pk), problems=problems,
        two=[side(each, number, at=now) for number, each in enumerate((one, other), start=1)], lines=lines, unknown=unknown, weighed=weighed,
        proposal=say(ZONES, pair.zone), source=say(SOURCES, pair.source), state=say(STATES, pair.state),
        undecided=pair.state in UNDECIDED, decidable=pair.state in UNDECIDED and not merge_open, chosen=chosen, relation=relation, survivor=str(suggested(one, other)),
        relations=[(code, say(RELATIONS, code)) for code in RELATIONS],
        earlier=told_apart.sentences(one.person_id, at=now, among=[other.person_id]),
        others=_others(pair), merge_open=merge_open, decided_by=told_apart.called([pair.decided_by]).get(pair.decided_by, ""),
    )  # fmt: skip


def side(person: dossier.OnFile, number: int, *, at: datetime) -> dict[str, Any]:
    """What is around one of the two: accounts, logins, requests."""
    held = files.read(person.person_id, at=at)
    name = person.details.display_name or _("(no name)")
    return {
        "id": str(person.person_id), "name": name, "label": f"{number} · {name}", "ref": person.ref,
        "flags": [say(FLAGS, each) for each in person.flags], "accounts": comparison.accounts_of(person),
        "logins": [access_row(each) for each in (held.accesses if held else ())],
        "requests": [(each.reference, status_word(each)) for each in person.requests],
    }  # fmt: skip


def suggested(one: dossier.OnFile, other: dossier.OnFile) -> UUID:
    """Whose file should stay, unless staff swap them: of whom has live service, more accounts, is known to the CIS, is
    on file longer."""

    def standing(person: dossier.OnFile) -> tuple[Any, ...]:
        live = any(each.live for each in person.accounts)
        return (not live, -len(person.accounts), not person.ref, person.person_id)

    return min((one, other), key=standing).person_id


def _others(pair: Any) -> list[tuple[str, str]]:
    """Other pairs that one of the two is part of: three files may be one person."""
    rows = {each.pk: each for ident in (pair.one_id, pair.other_id) for each in duplicates.of_person(ident)}
    rows.pop(pair.pk, None)
    now = timezone.now()
    names = persons.names_of({ident for each in rows.values() for ident in (each.one_id, each.other_id)}, at=now)
    return [
        (str(each.pk), f"{names.get(each.one_id, '?')} – {names.get(each.other_id, '?')}") for each in rows.values()
    ][:10]


@acting
@only(DECIDERS)
def decide(request: HttpRequest, pair: UUID) -> HttpResponse:
    """One person: on to the merge. Two: written down, and the next pair opens."""
    found = find(pair)
    chosen, relation = request.POST.get("decision", ""), request.POST.get("relation", "")
    if found.state not in UNDECIDED:
        return _too_late(request, found, chosen)
    if chosen == "merge":
        pair_ids = {str(found.one_id), str(found.other_id)}
        survivor = request.POST.get("survivor", "")
        survivor = survivor if survivor in pair_ids else str(found.one_id)
        return redirect("console:merge", survivor, *(pair_ids - {survivor}))
    problem = _missing(chosen, relation)
    if problem:
        return pair_page(request, found, chosen=chosen, relation=relation, problems=(problem,), status=422)
    try:
        flow.not_same(
            one_id=found.one_id, other_id=found.other_id, relation=relation if chosen == "related" else "",
            actor=actor_of(request), now=timezone.now(),
        )  # fmt: skip
    except Invalid as wrong:
        lines = tuple(Problem(sentence(each, for_staff=True), "#decision-1") for each in wrong.findings)
        return pair_page(request, found, chosen=chosen, relation=relation, problems=lines, status=422)
    except NotAllowed as wrong:
        line = Problem(refusal(wrong.code))
        return pair_page(request, find(pair), chosen=chosen, relation=relation, problems=(line,), status=409)
    messages.success(request, _("They are two. No search asks about them again."))
    return redirect(address_of_next(request))


def _missing(chosen: str, relation: str) -> Problem | None:
    if chosen not in ("not_same", "related"):
        return Problem(_("Choose what to do."), "#decision-1")
    if chosen == "related" and relation not in RELATIONS:
        return Problem(_("Choose how they belong together."), "#relation")
    return None


def _too_late(request: HttpRequest, found: Any, chosen: str) -> HttpResponse:
    """Pressed twice: one decision. Decided by somebody else meanwhile: said so, and nothing is done."""
    mine = found.decided_by == f"staff:{actor_of(request).ident}"
    if mine and found.state == "not_same" and chosen in ("not_same", "related"):
        messages.success(request, _("They are two. No search asks about them again."))
        return redirect(address_of_next(request))
    text = _("Nothing was done: this pair was decided meanwhile.")
    return pair_page(request, found, problems=(Problem(text),), status=409)
