"""Can somebody flood a stranger's mailbox with codes, by one draft after the other that bears its address?"""

from collections.abc import Callable
from typing import Any

import pytest

from tests import factories
from tests.portal.visitor import Visitor

VICTIM = "victim@example.com"


@pytest.fixture(autouse=True)
def two_are_many(settings: Any) -> None:
    settings.ACCOUNT_RATE_LIMITS = {**settings.ACCOUNT_RATE_LIMITS, "draft_codes": "2/5m/key"}


@pytest.fixture
def drafts(another: Callable[..., Visitor]) -> Callable[[str], Visitor]:
    premise = factories.a_premise()

    def one(address: str) -> Visitor:
        person = another()
        person.client.defaults["REMOTE_ADDR"] = address
        person.begins().finds_the_place(premise).chooses_services().says_who()
        return person.opens("/start/email").sends(email=VICTIM).is_at("/start/code")

    return one


def codes_sent(visitor: Visitor) -> int:
    visitor.town.works()
    return sum(VICTIM in each["To"] for each in visitor.town.mails())


@pytest.mark.rule("Y-05")
def test_not_from_one_place(drafts: Callable[[str], Visitor]) -> None:
    for _ in range(3):
        stranger = drafts("198.51.100.7")
    assert codes_sent(stranger) == 2
    stranger.sends(again="yes").sees("We have sent several codes already.")
    assert codes_sent(stranger) == 2


def test_whoever_tries_keeps_nobody_elsewhere_from_a_code(drafts: Callable[[str], Visitor]) -> None:
    for _ in range(3):
        drafts("198.51.100.7")
    owner = drafts("203.0.113.9")
    assert codes_sent(owner) == 3
    owner.sends(code=owner.code(VICTIM)).is_at("/start/phone")
