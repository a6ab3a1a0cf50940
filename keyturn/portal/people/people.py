"""Who may act for an account, until when, how did they come to it, and who is still asked?"""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext_lazy

from keyturn.portal.account import home, said
from keyturn.portal.account import powers as words
from keyturn.portal.account.door import Visit, signed_in
from keyturn.portal.dates import written
from keyturn.records.queries import groups as groups_on_file
from keyturn.records.queries import landlords, persons
from keyturn.records.queries import people as queries
from keyturn.terms.days import local_date
from keyturn.terms.levels import Level

TOLD = {
    "ended": gettext_lazy("Access is ended. They can do nothing for this account from this moment on."),
    "taken-back": gettext_lazy("The invitation is taken back. Its link does not work any more."),
    "stopped": gettext_lazy("They get no copies of shut-off notices any more."),
}


def banners_of(visit: Visit) -> list[dict[str, Any]]:
    """What has just been done, on the page that one comes back to."""
    text = TOLD.get(visit.request.GET.get("told", ""))
    return [{"title": str(text), "tone": "good"}] if text else []


@signed_in
def hub(visit: Visit) -> HttpResponse:
    """Every account with the way to its people; groups and premises for whom has some."""
    ids = [each.account.pk for each in visit.accounts]
    organisations = groups_on_file.organisations(visit.user.pk, at=visit.now)
    has_premises = landlords.any_for(ids)
    if len(ids) == 1 and not organisations and not has_premises:
        return redirect("people:people", ids[0])
    titles, counts = home.titles(visit), queries.counts(ids, at=visit.now)
    rows = [
        {
            "id": str(each.account.pk), "title": titles[str(each.account.pk)], "acting": visit.acting_for(each),
            "count": counts.get(each.account.pk, 0) if each.level == Level.OWNER else 0,
        }
        for each in visit.accounts
    ]  # fmt: skip
    return visit.show(
        "people_hub.html", back="/account", rows=rows, has_groups=bool(organisations), has_premises=has_premises
    )


@signed_in
def people(visit: Visit, ident: Any) -> HttpResponse:
    """All of it for an owner; anybody else sees what they themselves may do, and how to leave."""
    seen = visit.account(ident)
    is_owner = seen.level == Level.OWNER
    held = queries.holders(seen.account.pk, at=visit.now)
    rows = [_row(visit, seen, held, each) for each in held if is_owner or each.access.user_id == visit.user.pk]
    more = _only_for_owners(visit, seen) if is_owner else {}
    return visit.show(
        "people.html", back=reverse("account:account", args=[ident]), account=str(seen.account.pk), rows=rows,
        title=home.titles(visit)[str(seen.account.pk)], acting=visit.acting_for(seen), is_owner=is_owner,

        banners=banners_of(visit), **more,
    )  # fmt: skip


def _is_own(visit: Visit, holder: Any) -> bool:
    return bool(holder.access.user_id == visit.user.pk)


def _row(visit: Visit, seen: Any, held: list[Any], holder: Any) -> dict[str, Any]:
    access, own = holder.access, _is_own(visit, holder)
    is_last = queries.is_last_owner(held, holder)
    through = access.group.name if access.group_id else ""
    may_end = access.owned_by == "portal" and not is_last and (own or not through)
    return {
        "id": str(access.pk), "own": own, "name": holder.name or said.masked_email(access.user.email), "email": said.masked_email(access.user.email) if holder.name else "",
        "level": str(words.LEVELS.get(access.level, "")), "is_owner": access.level == Level.OWNER,
        "capacity": str(words.CAPACITIES.get(access.capacity, "")), "came": words.came(holder, visit), "through": through,
        "until": words.last_day(access.until, visit.policy), "since": written(local_date(access.since, visit.policy)),
        "is_staffs": access.owned_by != "portal", "is_last": is_last,
        "end": reverse("people:end", args=[seen.account.pk, access.pk]) if may_end else "",
    }  # fmt: skip


def _only_for_owners(visit: Visit, seen: Any) -> dict[str, Any]:
    ident = seen.account.pk
    return {
        "invited": [_invited(visit, ident, each) for each in queries.invitations(ident, at=visit.now)],
        "designees": [_designee(visit, ident, each) for each in queries.designees(ident)],
        "history": history(visit, f"account:{ident}"),
    }


def _invited(visit: Visit, ident: Any, row: Any) -> dict[str, Any]:
    return invited(visit, row) | {"end": reverse("people:take_back", args=[ident, row.pk])}


def invited(visit: Visit, row: Any) -> dict[str, Any]:
    """An invitation that waits, as a template shows it."""
    return {
        "name": row.invitee.get("name", ""), "email": row.invitee.get("email", ""), "is_designee": row.kind == "designee",
        "level": str(words.LEVELS.get(row.level, "")), "until": words.last_day(row.until, visit.policy),
        "open_until": written(local_date(row.expires_at, visit.policy)),
        "sent": written(local_date(row.sent_at, visit.policy)),
    }  # fmt: skip


def _designee(visit: Visit, ident: Any, row: Any) -> dict[str, Any]:
    return {
        "name": row.contact.get("name", ""), "email": row.contact.get("email", ""),
        "since": written(local_date(row.accepted_at, visit.policy)),
        "end": reverse("people:end_designee", args=[ident, row.pk]),
    }  # fmt: skip


def _whom(holder: Any) -> str:
    return "" if holder is None else holder.name or said.masked_email(holder.access.user.email)


def history(visit: Visit, subject: str) -> list[dict[str, str]]:
    """What was done about who may act: what, who, for whom, when."""
    found = queries.deeds(subject, what=words.DEEDS, at=visit.now)
    names = persons.names_of([each.behalf for each in found if each.behalf], at=visit.now)
    by_id = {str(key): name for key, name in names.items()}
    return [
        {
            "what": str(words.DEEDS[each.what]), "whom": _whom(each.about), "who": words.who_did(each, visit), "behalf": by_id.get(each.behalf, ""),
            "day": written(local_date(each.at, visit.policy)),
        }
        for each in found
    ]  # fmt: skip
