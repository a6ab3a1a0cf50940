"""Where could settling a difference with the CIS go into the wrong hands, or nowhere?"""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from keyturn import flow
from keyturn.flow import reconciling
from keyturn.records.models import Account, AccountPerson, CisDifference, Drift, Person, PersonName
from keyturn.records.models.dated import holds_at
from keyturn.steps.maintain.inbound import accounts, base, persons
from keyturn.terms.change import DetailChange
from keyturn.terms.errors import NotAllowed, StaleVersion
from keyturn.terms.request import Actor, Role
from tests import factories
from tests.flow.both_sides import Heard, heard, name_of
from tests.flow.test_inbound import RENAMED
from tests.flow.town import ANA, BEN, Town

__all__ = ["heard"]
ROSA = Actor(Role.STAFF, "rosa")


def settles(town: Town, case: CisDifference, keep: str, *, actor: Actor = ROSA) -> CisDifference:
    case.refresh_from_db()
    return flow.settle_difference(
        difference_id=case.pk, keep=keep, reason="Looked at both.", version=case.version, actor=actor, now=town.now,
        policy=town.policy,
    )  # fmt: skip


def both_changed(town: Town, heard: Heard, person: Person) -> CisDifference:
    """A name was changed on both sides since they last agreed."""
    heard.there(person, DetailChange("language", "es"))
    heard.listens()
    PersonName.objects.filter(person=person, name_type="primary").update(family_name="Ours")
    heard.there(person, RENAMED)
    heard.listens()
    town.now += timedelta(hours=1)
    return CisDifference.objects.get(field="name")


@pytest.mark.parametrize("keep", ["ours", "theirs"])
@pytest.mark.parametrize("what", ["merged", "erased"])
def test_nothing_is_written_on_a_file_that_is_no_more(town: Town, heard: Heard, what: str, keep: str) -> None:
    ana, ben = town.knows(ANA), town.knows(BEN)
    case = both_changed(town, heard, ana)
    if what == "merged":
        Person.objects.filter(pk=ana.pk).update(redirect_to=ben)
    else:
        Person.objects.filter(pk=ana.pk).update(flags=["erased"])
    with pytest.raises(NotAllowed, match="not_possible"):
        settles(town, case, keep)
    assert name_of(ana, town.now) == "Ana Ours"
    settles(town, case, "seen")
    assert heard.cases == {}


@pytest.mark.parametrize(
    ("kind", "noun", "field"),
    [
        ("unknown_reference", "account", "main_customer"),
        ("agreement_missing_in_cis", "account", "agreement.01a2055c-6400-71db-a9eb-492dc2dc9c6e"),
        ("ours_is_newer", "person", "name"),
    ],
)
def test_a_case_that_shows_no_values_is_seen_to_by_hand(
    town: Town, heard: Heard, kind: str, noun: str, field: str
) -> None:
    ana = town.knows(ANA)
    account = factories.an_account(ana, town.house())
    ref = str(account.ref if noun == "account" else ana.ref)
    if kind == "ours_is_newer":
        ref = "gone"
    run = flow.start_reconciliation(by="staff:rosa", fresh=True, now=town.now)
    drift = Drift.objects.create(reconciliation=run, kind=kind, noun=noun, ref=ref, field=field)
    assert reconciling.repair_drift(drift.pk, actor=ROSA, now=town.now, policy=town.policy) == "review"
    case = CisDifference.objects.get()
    assert flow.ways_to_settle(case) == ("seen",)
    with pytest.raises(NotAllowed, match="not_possible"):
        settles(town, case, "theirs")
    settles(town, case, "seen")


@pytest.mark.parametrize(
    ("field", "value"),
    [("identifier.passport", BEN.identifiers[0].value), ("date_of_birth", "2999-01-01")],
)
def test_what_no_import_would_let_in_is_not_taken_over_by_hand_either(
    town: Town, heard: Heard, field: str, value: Any
) -> None:
    ana, _ben = town.knows(ANA), town.knows(BEN)
    case = CisDifference(noun="person", ref=ana.ref, field=field, why="both_changed", opened_at=town.now)
    case.values = {"ours": persons.ours(ana, at=town.now).get(field), "theirs": value}
    case.save(force_insert=True)
    with pytest.raises(NotAllowed, match="not_possible"):
        settles(town, case, "theirs")
    case.refresh_from_db()
    assert case.state == "open"


