"""How is somebody's access, a designation or an open invitation ended, after one more question?"""

from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from keyturn import flow
from keyturn.portal.account.door import Visit, signed_in
from keyturn.records.queries import groups, people
from keyturn.signin.proof import prove_again, recently_proved
from keyturn.terms.errors import Invalid, NotAllowed
from keyturn.terms.levels import Level


@signed_in
def access_of_account(visit: Visit, ident: Any, access_id: Any) -> HttpResponse:
    """An owner ends another's access to this account; everybody may end their own."""
    seen, back = visit.account(ident), reverse("people:people", args=[ident])
    held = people.holders(seen.account.pk, at=visit.now)
    one = next((each for each in held if each.access.pk == access_id), None)
    if one is None or not (_is_own(visit, one) or (seen.level == Level.OWNER and not one.access.group_id)):
        raise Http404
    if one.access.owned_by != "portal":
        return _staff_do(visit, seen, back)
    if people.is_last_owner(held, one):
        return _last_owner(visit, seen, back)
    return _end(visit, one, back, acting=visit.acting_for(seen))


@signed_in
def access_of_group(visit: Visit, group_id: Any, access_id: Any) -> HttpResponse:
    """Whoever looks after a group ends a member's access to all of its accounts."""
    group, back = _group(visit, group_id), reverse("people:group", args=[group_id])
    member = next((each for each in people.described(group.members, at=visit.now) if each.access.pk == access_id), None)
    if member is None:
        raise Http404
    return _end(visit, member, back)


def _group(visit: Visit, group_id: Any) -> Any:
    found = groups.looked_after(visit.user.pk, group_id, at=visit.now)
    if found is None:
        raise Http404
    return found


def _is_own(visit: Visit, one: Any) -> bool:
    return bool(one.access.user_id == visit.user.pk)


def _end(visit: Visit, one: Any, back: str, **around: Any) -> HttpResponse:
    own = _is_own(visit, one)
    if one.access.level == Level.OWNER and not own and not recently_proved(visit.request):
        return prove_again(visit.request, visit.request.path)
    if visit.request.method != "POST":
        return visit.show("confirm.html", back=back, **_leaving(one) if own else _sending_away(one), **around)
    try:
        if own and one.access.capacity == "self":
            flow.unlink(user=visit.user, account_id=one.access.account_id, now=visit.now)
        else:
            flow.end_access(access_id=one.access.pk, user=visit.user, now=visit.now, policy=visit.policy)
    except (Invalid, NotAllowed):
        return redirect(back)  # it was ended, or taken over, in another window: the page says how it stands
    return redirect("/account" if own else f"{back}?told=ended")


def _leaving(one: Any) -> dict[str, Any]:
    text = _(
        "From this moment on you cannot see or change it any more. To come back, you must be invited, or prove again"
        " that it is yours."
    )
    group = one.access.group
    whole = [_("You give up all accounts of the group “%(name)s”.") % {"name": group.name}] if group else []
    return {"title": _("Leave this account?"), "button": _("Yes, leave"), "paragraphs": [text, *whole]}


def _sending_away(one: Any) -> dict[str, Any]:
    name = one.name or one.access.user.email
    return {
        "title": _("End the access of %(name)s?") % {"name": name}, "button": _("Yes, end it now"),
        "paragraphs": [
            _("From this moment on they can see and do nothing here, wherever they are signed in. We tell them, and every owner."),
            _("What they did before stays. You can invite them again at any time."),
        ],
    }  # fmt: skip


def _staff_do(visit: Visit, seen: Any, back: str) -> HttpResponse:
    return _refused(visit, seen, back, _("Our staff look after this. Call us to change it."), [])


def _last_owner(visit: Visit, seen: Any, back: str) -> HttpResponse:
    return _refused(
        visit, seen, back, _("You are the only owner of this account"),
        [_("If you left, nobody could look after it any more. Invite somebody as an owner first; once they have accepted, you can leave.")],
    )  # fmt: skip


def _refused(visit: Visit, seen: Any, back: str, title: str, paragraphs: list[str]) -> HttpResponse:
    return visit.show(
        "confirm.html", back=back, title=title, paragraphs=paragraphs, acting=visit.acting_for(seen), status=409
    )


def _owned(visit: Visit, ident: Any) -> Any:
    return visit.account(ident, level=Level.OWNER)


@signed_in
def designee(visit: Visit, ident: Any, designee_id: Any) -> HttpResponse:
    """Nobody gets copies any more whom the owner does not want to."""
    seen, back = _owned(visit, ident), reverse("people:people", args=[ident])
    row = next((each for each in people.designees(seen.account.pk) if each.pk == designee_id), None)
    if row is None:
        raise Http404
    if visit.request.method != "POST":
        return visit.show(
            "confirm.html", back=back, acting=visit.acting_for(seen), button=_("Yes, stop the copies"),
            title=_("Stop copies to %(name)s?") % {"name": row.contact.get("name", "")},
            paragraphs=[_("From now on they get no copy of a notice that your service may be shut off.")],
        )  # fmt: skip
    try:
        flow.end_designee(designee_id=row.pk, user=visit.user, now=visit.now, policy=visit.policy)
    except NotAllowed:
        return redirect(back)
    return redirect(f"{back}?told=stopped")


@signed_in
def invitation(visit: Visit, ident: Any, invitation_id: Any) -> HttpResponse:
    """An invitation to this account that nobody answered yet is taken back."""
    seen = _owned(visit, ident)
    rows = people.invitations(seen.account.pk, at=visit.now)
    return _take_back(visit, rows, invitation_id, reverse("people:people", args=[ident]), acting=visit.acting_for(seen))


@signed_in
def group_invitation(visit: Visit, group_id: Any, invitation_id: Any) -> HttpResponse:
    """The same for a group of accounts."""
    rows = _group(visit, group_id).invited
    return _take_back(visit, rows, invitation_id, reverse("people:group", args=[group_id]))


def _take_back(visit: Visit, rows: Any, invitation_id: Any, back: str, **around: Any) -> HttpResponse:
    row = next((each for each in rows if each.pk == invitation_id), None)
    if row is None:
        if visit.request.method == "POST":
            return redirect(back)  # it was answered meanwhile
        raise Http404
    if visit.request.method != "POST":
        return visit.show(
            "confirm.html", back=back, button=_("Yes, take it back"), **around,
            title=_("Take back the invitation to %(name)s?") % {"name": row.invitee.get("name", "")},
            paragraphs=[_("The link that we sent stops working at once. You can invite them again at any time.")],
        )  # fmt: skip
    try:
        flow.revoke_invitation(invitation_id=row.pk, user=visit.user, now=visit.now)
    except NotAllowed:
        return redirect(back)
    return redirect(f"{back}?told=taken-back")
