"""Can staff see in a real browser where registry and CIS differ, and settle it, on a phone too?"""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from keyturn import flow
from keyturn.flow import hearing, inbound, reconciling
from keyturn.records.models import CisDifference, Drift, PersonName, Reconciliation, User
from keyturn.terms.change import DetailChange
from tests.browser.test_console import PASSWORD, office, sits_down  # noqa: F401 (fixtures)
from tests.browser.test_duplicates import looks_well
from tests.flow.test_inbound import RENAMED
from tests.flow.town import ANA, Town


@pytest.fixture
def case(office: Town, monkeypatch: pytest.MonkeyPatch) -> CisDifference:  # noqa: F811
    """Ana's name is another on either side; and a report of it."""
    for module in (hearing, inbound, reconciling):
        monkeypatch.setattr(module, "cis", lambda: office.guarded)
    User.objects.create_user("sofia", email="sofia@utility.example", password=PASSWORD, staff_role="supervisor")
    ana = office.knows(ANA)
    office.cis.desk.change(str(ana.ref), DetailChange("paperless", "yes"))
    flow.hear_cis(now=office.now, policy=office.policy)
    PersonName.objects.filter(person=ana, name_type="primary").update(family_name="Zelenka")
    office.cis.desk.change(str(ana.ref), RENAMED)
    flow.hear_cis(now=office.now, policy=office.policy)
    run = flow.start_reconciliation(by="machine:", now=office.now)
    while not flow.go_on(run.pk, now=office.now, policy=office.policy).ended_at:
        pass
    return CisDifference.objects.get(noun="person", field="name")


def test_axe_finds_nothing_and_a_difference_is_settled(case: CisDifference, sits_down: Callable[..., Page]) -> None:  # noqa: F811
    page = sits_down("sofia")
    looks_well(page, "/console/reconciliation")
    Drift.objects.create(reconciliation=Reconciliation.objects.get(), kind="both_changed", noun="person", ref="C9")
    looks_well(page, "/console/reconciliation")
    page.get_by_role("button", name="Propose to put all 2 before staff").click()
    looks_well(page, "/console/reconciliation")
    looks_well(page, f"/console/differences/{case.pk}")
    looks_well(page, f"/console/differences/{case.pk}", "#decide button")
    page.get_by_text("The CIS is right").click()
    page.get_by_label("Why").fill("Her licence says so.")
    page.get_by_role("button", name="Settle it").click()
    expect(page.get_by_text("Settled.", exact=True)).to_be_visible()
    looks_well(page, f"/console/differences/{case.pk}")
