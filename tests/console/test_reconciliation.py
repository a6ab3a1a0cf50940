"""What do staff see of where registry and CIS differ, and how do they settle it?"""

import re
from datetime import timedelta
from typing import Any

import pytest

from keyturn import flow
from keyturn.records.models import Act, CisDifference, Person, PersonName, Protection
from keyturn.steps.maintain.inbound.rules import what_settles
from keyturn.terms.address import Address
from keyturn.terms.change import DetailChange, IdentifierChange, MailingChange
from keyturn.terms.person import Identifier
from tests.console.desk import Desk
from tests.flow.both_sides import Heard, heard, name_of
from tests.flow.test_inbound import RENAMED
from tests.flow.test_reconciling import compared
from tests.flow.town import ANA, BEN, Town

__all__ = ["heard"]
WHY = "Her licence says so."


@pytest.fixture
def ana(town: Town, heard: Heard) -> Person:
    person = town.knows(ANA)
    heard.there(person, DetailChange("paperless", "yes"))
    heard.listens()
    return person


@pytest.fixture
def case(ana: Person, heard: Heard) -> CisDifference:
    PersonName.objects.filter(person=ana, name_type="primary").update(family_name="Zelenka")
    heard.there(ana, RENAMED)
    heard.listens()
    heard.town.now += timedelta(hours=1)
    return CisDifference.objects.get()


def settles(rosa: Desk, case: CisDifference, keep: str, **fields: Any) -> Desk:
    rosa.opens(f"/console/differences/{case.pk}")
    found = {"version": rosa.hidden("version"), "keep": keep, "reason": WHY, **fields}
    return rosa.posts(f"/console/differences/{case.pk}/settle", **found)


def test_before_anything_was_compared_the_page_says_so(rosa: Desk) -> None:
    rosa.opens("/console/reconciliation").sees("Nothing has been compared yet", "Nothing waits to be settled")


def test_the_newest_report_is_shown_by_kind_with_what_can_be_done(
    rosa: Desk, town: Town, ana: Person, heard: Heard
) -> None:
    heard.there(ana, RENAMED)
    compared(town)
    rosa.opens("/console/reconciliation")
    rosa.sees("Changed in the CIS, not taken over yet", "theirs_is_newer", "Can be taken over", "1 persons")


def test_a_difference_is_listed_shown_side_by_side_and_settled(rosa: Desk, town: Town, case: CisDifference) -> None:
    rosa.opens("/console").sees("CIS and registry 1")
    rosa.opens("/console/reconciliation").sees(f"Person {case.ref}", "Name", "Changed on both sides")
    rosa.opens(f"/console/differences/{case.pk}").sees("Zelenka", "Marquez", "Both last held", "Ana Zelenko")
    settles(rosa, case, "theirs").sees("Settled.")
    assert name_of(Person.objects.get(), town.now) == "Ana Marquez"
    case.refresh_from_db()
    assert (case.state, case.decided_by) == ("theirs", f"staff:{rosa.user.pk}")
    assert Act.objects.filter(what="difference_settled").exists()
    rosa.opens(f"/console/differences/{case.pk}").sees("Theirs was taken over", WHY)


def test_of_hundreds_every_one_is_reached_page_by_page(rosa: Desk, town: Town) -> None:
    """Those on the first page may be such that only a supervisor settles, or wait for a delivery."""
    CisDifference.objects.bulk_create(
        CisDifference(noun="person", ref=f"C{number}", field="name", why="unfit",
                      opened_at=town.now - timedelta(minutes=200 - number))
        for number in range(120)
    )  # fmt: skip
    seen: list[str] = []
    address: str | None = "/console/reconciliation"
    while address:
        seen += re.findall(r">Person (C\d+)</a>", rosa.opens(address).html)
        found = re.search(r'rel="next" href="([^"]+)"', rosa.html)
        address = found and found.group(1)
    assert seen == [f"C{number}" for number in range(120)]
    rosa.sees("101–120 of 120")
    assert 'rel="prev" href="/console/reconciliation?page=2"' in rosa.html
    CisDifference.objects.filter(ref__in=seen[60:]).update(state="gone")
    rosa.opens("/console/reconciliation?page=3").sees("51–60 of 60")


@pytest.mark.rule("K-36")
def test_without_a_reason_or_a_choice_nothing_happens_and_nothing_typed_is_lost(
    rosa: Desk, case: CisDifference
) -> None:
    settles(rosa, case, "ours", reason=" ")
    assert rosa.status == 422
    rosa.sees("Write why, in a sentence")
    assert 'value="ours" checked' in rosa.html
    settles(rosa, case, "", reason="Because.")
    assert rosa.status == 422
    rosa.sees("Choose what holds.")
    assert ">Because.</textarea>" in rosa.html
    case.refresh_from_db()
    assert case.state == "open"


def test_what_the_cis_changed_since_is_looked_at_again(rosa: Desk, case: CisDifference) -> None:
    CisDifference.objects.filter(pk=case.pk).update(version=7)
    settles(rosa, case, "ours", version="1")
    assert rosa.status == 409
    rosa.sees("The CIS has changed it again")


