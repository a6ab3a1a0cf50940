"""A customer asks on the portal: does it stand in CC&B at the end, once, whatever happened on the way?"""

from pathlib import Path
from typing import Any

import pytest

from keyturn import flow
from keyturn.connectors import cis as ours
from keyturn.connectors.cis.ccb import REST, SOAP
from keyturn.connectors.cis.ccb.simulator import rest, soap
from keyturn.flow import deliveries, eligibility, hearing, inbound, outside, reconciling
from keyturn.records.models import OutsideCheck
from keyturn.steps.verify.eligibility import step as asked_there
from tests.connectors.ccb.conftest import CcbTown
from tests.flow.both_sides import contacts_of
from tests.flow.town import ANA, BEN, COMPLETED, IN_REVIEW, REFUSED, Town


@pytest.fixture(params=["over_soap", "over_rest"])
def utility(
    request: pytest.FixtureRequest,
    db: None,
    town: CcbTown,
    settings: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Town:
    """A town of `tests.flow` whose CIS is this one."""
    settings.KEYTURN_MAILBOX = str(tmp_path)
    settings.EMAIL_BACKEND = "keyturn.connectors.mail.mailbox.EmailBackend"
    settings.KEYTURN_POLICY = settings.KEYTURN_POLICY  # put back after the test
    monkeypatch.setattr(ours, "connector", lambda: request.getfixturevalue(request.param))
    there = Town(tmp_path)
    there.cis = request.getfixturevalue(request.param)
    there.cis_is("")
    for module in (outside, deliveries, hearing, inbound, reconciling, eligibility, asked_there):
        monkeypatch.setattr(module, "cis", lambda: there.guarded)
    return there


@pytest.mark.parametrize(("kind", "path"), [("ccb-soap", soap.PATH.rpartition("/")[0]), ("ccb-rest", rest.BASE)])
def test_an_installation_names_it_by_a_short_word(
    settings: Any, simulator: str, secrets: None, tmp_path: Path, kind: str, path: str
) -> None:
    settings.KEYTURN_CIS, settings.KEYTURN_CIS_URL = kind, f"{simulator}{path}"
    ours.cis().ping()
    assert ours.cis().name == kind
    settings.KEYTURN_CIS_MAPPING = str(tmp_path / "cis.toml")
    (tmp_path / "cis.toml").write_text((SOAP if kind == "ccb-soap" else REST).read_text().replace(kind, "our-own"))
    ours.close()
    assert ours.cis().name == "our-own"
    ours.close()


@pytest.mark.parametrize("fault", ["", "answer_lost", "partial"])
def test_a_request_becomes_service_there_once(utility: Town, town: CcbTown, fault: str) -> None:
    place = utility.house()
    town.store.adopt_premises([{"ref": place.ref, "division": "north", "service_types": "electric;gas;water"}])
    utility.cis_is(script=[{"fault": fault}])
    case = utility.moves_in(at=place)
    utility.waits(hours=2)
    assert case.status == COMPLETED
    assert case.is_in_the_cis()
    assert town.totals() == {"persons": 1, "accounts": 1, "agreements": 2}
    assert [each["key"] for each in town.store.effects()] == [f"{case.request.reference}:establish"]


@pytest.mark.rule("Y-06")
def test_it_is_asked_beforehand_whether_it_would_serve_somebody(utility: Town, town: CcbTown) -> None:
    utility.policy_says(cis_eligibility=True)
    place, unknown = utility.house(), utility.house()
    town.store.adopt_premises([{"ref": place.ref, "division": "north", "service_types": "electric;gas;water"}])
    assert utility.moves_in(ANA, at=place).status == COMPLETED
    case = utility.moves_in(BEN, at=unknown)
    assert (case.status, case.rules) == (IN_REVIEW, {"Y-07"})
    assert [each.outcome for each in OutsideCheck.objects.order_by("asked_at", "id")] == ["passed", "failed"]
    assert town.totals() == {"persons": 1, "accounts": 1, "agreements": 2}


def test_what_arrives_when_staff_have_refused_is_taken_back(utility: Town, town: CcbTown) -> None:
    place = utility.house()
    town.store.adopt_premises([{"ref": place.ref, "division": "north", "service_types": "electric;gas;water"}])
    utility.cis_is(script=[{"fault": "late"}, {"fault": "refuses"}], seconds=400)
    case = utility.moves_in(at=place)
    utility.waits(minutes=1)
    case.staff("refuse", "The meter at this address was removed.")
    utility.faulty.deliver_late()
    utility.waits(minutes=40)
    agreements = utility.cis.read("premise", place.ref)["agreements"]
    assert [each["status"] for each in agreements] == ["cancelled"] * 2
    assert (case.status, case.history[-1]) == (REFUSED, "undone_in_cis")


def test_what_its_own_staff_change_arrives_and_nothing_has_come_apart(utility: Town, town: CcbTown) -> None:
    place = utility.house()
    town.store.adopt_premises([{"ref": place.ref, "division": "north", "service_types": "electric;gas;water"}])
    case = utility.moves_in(at=place)

    def drift() -> list[tuple[str, str]]:
        run = flow.start_reconciliation(by="staff:7", fresh=True, now=utility.now)
        while not run.ended_at:
            run = flow.go_on(run.pk, now=utility.now, policy=utility.policy)
        return list(run.found.values_list("kind", "field"))

    def listens() -> None:
        hearing.hear(now=utility.now, policy=utility.policy)
        inbound.look(now=utility.now, policy=utility.policy)
        utility.works()

    listens()
    assert contacts_of(case.person, "phone", utility.now) == ["+15035550142"]
    assert drift() == []
    town.staff_change(case.person.ref)
    assert len(drift()) == 1
    listens()
    assert contacts_of(case.person, "phone", utility.now) == ["+12025550199"]
    assert drift() == []
