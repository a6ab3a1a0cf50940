"""Who gets what at each address of the portal and of the sign-in: the cells, and how they are tried (T-31)?

A row is an address of the URL map and a method, a cell what one role gets there. The objects in the addresses (an
account, a request, a message) are Ana's; whoever has no right to them must get what they would get for one that does
not exist.
"""

import copy
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from allauth.account.models import EmailAddress
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from keyturn.records import documents
from keyturn.records.models import AccountAccess, AccountGroup, Invitation, LandlordAgreement, Message, User
from keyturn.terms.document import Remade
from keyturn.terms.person import Kind, PersonDetails
from tests import factories
from tests.flow.at_home import Customer
from tests.flow.town import BEN, Town

ROLES = ("anonymous", "stranger", "foreign", "viewer", "manager", "owner", "reviewer")
"""anonymous: nobody signed in; stranger: a login without any account; foreign: the owner of another account; viewer and
manager: delegates of Ana's at these levels; owner: Ana; reviewer: a member of staff."""

NEW_ADDRESS = {"line1": "7 Canary Court", "city": "Lumen", "state": "OR", "postal_code": "97890", "country": "US"}
NOBODYS = "00000000-0000-4000-8000-000000000000"
ELSEWHERE = ("console", "api", "healthz", "readyz", "metrics", "static")
"""These have tables of their own: tests/console/test_permissions.py, tests/api/test_scopes.py, tests/site/test_health.py."""


def routes() -> dict[str, str]:
    """Every address of the portal and the sign-in, by its name; "" names are numbered by their address."""
    found = {}
    for address, name in _walk(get_resolver(), ""):
        if address.split("/")[0] not in ELSEWHERE:
            found[name or address] = address
    return found


def _walk(resolver: Any, prefix: str, space: str = "") -> Iterator[tuple[str, str]]:
    for each in resolver.url_patterns:
        address = prefix + str(each.pattern)
        if isinstance(each, URLResolver):
            yield from _walk(each, address, f"{each.namespace}:" if each.namespace else space)
        elif isinstance(each, URLPattern):
            yield re.sub(r"[\^$]", "", address), f"{space}{each.name or ''}"


@dataclass
class Town31:
    """Ana with everything that can stand in an address, and everybody who might try it."""

    town: Town
    ana: Customer
    things: dict[str, str] = field(default_factory=dict)
    clients: dict[str, Client] = field(default_factory=dict)
    cookies: dict[str, Any] = field(default_factory=dict)


def build(town: Town) -> Town31:
    """Ana's household and an organisation of hers, with everything that an address of the portal can name."""
    ana, ben = Customer(town), Customer(town, BEN)
    world = Town31(town, ana)
    viewer = factories.a_login("viewer@example.com", account=ana.account, level="view")
    people: dict[str, User | None] = {
        "anonymous": None,
        "stranger": factories.a_login("stranger@example.com"),
        "foreign": ben.user,
        "viewer": viewer,
        "manager": factories.a_login("manager@example.com", account=ana.account, level="manage"),
        "owner": ana.user,
        "reviewer": factories.a_member_of_staff("rita"),
    }
    world.things = {**_asked(ana), **_shared(ana, viewer)}
    for role, user in people.items():
        client = Client(raise_request_exception=False)
        if user is not None:
            client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
            proved = {"verified": True, "primary": True}
            EmailAddress.objects.get_or_create(user=user, email=user.email, defaults=proved)
        world.clients[role], world.cookies[role] = client, copy.deepcopy(client.cookies)
    return world


