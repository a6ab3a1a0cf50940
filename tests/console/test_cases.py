"""How is a case that looks like fraud closed?"""

from collections.abc import Callable

import pytest

from keyturn.records.models import (
    Act,
    RedFlag,
)
from tests.console.desk import Desk
from tests.flow.at_home import Customer


@pytest.fixture
def flag(ana: Customer) -> RedFlag:
    return RedFlag.objects.create(
        trigger="D-26", person=ana.person, account=ana.account, user=ana.user, opened_at=ana.town.now
    )


class TestACaseOfFraud:
    def test_is_listed_and_closed_with_a_note(self, rosa: Desk, flag: RedFlag) -> None:
        rosa.opens("/console/cases").sees("New access or contact", "Ana Zelenko", "ana@example.com")
        rosa.posts(f"/console/cases/{flag.pk}", verdict="harmless", note="Called her: she moved to her daughter.")
        flag.refresh_from_db()
        assert (flag.state, flag.decided_by) == ("harmless", f"staff:{rosa.user.pk}")
        rosa.opens("/console/cases", state="decided").sees("she moved to her daughter")
        assert Act.objects.filter(subject=f"person:{flag.person_id}", what="case_harmless").exists()

    @pytest.mark.rule("K-83")
    def test_is_not_closed_without_a_note_and_nothing_is_lost(self, rosa: Desk, flag: RedFlag) -> None:
        rosa.posts(f"/console/cases/{flag.pk}", verdict="harmless", note="no")
        assert rosa.status == 422
        assert ">no</textarea>" in rosa.html
        flag.refresh_from_db()
        assert flag.state == "open"

    @pytest.mark.rule("K-84")
    def test_is_called_fraud_by_a_supervisor_only(self, rosa: Desk, desk: Callable[..., Desk], flag: RedFlag) -> None:
        note = "Somebody else had her bills and her mail."
        assert rosa.posts(f"/console/cases/{flag.pk}", verdict="fraud", note=note).status == 422
        desk("sofia", role="supervisor").posts(f"/console/cases/{flag.pk}", verdict="fraud", note=note)
        flag.refresh_from_db()
        assert (flag.state, flag.note) == ("fraud", note)

    def test_is_decided_once(self, rosa: Desk, desk: Callable[..., Desk], flag: RedFlag) -> None:
        rosa.posts(f"/console/cases/{flag.pk}", verdict="harmless", note="Called her: it was she.")
        sofia = desk("sofia", role="supervisor")
        sofia.posts(f"/console/cases/{flag.pk}", verdict="fraud", note="Something else entirely.")
        sofia.sees("A colleague has decided this case already.")

    def test_by_who_presses_twice_was_decided_by_themselves(self, rosa: Desk, flag: RedFlag) -> None:
        for says in ("The case is closed.", "You have done this already."):
            rosa.posts(f"/console/cases/{flag.pk}", verdict="harmless", note="Called her: it was she.").sees(says)
            rosa.sees_nothing_of("A colleague has")
