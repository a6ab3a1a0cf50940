"""What does every page of a change need: whose it is, where its pages lie, and what is left open to this customer?"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from keyturn.journeys import JOURNEYS, Kind, Page
from keyturn.look.parts import Choice
from keyturn.portal.account import home
from keyturn.portal.account.door import Visit, signed_in
from keyturn.portal.desk import Desk
from keyturn.portal.forms import Setting
from keyturn.portal.walk import Walk
from keyturn.records.queries import my_requests, requests
from keyturn.terms.errors import NotAllowed
from keyturn.terms.levels import Level, allows
from keyturn.terms.request import Standing
from keyturn.terms.slots import ALL

View = Callable[..., HttpResponse]


@dataclass(frozen=True, slots=True)
class ChangeDesk(Desk):
    """Somebody who is signed in, in front of a change that they began."""

    visit: Visit

    @property
    def entrance(self) -> str:  # type: ignore[override]
        return where_from(self.draft)

    def address(self, name: str) -> str:
        return address_of(self.draft, name)

    def surroundings(self) -> dict[str, Any]:
        idle = self.policy.signin_idle_minutes * 60
        acting = self.visit.acting_for(account_of(self.visit, self.draft))
        return {"stay": reverse("account:stay"), "idle_seconds": idle, "acting": acting}

    def setting(self, asked: Page) -> Setting:
        policy = self.policy
        organisation = self.draft.person is not None and self.draft.person.kind == "organisation"
        papers = policy.identifiers_for_organisation if organisation else policy.identifiers_for_person
        return Setting(
            {"id_type": papers, "language": policy.languages}, choices={"accounts": _accounts(self.visit, self.draft)}
        )

    def again(self) -> "ChangeDesk":
        return desk_for(self.visit, requests.by_id(self.draft.pk))

    def typed_before(self) -> Any:
        return self.visit.typed_before()


def address_of(draft: Any, name: str) -> str:
    return reverse("account:change_page", args=[draft.reference, name])


def where_from(draft: Any) -> str:
    """The page from which a change is begun."""
    return reverse("account:account", args=[draft.account_id]) if draft.account_id else reverse("account:you")


def account_of(visit: Visit, draft: Any) -> Any:
    """The account that a change is about, as the login sees it; 404 where they see it no more. None: about a person."""
    return visit.account(draft.account_id) if draft.account_id else None


def own_choices(visit: Visit, draft: Any) -> list[Any]:
    """The accounts whose letters this change may send elsewhere."""
    if draft.account_id:
        return [visit.account(draft.account_id)]
    own = [each for each in visit.accounts if each.is_own and each.person and each.person.pk == draft.person_id]
    return [each for each in own if allows(each.level, Level.MANAGE)]


def _accounts(visit: Visit, draft: Any) -> tuple[Choice, ...]:
    titles = home.titles(visit)
    rows = [_choice(visit, each, titles) for each in own_choices(visit, draft)]
    question = JOURNEYS[draft.journey].questions.get("accounts")
    if draft.account_id or question is None:
        return tuple(rows)
    whole = tuple(Choice(each.value, home.translated(each.label)) for each in question.choices if each.value == ALL)
    return (*whole, *rows)


def _choice(visit: Visit, seen: Any, titles: dict[str, str]) -> Choice:
    key = str(seen.account.pk)
    return Choice(key, titles[key], home.number_of(seen))


def desk_for(visit: Visit, draft: Any) -> ChangeDesk:
    skipped = frozenset({"accounts"}) if len(own_choices(visit, draft)) == 1 else frozenset()
    walk = Walk(JOURNEYS[draft.journey], draft.answers, requests.email_is_proved(draft), skipped)
    behalf = my_requests.askers([draft])[draft.pk].behalf
    actor = visit.actor(on_behalf_of=f"person:{behalf}" if behalf else "")
    return ChangeDesk(visit.request, draft, walk, visit.now, actor, visit)


def at_change(view: View) -> View:
    """The view gets a `ChangeDesk` for a change that its customer may still work on; others lead to where it stands."""

    @wraps(view)
    def seated(visit: Visit, reference: str, *args: Any, **kwargs: Any) -> HttpResponse:
        draft: Any = requests.by_reference(reference)
        if draft is None or draft.user_id != visit.user.pk or JOURNEYS[draft.journey].kind in (Kind.START, Kind.CLAIM):
            raise Http404
        if draft.account_id is None and draft.person_id is not None:
            visit.person(draft.person_id)
        account_of(visit, draft)
        if draft.standing != Standing.CUSTOMER or draft.established_at or (draft.due_at and draft.due_at <= visit.now):
            return redirect("account:request", draft.reference)
        try:
            return view(desk_for(visit, draft), *args, **kwargs)
        except NotAllowed:
            return redirect("account:request", draft.reference)

    return signed_in(seated)
