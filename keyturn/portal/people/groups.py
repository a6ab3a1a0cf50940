"""Which groups of accounts does an organisation have, what is in them, who are their members?"""

from typing import Any
from uuid import UUID

from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from keyturn import flow
from keyturn.look.parts import Choice, Part, problems_of
from keyturn.portal.account import home, said
from keyturn.portal.account import powers as words
from keyturn.portal.account.door import Visit, signed_in
from keyturn.portal.people import people as pages
from keyturn.records.queries import groups, persons
from keyturn.records.queries import people as queries
from keyturn.terms.errors import NotAllowed, StaleVersion


def _organisations(visit: Visit) -> dict[UUID, frozenset[UUID]]:
    found = groups.organisations(visit.user.pk, at=visit.now)
    if not found:
        raise Http404
    return found


@signed_in
def listed(visit: Visit) -> HttpResponse:
    """Every group of the organisations that this login looks after."""
    theirs = _organisations(visit)
    names = persons.names_of(theirs, at=visit.now)
    found = groups.looked_after_by(visit.user.pk, at=visit.now)
    sections = [
        {
            "person": str(person), "name": names.get(person, ""),
            "groups": [
                {"id": str(g.group.pk), "name": g.group.name, "accounts": len(g.accounts), "members": len(g.members), "invited": len(g.invited)}
                for g in found if g.group.person_id == person
            ],
        }
        for person in theirs
    ]  # fmt: skip
    return visit.show("groups.html", back=reverse("people:hub"), sections=sections, banners=pages.banners_of(visit))


@signed_in
def new(visit: Visit, person_id: Any) -> HttpResponse:
    """A name, and the accounts."""
    theirs = _organisations(visit).get(person_id)
    if theirs is None:
        raise Http404
    posted, error = visit.request.POST, ""
    if visit.request.method == "POST":
        try:
            made = flow.create_group(
                user=visit.user, person_id=person_id, name=posted.get("name", ""),
                account_ids=posted.getlist("accounts"), now=visit.now,
            )  # fmt: skip
            return redirect("people:group", made.pk)
        except NotAllowed as refused:
            error = _problem(refused)
    fields = _fields(visit, theirs, name=posted.get("name", ""), chosen=posted.getlist("accounts"), error=error)
    return visit.show(
        "group_new.html", back=reverse("people:groups"), fields=fields, problems=problems_of(fields),
        status=422 if error else 200,
    )  # fmt: skip


def _problem(refused: NotAllowed) -> str:
    match refused.code:
        case "no_name":
            return _("Give the group a name.")
        case "name_taken":
            return _("There is a group with this name already. Choose another one.")
        case _:
            raise Http404


def _fields(visit: Visit, theirs: Any, *, name: str, chosen: Any, error: str = "") -> tuple[Part, ...]:
    titles = home.titles(visit)
    numbers = {each.account.pk: home.number_of(each) for each in visit.accounts}
    rows = sorted((titles[str(each)], str(each), numbers.get(each, "")) for each in theirs)
    return (
        Part("text", "name", _("Name of the group"), value=name, error=error, width=30, longest=100),
        Part(
            "checkboxes", "accounts", _("Accounts in it"), value=[str(each) for each in chosen],
            hint=_("Members see exactly these accounts. One that you take out is gone for them at once."),
            choices=tuple(Choice(ident, title, number) for title, ident, number in rows),
        ),
    )  # fmt: skip


@signed_in
def group(visit: Visit, group_id: Any) -> HttpResponse:
    """One group: its members and who is invited, and the form with its name and accounts."""
    found = _found(visit, group_id)
    if visit.request.method != "POST":
        return _show(visit, found, name=found.group.name, chosen=found.accounts, version=found.group.version)
    posted = visit.request.POST
    typed = {"name": posted.get("name", ""), "chosen": posted.getlist("accounts")}
    try:
        flow.change_group(
            group_id=group_id, user=visit.user, name=typed["name"], account_ids=typed["chosen"], now=visit.now,
            version=_version(posted),
        )  # fmt: skip
    except StaleVersion as stale:
        return _show(visit, found, **typed, version=stale.current, banners=[_changed_elsewhere(found)], status=409)
    except NotAllowed as refused:
        return _show(visit, found, **typed, version=_version(posted), error=_problem(refused), status=422)
    return redirect(f"{reverse('people:group', args=[group_id])}?told=saved")


def _version(posted: Any) -> int:
    text = posted.get("version", "")
    return int(text) if text.isdecimal() and len(text) < 10 else 0


def _changed_elsewhere(found: Any) -> dict[str, Any]:
    return {
        "title": _("This group was changed while you were here"), "tone": "wait", "urgent": True,
        "text": _("It is called “%(name)s” now. Below is what you typed: check it, and save again.") % {"name": found.group.name},
    }  # fmt: skip


def _found(visit: Visit, group_id: Any) -> groups.Group:
    found = groups.looked_after(visit.user.pk, group_id, at=visit.now)
    if found is None:
        raise Http404
    return found


def _show(
    visit: Visit, found: groups.Group, *, name: str, chosen: Any, version: int, error: str = "", status: int = 200,
    banners: Any = (),
) -> HttpResponse:  # fmt: skip
    theirs = groups.organisations(visit.user.pk, at=visit.now)[found.group.person_id]
    fields = _fields(visit, theirs, name=name, chosen=chosen, error=error)
    saved = (
        [{"title": _("Saved. It holds from now on."), "tone": "good"}]
        if visit.request.GET.get("told") == "saved"
        else []
    )
    ident = found.group.pk
    return visit.show(
        "group.html", back=reverse("people:groups"), id=str(ident), title=found.group.name, fields=fields,
        problems=problems_of(fields), version=version, members=[_member(visit, ident, e) for e in queries.described(found.members, at=visit.now)],
        invited=[pages.invited(visit, e) | {"end": reverse("people:member_take_back", args=[ident, e.pk])} for e in found.invited],
        account=str(min(found.accounts)) if found.accounts else "", is_used=found.is_used, status=status,
        banners=[*pages.banners_of(visit), *saved, *banners], history=pages.history(visit, f"group:{ident}"),
    )  # fmt: skip


def _member(visit: Visit, group_id: Any, holder: Any) -> dict[str, Any]:
    held = holder.access
    return {
        "name": holder.name or said.masked_email(held.user.email), "email": said.masked_email(held.user.email) if holder.name else "", "own": held.user_id == visit.user.pk,
        "level": str(words.LEVELS.get(held.level, "")), "until": words.last_day(held.until, visit.policy),
        "came": words.came(holder, visit), "is_staffs": held.owned_by != "portal",
        "end": reverse("people:member_end", args=[group_id, held.pk]) if held.owned_by == "portal" else "",
    }  # fmt: skip


@signed_in
def end(visit: Visit, group_id: Any) -> HttpResponse:
    """Give up a group that nobody uses."""
    found, back = _found(visit, group_id), reverse("people:group", args=[group_id])
    if found.is_used:
        return redirect(back)
    if visit.request.method != "POST":
        return visit.show(
            "confirm.html", back=back, title=_("Give up the group “%(name)s”?") % {"name": found.group.name},
            button=_("Yes, give it up"), version=found.group.version,
            paragraphs=[_("Nobody is a member. The accounts stay as they are.")],
        )  # fmt: skip
    try:
        flow.end_group(group_id=group_id, user=visit.user, version=_version(visit.request.POST), now=visit.now)
    except NotAllowed:
        return redirect(back)
    return redirect("people:groups")