def _asked(ana: Customer) -> dict[str, str]:
    """A change that rests, a draft with a document, and a message."""
    change = ana.asks(
        "change_mailing_address", accounts=["all"], mailing_address=NEW_ADDRESS, mail_elsewhere=True, when="now"
    )
    ana.town.works()
    draft = ana.begins("change_contact", contact_id=ana.contact("phone"), channel="phone", act="set")
    ana.changes("change_contact", contact_id="new", channel="phone", act="set", phone="503 555 0166")
    message = Message.objects.get(person=ana.person, template="change_done")
    document = documents.keep(
        request=draft.request, purpose="name", name="Zelenko.png", made=Remade("image/png", b"Zelenko in a photo"),
        checksum="0" * 64, scan="not_scanned", uploaded_by=f"customer:login:{ana.user.pk}", now=ana.town.now,
    )  # fmt: skip
    return {
        "reference": change.request.reference, "draft": draft.request.reference, "message": str(message.pk),
        "document": str(document.pk), "ident": str(ana.account.pk),
    }  # fmt: skip


def _shared(ana: Customer, viewer: User) -> dict[str, str]:
    """Who helps: a delegate, an invitation that is open, a designee, a group of an organisation, a landlord's premise."""
    access = AccountAccess.objects.get(user=viewer)
    office = factories.a_person(PersonDetails(kind=Kind.ORGANISATION, organisation_name="Zelenko Homes"))
    account = factories.an_account(office, ana.town.house())
    AccountAccess.objects.create(
        user=ana.user, account=account, person=office, level="owner", capacity="self", proof="staff",
        since=factories.LONG_AGO, granted_by="staff:1",
    )  # fmt: skip
    group = AccountGroup.objects.create(person=office, name="All of them", created_at=ana.town.now)
    group.accounts.set([account])
    landlord = LandlordAgreement.objects.create(
        account=account, premise=ana.premise, services=["electric"], started_on=ana.town.now.date()
    )
    invited = ana.begins(
        "invite_delegate", account=ana.account, account_id=str(ana.account.pk), delegate_name="Carla Day",
        delegate_email="carla@example.com", level="view", delegate_ends=False,
    )  # fmt: skip
    invited.proves_again().submits()
    ana.town.works()
    invitation = Invitation.objects.get()
    text = ana.town.mails("carla@example.com")[-1].get_content()
    return {
        "access_id": str(access.pk), "group_id": str(group.pk), "person_id": str(office.pk), "premise": str(landlord.pk),
        "invitation_id": str(invitation.pk), "designee_id": NOBODYS,
        "token": text.partition("/invitation/")[2].split()[0],
    }  # fmt: skip


def address_of(world: Town31, name: str, route: str, *, nobodys: bool = False) -> str:
    """The route with Ana's objects in it, or with such as do not exist."""

    def fill(found: re.Match[str]) -> str:
        kind, what = found.group(1), found.group(2)
        if kind == "uuid":
            return NOBODYS if nobodys else world.things[_meant(name, what)]
        if what == "reference":
            return "KT-2222-2222" if nobodys else world.things["draft" if "change" in name else "reference"]
        if what == "token" and "invitation" in name and not nobodys:
            return world.things["token"]
        return {"token": "no-such-token", "digest": "0", "provider_id": "nobody", "pk": "1", "how": "accepted"}.get(
            what, "email"
        )

    return "/" + re.sub(r"<(\w+):(\w+)>", fill, route)


def _meant(name: str, what: str) -> str:
    return next((each for each in ("message", "document", "premise") if what == "ident" and each in name), what)


def cell(world: Town31, role: str, method: str, address: str) -> tuple[str, Any]:
    """What this role gets: a status, or where it is sent."""
    client = world.clients[role]
    client.cookies = copy.deepcopy(world.cookies[role])  # whatever another cell did to the session
    response = client.generic(method, address)
    where = response.get("Location", "")
    if response.status_code in (301, 302, 303, 307, 308):
        return ("signin" if where.startswith("/signin") else "sent on"), response
    return str(response.status_code), response


def canaries(world: Town31) -> list[str]:
    """What nobody but those with access may read."""
    return [
        "Zelenko",
        "7 Canary Court",
        "555 0142",
        "5550142",
        "ana@example.com",
        world.ana.premise.line1,
        world.ana.account.ref or "",
    ]
