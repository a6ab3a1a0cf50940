"""Which accounts do they have, where, with which services, and what is under way?"""

from typing import Any

from django.http import Http404, HttpResponse
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext as _

from keyturn.portal import forms
from keyturn.portal.account import pending, said
from keyturn.portal.account.door import Visit, signed_in
from keyturn.portal.dates import written
from keyturn.records.queries import my_accounts, my_information, shelter
from keyturn.records.queries.my_accounts import Card
from keyturn.terms.days import local_date
from keyturn.terms.levels import Level, allows

AT_ONCE = 25
STATES = {
    "pending_start": (pgettext_lazy("state of a service", "Starts soon"), "blue"),
    "active": (pgettext_lazy("state of a service", "On"), "green"),
    "pending_stop": (pgettext_lazy("state of a service", "Stops soon"), "yellow"),
    "stopped": (pgettext_lazy("state of a service", "Ended"), "grey"),
}
CAPACITIES = {
    "representative": pgettext_lazy("who one is on an account", "Authorised representative"),
    "executor": pgettext_lazy("who one is on an account", "Executor"),
    "manager": pgettext_lazy("who one is on an account", "Property manager"),
    "member": pgettext_lazy("who one is on an account", "Member of the organisation"),
}


@signed_in
def home(visit: Visit) -> HttpResponse:
    """Every account of the login, 25 at once; with none, two ways to get one."""
    if not visit.accounts:
        return visit.show("none.html", back="")
    text = visit.request.GET.get("q", "").strip()[:100]
    found = my_accounts.found(visit.accounts, text, at=visit.now)
    pages = max(1, -(-len(found) // AT_ONCE))
    page = min(max(_number(visit.request.GET.get("page", "1")), 1), pages)
    cards = my_accounts.cards(found[(page - 1) * AT_ONCE : page * AT_ONCE], at=visit.now)
    cards.sort(key=_is_over)  # of one page: those that ended come last
    return visit.show(
        "home.html", back="", cards=[card_of(visit, each) for each in cards], text=text, found=len(found), page=page, pages=pages,
        before=page - 1, after=page + 1 if page < pages else 0, search=len(visit.accounts) > 5 or bool(text),
        changes=pending.of_persons(visit), all=len(visit.accounts),
    )  # fmt: skip


def _is_over(card: Card) -> bool:
    return bool(card.places) and all(each.status == "stopped" for place in card.places for each in place.services)


def _number(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) < 6 else 1


@signed_in
def account(visit: Visit, ident: Any) -> HttpResponse:
    """One account: its services, where letters go, how bills come, and what one may change."""
    seen = visit.account(ident)
    card = my_accounts.cards([seen], at=visit.now)
    if not card:
        raise Http404
    may_change = allows(seen.level, Level.MANAGE)
    return visit.show(
        "account.html", card=card_of(visit, card[0]), back="/account", acting=visit.acting_for(seen), may_change=may_change,
        mail=_mail(visit, seen) if may_change else None, paperless=seen.account.paperless, changes=pending.of_account(visit, seen),
    )  # fmt: skip


def _mail(visit: Visit, seen: Any) -> list[str]:
    """Where letters about this account go today."""
    person_id = visit.holders.get(seen.account.pk, ("", None))[1]
    if not seen.is_own and shelter.is_protected(person_id, at=visit.now):
        return [_("Protected: only the account holder sees it.")]
    return my_information.letters_go_to(person_id, seen.account, at=visit.now, today=visit.today) or [
        _("The service address")
    ]


def card_of(visit: Visit, card: Card) -> dict[str, Any]:
    """An account as a template shows it."""
    seen = card.seen
    return {
        "id": str(seen.account.pk),
        "nickname": seen.nickname,
        "title": title_of(card),
        "number": said.masked(seen.account.ref),
        "ending": (seen.account.ref or "")[-4:],
        "town": card.places[0].address.lines()[-1] if len(card.places) == 1 and not seen.nickname else "",
        "holder": card.holder,
        "is_own": seen.is_own,
        "capacity": CAPACITIES.get(seen.capacity, ""),
        "level": str(LEVELS.get(seen.level, "")),
        "places": [{"lines": place.address.lines(), "services": [_service(each) for each in place.services]} for place in card.places],
        "owed": None if card.owed is None else _money(card.owed),
        "owes": bool(card.owed),
        "under_way": len(card.under_way),
    }  # fmt: skip


LEVELS: dict[str, Any] = {
    Level.VIEW: pgettext_lazy("what one may do", "You can see this account."),
    Level.PAY: pgettext_lazy("what one may do", "You can see this account and what is owed."),
    Level.MANAGE: pgettext_lazy("what one may do", "You can see and change this account."),
    Level.OWNER: pgettext_lazy("what one may do", "You own this account."),
}


def title_of(card: Card) -> str:
    """What an account is called: its nickname, else its place, else its number."""
    if card.seen.nickname:
        return card.seen.nickname
    if card.places:
        return ", ".join(card.places[0].address.lines()[:-1])
    return _("Account %(number)s") % {"number": said.ending(card.seen.account.ref or "")}


def titles(visit: Visit) -> dict[str, str]:
    """Account id -> what it is called, for choices and labels."""
    cards = my_accounts.cards(visit.accounts, at=visit.now)
    return {str(each.seen.account.pk): title_of(each) for each in cards}


def _service(service: Any) -> dict[str, str]:
    words, colour = STATES.get(service.status, (service.status, "grey"))
    name = "".join(forms.said("services", {"services": [service.service]}))
    if service.status == "pending_start":
        dates = _("from %(day)s") % {"day": written(service.start_date)}
    elif service.end_date:
        dates = _("%(first)s to %(last)s") % {"first": written(service.start_date), "last": written(service.end_date)}
    else:
        dates = _("since %(day)s") % {"day": written(service.start_date)}
    return {
        "name": name,
        "state": str(words),
        "colour": colour,
        "dates": dates,
        "icon": forms.ICONS.get(service.service, "bolt"),
    }


def _money(amount: Any) -> str:
    return f"${amount:,.2f}"  # as it stands on the bill, in every language


def number_of(seen: Any) -> str:
    """ "Account ending in 7890"."""
    return _("Account %(number)s") % {"number": said.ending(seen.account.ref)} if seen.account.ref else ""


def translated(text: str) -> str:
    return gettext(text)


def local(at: Any, policy: Any) -> Any:
    """The utility's day at a moment."""
    return local_date(at, policy)
