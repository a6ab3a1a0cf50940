"""Does one press stop our mail, and does opening the link stop nothing?"""

import pytest
from django.test import Client

from keyturn.records.models import Consent, Person
from keyturn.steps.confirm.notice import step as notice
from tests import factories
from tests.flow.town import ANA

pytestmark = pytest.mark.django_db


@pytest.fixture
def address() -> str:
    return f"/unsubscribe/{notice.token(factories.a_person(ANA, in_cis=False), 'offers', 'email')}"


def withdrawn() -> int:
    return Consent.objects.filter(act="withdrawn", purpose="offers", channel="email").count()


def test_opening_the_link_asks_and_stops_nothing(client: Client, address: str) -> None:
    page = client.get(address)
    assert page.status_code == 200
    assert b"Stop these messages?" in page.content
    assert withdrawn() == 0


def test_the_press_stops_it(client: Client, address: str) -> None:
    assert b"no more of these" in client.post(address).content
    assert withdrawn() == 1


def test_a_mail_programs_own_button_stops_it_without_cookies(address: str) -> None:
    answer = Client(enforce_csrf_checks=True).post(address, {"List-Unsubscribe": "One-Click"})
    assert (answer.status_code, withdrawn()) == (200, 1)


def test_a_changed_link_stops_nothing_and_says_so(client: Client, address: str) -> None:
    assert client.post(address + "x").status_code == 410
    assert withdrawn() == 0


def test_the_link_holds_nothing_personal(address: str) -> None:
    import base64

    head = address.rpartition("/")[2].partition(":")[0]
    plain = base64.urlsafe_b64decode(head + "=" * (-len(head) % 4)).decode()
    person = Person.objects.get()
    assert str(person.pk) in plain
    assert "ana" not in plain.casefold().replace(str(person.pk), "")
