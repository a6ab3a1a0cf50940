"""Who may have many differences with the CIS put right at once, and what if somebody tries it alone?"""

from datetime import timedelta

import pytest

from keyturn import flow
from keyturn.flow import repairing
from keyturn.records.models import Act, BulkRepair, Drift, Person, Reconciliation, Request
from keyturn.terms.change import NameChange
from keyturn.terms.errors import NotAllowed
from keyturn.terms.request import Actor, Role
from tests.flow.both_sides import Heard, heard, name_of
from tests.flow.test_reconciling import compared
from tests.flow.town import ANA, BEN, Town

__all__ = ["heard"]
pytestmark = pytest.mark.rule("K-38")

ROSA, SOFIA, OTTO = (Actor(Role.STAFF, name) for name in ("rosa", "sofia", "otto"))
KIND = "theirs_is_newer"


@pytest.fixture
def people(town: Town, heard: Heard) -> list[Person]:
    """Two whose names a clerk of the CIS has changed, unheard."""
    found = [town.knows(ANA), town.knows(BEN)]
    for each in found:
        heard.there(each, NameChange("primary", given_name="New", family_name="Name"))
    return found


@pytest.fixture
def run(town: Town, people: list[Person]) -> Reconciliation:
    return compared(town)


def proposed(town: Town, run: Reconciliation, *, actor: Actor = ROSA) -> BulkRepair:
    return flow.propose_repair(run_id=run.pk, kind=KIND, actor=actor, now=town.now)


def agreed(town: Town, repair: BulkRepair, *, actor: Actor = SOFIA, is_supervisor: bool = True) -> BulkRepair:
    return flow.agree_repair(repair_id=repair.pk, is_supervisor=is_supervisor, actor=actor, now=town.now)


def names(town: Town, people: list[Person]) -> set[str]:
    return {name_of(each, town.now) for each in people}


def test_what_one_proposes_and_a_supervisor_agrees_to_is_done_by_jobs(
    town: Town, people: list[Person], run: Reconciliation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(repairing, "AT_ONCE", 1)
    repair = proposed(town, run)
    assert (repair.number, repair.state) == (2, "proposed")
    town.works()
    assert names(town, people) == {"Ana Zelenko", "Ben Okafor"}, "nothing before the second has agreed"
    agreed(town, repair)
    town.works()
    assert names(town, people) == {"New Name"}
    assert set(Drift.objects.values_list("state", flat=True)) == {"repaired"}
    told = Act.objects.filter(subject=f"reconciliation:{run.pk}").order_by("number").values_list("what", "actor")
    assert list(told) == [("repair_proposed", "rosa"), ("repair_agreed", "sofia")]


def test_nobody_agrees_to_their_own_and_only_a_supervisor_agrees(town: Town, run: Reconciliation) -> None:
    repair = proposed(town, run, actor=SOFIA)
    with pytest.raises(NotAllowed, match="own_proposal"):
        agreed(town, repair)
    with pytest.raises(NotAllowed, match="only_a_supervisor"):
        agreed(town, repair, actor=OTTO, is_supervisor=False)
    for stranger in (Actor(Role.PARTNER, "7"), Actor(Role.CUSTOMER, "7")):
        with pytest.raises(NotAllowed, match="unknown_repair"):
            agreed(town, repair, actor=stranger)
    with pytest.raises(NotAllowed, match="not_agreed"):
        flow.repair_agreed(repair_id=repair.pk, now=town.now, policy=town.policy)
    assert town.jobs("repair_drift") == 0


def test_it_is_proposed_once_and_again_when_it_was_refused(town: Town, run: Reconciliation) -> None:
    repair = proposed(town, run)
    with pytest.raises(NotAllowed, match="proposed_already"):
        proposed(town, run, actor=OTTO)
    flow.refuse_repair(repair_id=repair.pk, actor=OTTO, now=town.now)
    for act in (
        lambda: agreed(town, repair),
        lambda: flow.refuse_repair(repair_id=repair.pk, actor=ROSA, now=town.now),
    ):
        with pytest.raises(NotAllowed, match="decided_already"):
            act()
    assert agreed(town, proposed(town, run, actor=OTTO)).state == "agreed"


def test_what_was_proposed_is_what_is_agreed_to(town: Town, run: Reconciliation) -> None:
    repair = proposed(town, run)
    Drift.objects.create(reconciliation=run, kind=KIND, noun="person", ref="C-MORE", field="name")
    with pytest.raises(NotAllowed, match="changed_meanwhile"):
        agreed(town, repair)
    Drift.objects.filter(ref="C-MORE").delete()
    town.now += timedelta(hours=1)
    compared(town)
    with pytest.raises(NotAllowed, match="not_the_newest"):
        agreed(town, repair)
    with pytest.raises(NotAllowed, match="not_the_newest"):
        proposed(town, run)
    with pytest.raises(NotAllowed, match="nothing_to_repair"):
        flow.propose_repair(
            run_id=Reconciliation.objects.latest("started_at").pk, kind="missing_here", actor=ROSA, now=town.now
        )


def test_a_cis_that_is_away_is_waited_for(town: Town, people: list[Person], run: Reconciliation) -> None:
    agreed(town, proposed(town, run))
    town.cis_is("down", calls=["read"])
    town.works()
    assert names(town, people) == {"Ana Zelenko", "Ben Okafor"}
    town.cis_is()
    town.waits(minutes=11)
    assert names(town, people) == {"New Name"}
    assert town.jobs("repair_drift") == 0


def test_one_thing_is_one_persons(town: Town, people: list[Person], run: Reconciliation) -> None:
    first = Drift.objects.order_by("pk").first()
    assert first
    given = {"drift_id": first.pk, "now": town.now, "policy": town.policy}
    assert flow.repair_one(actor=OTTO, **given) == "repaired"
    with pytest.raises(NotAllowed, match="unknown_repair"):
        flow.repair_one(actor=OTTO, **given)
    assert names(town, people) > {"New Name"}


def test_what_is_done_is_done_in_the_name_of_who_agreed(town: Town, run: Reconciliation) -> None:
    Drift.objects.filter(reconciliation=run).update(kind="ours_is_newer")
    Person.objects.update(language="es")
    run = compared(town, parts=("persons",))
    Drift.objects.filter(reconciliation=run).update(kind="effect_missing")
    repair = flow.propose_repair(run_id=run.pk, kind="effect_missing", actor=ROSA, now=town.now)
    agreed(town, repair)
    town.works()
    assert set(Request.objects.values_list("begun_by", flat=True)) == {"staff:sofia"}
