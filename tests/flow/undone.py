"""Requests that were written down and come to nothing, and what is looked at then."""

from typing import Any

from keyturn import flow
from keyturn.flow.deliveries import Hand
from keyturn.flow.granting import grant_by_staff
from keyturn.records.models import AccountAccess, User
from keyturn.terms.request import Actor, Role
from tests.flow.at_home import Change, Customer
from tests.flow.case import Case
from tests.flow.papers import a_photo
from tests.flow.test_delegation import CARER, token
from tests.flow.town import IN_REVIEW, REFUSED, Town

STAFF = Actor(Role.STAFF, "90071")
SARA = Hand(Actor(Role.STAFF, "90075"))
WHY = "The meter was removed."


def goes_wrong(town: Town) -> None:
    """The next call of the CIS is lost on its way and will arrive later; the second try is refused."""
    town.cis_is(script=[{"fault": "late"}, {"fault": "refuses"}], seconds=400)


def refuses(case: Case) -> None:
    """Staff refuse what the CIS refused."""
    case.town.waits(minutes=1)
    assert case.status == IN_REVIEW, case.history
    case.staff("refuse", WHY, by="90072")
    assert case.status == REFUSED


def arrives_late(town: Town) -> None:
    """And then the first call arrives after all."""
    town.faulty.deliver_late()
    town.waits(hours=1)


def stays(case: Case) -> list[str]:
    """What the move that ended it says that it left here."""
    ended = case.request.events.filter(what__in=("reviewed", "discarded", "expired")).last()
    return list(ended.data.get("stays", ())) if ended else []


def left(case: Case) -> dict[str, Any]:
    event = case.request.events.filter(what="left_in_cis").last()
    return dict(event.data) if event else {}


def details(town: Town, ana: Customer, name: str) -> list[str]:
    rows = town.cis.read("account", ana.account.ref)["details"]
    return [each["value"] for each in rows if each["name"] == name and not each["ended_at"]]


def on_the_account(ana: Customer) -> int:
    return len(ana.town.cis.read("account", ana.account.ref)["persons"])


def invites(ana: Customer, carla: User, **changes: object) -> Change:
    """Carla is invited, and accepts."""
    answers = {**CARER, **changes}
    case = ana.begins("invite_delegate", account=ana.account, account_id=str(ana.account.pk), **answers)
    case.proves_again().submits()
    ana.town.works()
    flow.accept(token=token(ana.town), user=carla, now=ana.town.now)
    ana.town.works()
    return case


def granted_by_staff(ana: Customer, *, level: str) -> Case:
    """Carla, by a document that staff have seen."""
    request = grant_by_staff(
        account_id=ana.account.pk, email="carla@example.com", capacity="guardian", level=level, until=None,
        reason="By order of the court.", file_name="order.jpg", data=a_photo(), actor=STAFF, now=ana.town.now,
        policy=ana.town.policy,
    )  # fmt: skip
    ana.town.works()
    return Case(ana.town, request, STAFF)


def accesses(user: User, ana: Customer) -> list[AccountAccess]:
    return list(AccountAccess.objects.filter(user=user, account=ana.account, ended_at=None))
