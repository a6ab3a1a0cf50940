"""Is nothing held to be done of which the CIS, or a colleague, names a part only, or that cannot be kept here?"""

from typing import Any

import pytest
from django.db import DataError

from keyturn.flow import deliveries, outside
from keyturn.records.models import CisPlace
from keyturn.terms.cis import Answer
from keyturn.terms.errors import Invalid
from tests.flow.test_deliveries import SARA, WHY, dumb
from tests.flow.town import ANA, BEN, COMPLETED, PROCESSING, STUCK, Town

__all__ = ["dumb"]  # fixture


def test_an_account_without_its_agreement_is_not_the_service(town: Town) -> None:
    """What `send` would not take for an answer, a look-up does not bring in by the back door; then an engineer looks."""
    town.policy_says(cis_tries=4)
    town.cis_is(script=[{"fault": "lost_before"}])
    case = town.moves_in(ANA)
    town.faulty.find = lambda key: Answer("P-1", "A-1", {})
    town.waits(hours=1)
    assert case.status == STUCK
    assert case.delivery.problem == "answered_in_part"
    del town.faulty.find
    case.an_engineer_retries()
    assert case.status == COMPLETED


@pytest.mark.rule("S-11")
def test_no_agreement_is_believed_where_the_cis_shows_the_account_without_any(dumb: Town) -> None:
    dumb.cis_is(script=[{"fault": "lost_before"}])
    case = dumb.moves_in(ANA)
    dumb.waits(minutes=2)
    account: dict[str, Any] = {"persons": [{"person_ref": "P-77", "main_customer": True}], "agreements": []}
    shown = {"account": account, "person": {"names": []}}
    dumb.faulty.read = lambda noun, ref: shown[noun]
    said = {"person_ref": "P-77", "account_ref": "A-77", "agreement_electric": "E-1", "agreement_gas": "G-1"}

    def settles() -> None:
        deliveries.settle(request_id=case.id, refs=said, reason=WHY, by=SARA, now=dumb.now, policy=dumb.policy)

    with pytest.raises(Invalid) as refused:
        settles()
    assert {each.field for each in refused.value.findings} <= {"agreement_electric", "agreement_gas"}
    del account["agreements"]  # a CIS that shows none with an account: then the word of staff stands
    settles()
    assert case.status == COMPLETED


def test_what_fails_here_holds_no_lease_and_no_place(town: Town) -> None:
    """An answer that does not fit into the database: the queue tries again soon, in the end gives up, and nobody waits for it."""
    send, find = town.guarded.send, town.guarded.find
    too_long = lambda said: said and Answer("P" * 100, said.account_ref, said.agreement_refs)  # noqa: E731
    town.guarded.send = lambda command, *, key: too_long(send(command, key=key))
    town.guarded.find = lambda key: too_long(find(key))
    case = town.asks(ANA)
    with pytest.raises(DataError):
        town.works()
    for tries in (2, 3, 4):
        with pytest.raises(DataError):
            outside.tell_cis(request_id=case.id, now=town.now, policy=town.policy)
        assert (case.status, case.delivery.tries, case.delivery.leased_until) == (PROCESSING, tries, None)
        assert not CisPlace.objects.filter(until__gt=town.now).exists()
    town.guarded.send, town.guarded.find = send, find
    assert town.moves_in(BEN).status == COMPLETED
    outside.tell_cis(request_id=case.id, now=town.now, policy=town.policy)
    assert case.status == COMPLETED
    assert town.cis_holds()["persons"] == 2
