"""How do staff propose that two files become one: whom with, what stays, what moves?"""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters

from keyturn import flow
from keyturn.console import kept
from keyturn.console.access import DECIDERS, actor_of, may_see_protected, only
from keyturn.console.merging_words import WARNINGS, refusal, spoken, value
from keyturn.console.people import refused
from keyturn.console.person import FOUND_AT_MOST, found_row
from keyturn.console.queue import page
from keyturn.console.vocabulary import say
from keyturn.look.parts import Problem
from keyturn.records.queries import duplicates, merges, merging, person_pages, persons, shelter
from keyturn.terms.errors import Invalid, NotAllowed
from keyturn.terms.merging import Side

OTHER = {str(Side.SURVIVOR): str(Side.LOSER), str(Side.LOSER): str(Side.SURVIVOR)}


@only(DECIDERS)
@sensitive_post_parameters()
def merge_with(request: HttpRequest, person: UUID) -> HttpResponse:
    """Whom with? By search, a form that is posted; above it whoever seems to be the same."""
    now = timezone.now()
    held = _person(person)
    text = request.POST.get("q", "").strip()[:100]
    found = person_pages.listed(at=now, text=text, most=FOUND_AT_MOST + 2) if text else []
    rows = [found_row(each) for each in found if each.pk != held.pk]
    pairs = duplicates.of_person(held.pk)
    others = {each.pk: each.other_id if each.one_id == held.pk else each.one_id for each in pairs}
    names = persons.names_of([held.pk, *others.values()], at=now)
    return page(
        request, "console/merge_with.html", name=names.get(held.pk, "") or _("(no name)"), person_id=str(held.pk),
        rows=rows[:FOUND_AT_MOST], more=len(rows) > FOUND_AT_MOST, asked=text,
        alike=[(str(each.pk), names.get(others[each.pk], "?")) for each in pairs],
    )  # fmt: skip


def _person(ident: UUID) -> Any:
    found = persons.by_id(str(ident))
    if found is None:
        raise Http404
    return found


@only(DECIDERS)
@sensitive_post_parameters()
def merge(request: HttpRequest, survivor: UUID, loser: UUID) -> HttpResponse:
    """What stays and what moves (GET); proposed, or the two swapped (POST). Nothing that was chosen or typed is lost."""
    if request.method != "POST":
        waiting = kept.take_back(request, kept.place("merge", survivor, loser))
        if waiting:
            messages.warning(request, _("Nothing was sent yet. What you typed is still here."))
        return merge_page(request, survivor, loser, typed=waiting)
    typed = request.POST
    if typed.get("act") == "swap":
        swapped = {
            name: OTHER.get(said, said) if name.startswith(kept.CHOICE) else said for name, said in typed.items()
        }
        return merge_page(request, loser, survivor, typed=swapped)
    try:
        made = flow.propose_merge(
            survivor_id=survivor, loser_id=loser, choices=choices_in(typed), reason=typed.get("reason", ""),
            actor=actor_of(request), now=timezone.now(), policy=settings.KEYTURN_POLICY,
            may_see=may_see_protected(request),
        )  # fmt: skip
    except Invalid as problem:
        return merge_page(request, survivor, loser, typed=typed, problems=refused(problem), status=422)
    except NotAllowed as problem:
        if problem.code == "unknown_person":
            raise Http404 from None
        there = merging.open_between(survivor, loser)
        if there is not None and there.proposed_by == f"staff:{actor_of(request).ident}":
            return redirect("console:merge_made", there.pk)  # pressed twice
        line = Problem(refusal(problem.code))
        return merge_page(request, survivor, loser, typed=typed, problems=(line,), status=409)
    messages.success(request, _("Proposed. Nothing has moved yet: a colleague looks at it, too."))
    return redirect("console:merge_made", made.pk)


def choices_in(typed: Mapping[str, str]) -> dict[str, str]:
    """Field, or item, to "survivor" or "loser"."""
    return {name.removeprefix(kept.CHOICE): typed[name] for name in typed if name.startswith(kept.CHOICE)}


def merge_page(
    request: HttpRequest, survivor: UUID, loser: UUID, *, typed: Mapping[str, str], problems: tuple[Problem, ...] = (),
    status: int = 200,
) -> HttpResponse:  # fmt: skip
    now = timezone.now()
    two = [merges.as_it_is(each) for each in (survivor, loser)]
    if two[0] is None or two[1] is None:
        raise Http404
    look_at(request, two)
    found = merging.preview(two[0], two[1], at=now, may_see=may_see_protected(request))
    there = next((each for who in two for each in merging.merges_of(who) if each.state == "proposed"), None)
    pair = duplicates.between(survivor, loser) if survivor != loser else None
    return page(
        request, "console/merge.html", status=status, problems=problems, typed=typed, merge_open=there,
        errors={each.href.lstrip("#"): each.text for each in problems if each.href},
        obstacles=[refusal(each) for each in found.obstacles], pair_id=str(pair.pk) if pair else "",
        **shown(found, choices_in(typed)),
    )  # fmt: skip


def look_at(request: HttpRequest, two: Any) -> None:
    """Write down, before it is shown, that somebody with the right looks at a protected address."""
    if may_see_protected(request):
        for ident in sorted(shelter.protected([each.pk for each in two], at=timezone.now())):
            flow.look_at_protected(person_id=ident, may_see=True, actor=actor_of(request), now=timezone.now())


def shown(found: merging.Preview, choices: Mapping[str, str]) -> dict[str, Any]:
    """What a page shows of a merge that is to be: both names, the fields with what is chosen, what moves."""
    names = persons.names_of([found.survivor.pk, found.loser.pk], at=timezone.now())
    fields = [
        {
            "name": each.name, "label": _(each.label), "differs": each.differs,
            "sides": [("survivor", value(each.name, each.survivor)), ("loser", value(each.name, each.loser))],
            "chosen": choices.get(each.name, str(each.default)),
        }
        for each in found.fields
    ]  # fmt: skip
    return {
        "survivor": _who(found.survivor, names), "loser": _who(found.loser, names),
        "fields": [each for each in fields if each["differs"]],
        "alike": [(each["label"], each["sides"][0][1]) for each in fields if not each["differs"]],
        "moves": rows_of(found.moves), "warnings": [say(WARNINGS, each) for each in found.warnings],
    }  # fmt: skip


def _who(person: Any, names: Mapping[Any, str]) -> dict[str, str]:
    return {"id": str(person.pk), "ref": person.ref or "", "name": names.get(person.pk, "") or _("(no name)")}


def rows_of(rows: Any) -> list[dict[str, Any]]:
    """What moves, or goes back, kind by kind."""
    return [
        {"label": _(each.label), "count": each.count, "items": [spoken(item) for item in each.items if item]} for each in rows
    ]  # fmt: skip
