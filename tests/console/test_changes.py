"""What do staff see of a change, and what follows when they decide?"""

from datetime import timedelta

import pytest

from keyturn.records.models import (
    AccountAccess,
    PersonName,
)
from tests.console.desk import Desk
from tests.flow.at_home import Change, Customer
from tests.flow.town import ANA, COMPLETED, IN_REVIEW, REFUSED, Town


@pytest.fixture
def renamed(ana: Customer) -> Change:
    """Ana Bauer now, she says: the risk policy wants staff to look."""
    case = ana.changes("change_name", family_name="Bauer", name_reason="marriage")
    assert case.status == IN_REVIEW
    return case


class TestAChangeInTheConsole:
    def test_shows_what_they_saw_what_is_on_file_and_what_they_want(self, rosa: Desk, renamed: Change) -> None:
        rosa.opens(renamed).sees("They saw", "On file now", "Wanted", "Family name", "Zelenko", "Bauer")
        rosa.sees("ana@example.com", "Account holder", "Risk policy")

    def test_shows_nothing_of_starting_service(self, rosa: Desk, renamed: Change) -> None:
        rosa.opens(renamed)
        assert rosa.choices == ["approve", "ask", "refuse"]
        for text in ("Who is served there", "Is it the same person?", "New person", "Service points", "from None"):
            assert text not in rosa.text

    def test_says_when_somebody_else_changed_the_value_meanwhile(
        self, rosa: Desk, ana: Customer, renamed: Change
    ) -> None:
        PersonName.objects.filter(person=ana.person, name_type="primary").update(family_name="Zelenka")
        rosa.opens(renamed).sees("Zelenka", "Changed by somebody else meanwhile")

    def test_is_approved_and_written(self, rosa: Desk, ana: Customer, renamed: Change) -> None:
        rosa.decides(renamed, "approve")
        assert renamed.status == COMPLETED
        assert ana.name() == "Ana Bauer"

    def test_is_refused_with_a_reason(self, rosa: Desk, ana: Customer, renamed: Change) -> None:
        rosa.decides(renamed, "refuse", reason="The document shows another name.")
        assert (renamed.status, ana.name()) == (REFUSED, "Ana Zelenko")

    @pytest.mark.rule("R-11")
    def test_is_nobody_new_and_no_same_person(self, renamed: Change) -> None:
        assert "R-11" in renamed.staff_cannot("new_person")

    @pytest.mark.rule("R-01")
    @pytest.mark.parametrize("how", ["access", "address"])
    def test_of_ones_own_file_is_a_colleagues(self, rosa: Desk, ana: Customer, renamed: Change, how: str) -> None:
        if how == "access":
            AccountAccess.objects.filter(user=ana.user).update(ended_at=ana.town.now, ended_by="test")
            AccountAccess.objects.create(
                user=rosa.user, account=ana.account, person=ana.person, level="view", capacity="delegate",
                proof="invitation", since=ana.town.now - timedelta(days=400), granted_by="test",
            )  # fmt: skip
        else:
            rosa.user.email = "ANA@example.com"
            rosa.user.save()
        rosa.opens(renamed).sees("This is your own request")
        version = str(renamed.request.version)
        assert rosa.posts(rosa.address(renamed, "decide"), decision="approve", version=version).status == 403
        assert renamed.status == IN_REVIEW

    def test_warns_of_fresh_access(self, town: Town, rosa: Desk, ana: Customer) -> None:
        AccountAccess.objects.filter(user=ana.user).update(since=town.now - timedelta(days=2), proof="sms")
        case = ana.changes("change_name", family_name="Bauer", name_reason="marriage")
        rosa.opens(case).sees("This login has had access only since", "Looks like a take-over")


class TestTheQueue:
    def test_shows_the_kind_and_the_name_on_file(self, rosa: Desk, renamed: Change) -> None:
        rosa.opens("/console").sees("Ana Zelenko", "Name")

    def test_is_filtered_by_kind(self, rosa: Desk, town: Town, renamed: Change) -> None:
        other = town.moves_in(ANA, date_of_birth="1985-03-27", id_type="none", id_value="")
        assert set(rosa.opens("/console").rows) == {renamed.request.reference, other.request.reference}
        assert rosa.opens("/console", kind="change").rows == [renamed.request.reference]
        assert rosa.opens("/console", kind="start").rows == [other.request.reference]
        assert rosa.opens("/console", kind="claim").rows == []
