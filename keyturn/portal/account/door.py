"""Who is signed in, which accounts may they see, and how is a page of theirs shown?

Every view of these pages is `signed_in` and gets a `Visit`. What somebody may not see does not exist for them: 404, with
the same page as for an address that never was.
"""

from collections.abc import Callable, Mapping
from datetime import date, datetime
from functools import cached_property, wraps
from typing import Any

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.cache import never_cache

from keyturn import flow
from keyturn.portal import desk as desks
from keyturn.records import kept
from keyturn.records.queries import access, my_accounts
from keyturn.records.queries.access import Seen
from keyturn.terms.days import local_date
from keyturn.terms.levels import Level, allows
from keyturn.terms.policy import Policy
from keyturn.terms.request import Actor

View = Callable[..., HttpResponse]
SLOT = "account_kept"
LONGEST, MOST_FIELDS = 4000, 60
NOT_TYPED = frozenset({"csrfmiddlewaretoken", "seen", "version", "upload", "remove"})


class Visit:
    """One request of somebody who is signed in; what they may see is read once."""

    def __init__(self, request: HttpRequest, now: datetime) -> None:
        self.request, self.now = request, now
        self.user: Any = request.user

    @property
    def policy(self) -> Policy:
        return settings.KEYTURN_POLICY  # type: ignore[no-any-return]

    @property
    def today(self) -> date:
        """The utility's."""
        return local_date(self.now, self.policy)

    @cached_property
    def accounts(self) -> list[Seen]:
        return access.accounts_of(self.user.pk, at=self.now)

    @cached_property
    def persons(self) -> list[Any]:
        """Who this login is, on the accounts of their own."""
        found = {each.person.pk: each.person for each in self.accounts if each.is_own and each.person}
        return list(found.values())

    def account(self, ident: Any, *, level: Level = Level.VIEW) -> Seen:
        """The account, with at least this level; 404 otherwise."""
        found = next((each for each in self.accounts if str(each.account.pk) == str(ident)), None)
        if found is None or not allows(found.level, level):
            raise Http404
        return found

    def person(self, ident: Any = "") -> Any:
        """Who they are: the one named, else the first; 404 where they are nobody on file."""
        found = next((each for each in self.persons if not ident or str(each.pk) == str(ident)), None)
        if found is None:
            raise Http404
        return found

    def actor(self, *, on_behalf_of: str = "") -> Actor:
        return flow.customer(self.user.pk, on_behalf_of=on_behalf_of)

    @cached_property
    def holders(self) -> Mapping[Any, Any]:
        """Account -> (whose it is, that person's id)."""
        return my_accounts.holders_of([each.account.pk for each in self.accounts], at=self.now)

    def acting_for(self, seen: Seen | None) -> str:
        """The name of whom they act for on this account; "" where it is their own."""
        return "" if seen is None or seen.is_own else str(self.holders.get(seen.account.pk, ("", None))[0])

    def show(self, template: str, *, status: int = 200, **values: Any) -> HttpResponse:
        around = {"idle_seconds": self.policy.signin_idle_minutes * 60, "has_person": bool(self.persons)}
        return desks.show(self.request, f"account/{template}", status=status, **{**around, **values})

    def typed_before(self) -> QueryDict | None:
        """What was typed on this page before they had to sign in again, once."""
        typed = kept.take_back(self.request.session, SLOT, self.request.path)
        if not typed:
            return None
        found = QueryDict(mutable=True)
        for name, values in typed.items():
            found.setlist(name, values)
        return found


def signed_in(view: View) -> View:
    """The view gets a `Visit`; who is not signed in does that first, and what they posted waits for them."""

    @never_cache
    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not request.user.is_authenticated:
            if request.method == "POST":
                keep_typed(request)
            return redirect_to_login(_page_to_come_back_to(request), settings.LOGIN_URL)
        return view(Visit(request, timezone.now()), *args, **kwargs)

    return guarded


def keep_typed(request: HttpRequest) -> bool:
    """Keep what was posted to a page of these until it opens again; files are sent anew. False: there was nothing."""
    names = [name for name in request.POST if name not in NOT_TYPED][:MOST_FIELDS]
    typed = {name[:100]: [each[:LONGEST] for each in request.POST.getlist(name)[:MOST_FIELDS]] for name in names}
    return kept.keep(request.session, SLOT, request.path, typed)


def too_old(request: HttpRequest) -> HttpResponse:
    """A form of these pages whose token is not good any more, mostly because of signing in elsewhere: its page again."""
    keep_typed(request)
    return redirect(_page_to_come_back_to(request))


def _page_to_come_back_to(request: HttpRequest) -> str:
    """The page itself; where an address only takes what is posted, the front page of the account."""
    place = request.resolver_match
    if request.method in ("GET", "HEAD") or (place and place.url_name in FORMS):
        return request.get_full_path()
    return "/account"


FORMS = frozenset(
    {"change_page", "change_code", "change_check", "change_choose", "change_prove", "request", "request_withdraw"}
)
"""Pages that show their own form when they are opened."""