def test_nobody_makes_themselves_the_main_customer_of_an_account(town: Town, heard: Heard) -> None:
    ana, rosa = town.knows(ANA), town.knows(BEN)
    account = factories.an_account(ana, town.house())
    login = factories.a_login("ben@example.com")
    case = CisDifference(noun="account", ref=account.ref, field="main_customer", why="both_changed", opened_at=town.now)
    case.values = {"ours": ana.ref, "theirs": rosa.ref}
    case.save(force_insert=True)
    with pytest.raises(NotAllowed, match="own_request"):
        settles(town, case, "theirs", actor=Actor(Role.STAFF, str(login.pk)))


def test_the_longest_field_is_kept_whole_from_the_report_to_the_case(town: Town) -> None:
    """An agreement is named by the CIS's reference, which may fill its column."""
    field = "agreement." + "9" * 64
    run = flow.start_reconciliation(by="staff:rosa", parts=("accounts",), now=town.now)
    reconciling._keep(
        run, [reconciling.Found("unknown_reference", "account", "8" * 64, field)], "accounts", "", 1, now=town.now
    )
    drift = Drift.objects.get()
    assert flow.repair_drift(drift.pk, actor=ROSA, now=town.now, policy=town.policy) == "review"
    assert (drift.field, CisDifference.objects.get().field) == (field, field)
    assert base.no_longer_differ("account", "8" * 64, fields=[field], now=town.now) == 1


def a_case_about_the_main_customer(town: Town) -> CisDifference:
    """Ana is the main customer of an account, and the CIS says that it is Ben."""
    ana, ben = town.knows(ANA), town.knows(BEN)
    account = factories.an_account(ana, town.house())
    case = CisDifference(
        noun="account", ref=str(account.ref), field="main_customer", why="both_changed", opened_at=town.now
    )
    case.values = {"ours": ana.ref, "theirs": ben.ref}
    case.save(force_insert=True)
    return case


def test_an_account_that_was_changed_since_the_case_was_shown_is_shown_again_first(town: Town, heard: Heard) -> None:
    case = a_case_about_the_main_customer(town)
    account = Account.objects.get()
    mia = town.knows(replace(ANA, given_name="Mia", emails=("mia@example.com",), identifiers=()))
    accounts.write(account, {"main_customer": str(mia.ref)}, now=town.now)
    with pytest.raises(StaleVersion):
        settles(town, case, "theirs")
    case.refresh_from_db()
    assert (case.state, case.values["ours"]) == ("open", mia.ref)
    assert settles(town, case, "theirs").state == "theirs"
    assert (
        AccountPerson.objects.filter(holds_at(town.now), account=account, is_main=True).get().person.ref
        == (case.values["theirs"])
    )


def test_an_account_that_holds_the_same_by_now_is_no_case_any_more(town: Town, heard: Heard) -> None:
    case = a_case_about_the_main_customer(town)
    accounts.write(Account.objects.get(), {"main_customer": case.values["theirs"]}, now=town.now)
    with pytest.raises(NotAllowed, match="settled_already"):
        settles(town, case, "theirs")
    case.refresh_from_db()
    assert case.state == "gone"


def test_a_repair_that_finds_them_gone_there_says_that_staff_look(town: Town, heard: Heard) -> None:
    ana = town.knows(ANA)
    heard.listens()
    run = flow.start_reconciliation(by="staff:rosa", now=town.now)
    drift = Drift.objects.create(
        reconciliation=run, kind="theirs_is_newer", noun="person", ref=str(ana.ref), field="name"
    )
    town.faulty.read = lambda noun, ref: None  # type: ignore[method-assign]
    assert flow.repair_drift(drift.pk, actor=ROSA, now=town.now, policy=town.policy) == "review"
    assert heard.cases == {(ana.ref, ""): "gone_there"}