def test_who_presses_twice_reads_that_they_have_done_it(rosa: Desk, case: CisDifference, desk: Any) -> None:
    form = {"keep": "theirs", "reason": WHY, "version": str(case.version)}
    for says in ("Settled.", "You have done this already."):
        rosa.posts(f"/console/differences/{case.pk}/settle", **form).sees(says).sees_nothing_of("A colleague has")
    desk("berta").posts(f"/console/differences/{case.pk}/settle", **form).sees("A colleague has settled this already.")


def test_of_a_document_only_the_last_four_are_shown(rosa: Desk, town: Town, ana: Person, heard: Heard) -> None:
    town.policy_says(owners={"identifier": "review"})
    heard.there(ana, IdentifierChange(Identifier("driver_licence", "D7654399")))
    heard.listens()
    rosa.opens(f"/console/differences/{CisDifference.objects.get().pk}").sees("…4399", "…4567")
    assert "D7654399" not in rosa.html


def test_a_protected_address_is_not_shown_and_a_supervisor_settles(
    rosa: Desk, town: Town, ana: Person, heard: Heard, desk: Any
) -> None:
    town.policy_says(owners={"mailing": "review"})
    Protection.objects.create(person=ana, since=town.now - timedelta(days=400))
    heard.there(ana, MailingChange(Address("9 Secret Way", "", "Millbrook", "OR", "97901", "US")))
    heard.listens()
    case = CisDifference.objects.get()
    for who in (rosa, desk("sofia", role="supervisor")):
        who.opens(f"/console/differences/{case.pk}").sees("The address is protected")
        assert "Secret Way" not in who.html
    assert rosa.posts(f"/console/differences/{case.pk}/settle", keep="theirs", reason=WHY, version=1).status == 403


def test_the_ways_to_settle_are_those_that_make_sense(case: CisDifference) -> None:
    assert flow.ways_to_settle(case) == ("ours", "theirs")
    assert flow.ways_to_settle(CisDifference(noun="person", ref="1", why="gone_there")) == ("seen",)
    assert what_settles("main_customer", "both_changed") == ("theirs", "seen")


@pytest.mark.rule("K-38")
class TestManyArePutRightAtOnce:
    @pytest.fixture
    def two(self, town: Town, ana: Person, heard: Heard) -> list[Person]:
        ben = town.knows(BEN)
        heard.there(ana, RENAMED)
        heard.there(ben, RENAMED)
        compared(town)
        return [ana, ben]

    @staticmethod
    def does(who: Desk, act: str, **fields: Any) -> Desk:
        """With what the page's form holds."""
        who.opens("/console/reconciliation")
        found = {name: who.hidden(name) for name in ("run", "kind", "repair")}
        return who.posts("/console/reconciliation/repair", act=act, **{**found, **fields})

    def test_one_proposes_a_supervisor_agrees_and_the_worker_does_it(
        self, rosa: Desk, town: Town, two: list[Person], desk: Any
    ) -> None:
        rosa.opens("/console/reconciliation").sees("Propose to put all 2 right")
        self.does(rosa, "propose").sees("Proposed. A supervisor must agree.", "A supervisor who is not you must agree.")
        assert "Agree: do it" not in rosa.html
        otto, sofia = desk("otto"), desk("sofia", role="supervisor")
        otto.opens("/console/reconciliation").sees("Proposed by rosa", "Refuse it")
        assert "Agree: do it" not in otto.html
        self.does(otto, "agree").sees("A supervisor agrees to it.")
        self.does(sofia, "agree").sees("Agreed. The worker does it now", "Agreed by sofia", "2 left")
        town.works()
        assert {name_of(each, town.now) for each in two} == {"Ana Marquez"}
        sofia.opens("/console/reconciliation").sees("0 left")

    def test_nobody_agrees_to_their_own_and_what_was_refused_is_proposed_anew(
        self, two: list[Person], desk: Any
    ) -> None:
        sofia = desk("sofia", role="supervisor")
        self.does(sofia, "propose").sees("Take it back")
        self.does(sofia, "agree").sees("You have proposed it")
        self.does(sofia, "refuse").sees("It is not done.", "Propose to put all 2 right")

    def test_the_only_one_is_put_right_by_one(self, rosa: Desk, town: Town, ana: Person, heard: Heard) -> None:
        heard.there(ana, RENAMED)
        compared(town)
        self.does(rosa, "alone").sees("It is put right.")
        assert name_of(ana, town.now + timedelta(hours=1)) == "Ana Marquez"  # the page goes by the clock of the wall

    def test_of_many_none_is_put_right_by_one(self, rosa: Desk, town: Town, two: list[Person]) -> None:
        self.does(rosa, "alone").sees("A colleague has just proposed it.")
        assert "Ana Zelenko" in {name_of(each, town.now) for each in two}

    @pytest.mark.parametrize(
        "wrong", [{"act": "nonsense"}, {"act": "propose", "kind": "x"}, {"act": "agree", "repair": "x"}]
    )
    def test_what_is_nonsense_does_nothing(self, rosa: Desk, two: list[Person], wrong: dict[str, str]) -> None:
        self.does(rosa, **wrong).sees("Nothing of it is left.")

    def test_a_cis_that_is_away_is_said(self, rosa: Desk, town: Town, ana: Person, heard: Heard) -> None:
        heard.there(ana, RENAMED)
        compared(town)
        town.cis_is("down", calls=["read"])
        self.does(rosa, "alone").sees("The CIS does not answer now")
