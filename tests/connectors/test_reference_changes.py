"""Does the reference CIS tell of every change, those of its own staff and of its nightly run too, and of none too early?"""

from datetime import date

from keyturn.connectors.cis.contract_changes import all_since, told_of, up_to_now
from keyturn.connectors.cis.contract_kit import START, a_key, customer_at, newcomer_at
from keyturn.connectors.cis.reference import ReferenceCis, changes
from keyturn.terms.cis import Changed, MergePersons, UnmergePersons
from tests.connectors.conftest import ReferenceTown


class TestNothingIsPassedOver:
    """A number is drawn before its transaction commits, so a larger one may be there before a smaller one."""

    def test_what_commits_late_is_told_late_and_nothing_behind_it_before(self, cis: ReferenceCis) -> None:
        mark = up_to_now(cis)
        with cis._link.writing() as slow:
            changes.note(slow, persons=["slow"])
            with cis._link.writing() as quick:
                changes.note(quick, persons=["quick"])
            early, mark = all_since(cis, mark)
            assert early == []
        late, _ = all_since(cis, mark)
        assert late == [Changed("person", "slow"), Changed("person", "quick")]

    def test_a_transaction_that_is_taken_back_holds_nobody_up(self, cis: ReferenceCis) -> None:
        mark = up_to_now(cis)
        try:
            with cis._link.writing() as slow:
                changes.note(slow, persons=["never"])
                raise ZeroDivisionError
        except ZeroDivisionError:
            pass
        with cis._link.writing() as quick:
            changes.note(quick, persons=["quick"])
        assert all_since(cis, mark)[0] == [Changed("person", "quick")]

    def test_somebody_else_who_writes_in_the_same_server_holds_nobody_up(self, cis: ReferenceCis) -> None:
        mark = up_to_now(cis)
        with cis._link.writing() as stranger:
            stranger.execute("SELECT pg_current_xact_id()")
            with cis._link.writing() as quick:
                changes.note(quick, persons=["quick"])
            assert all_since(cis, mark)[0] == [Changed("person", "quick")]

    def test_who_begins_to_write_later_than_we_ask_limits_nothing(self) -> None:
        assert changes._meant(105, last=100) == 100
        assert changes._meant(95, last=100) == 95
        assert changes._meant(2147483640, last=2147483647 + 3) == 2147483640  # the numbers have come around


class TestWhoIsNamed:
    def test_whoever_gives_way_is_told_of(self, cis: ReferenceCis, town: ReferenceTown) -> None:
        premise = town.landlords()
        landlord = cis.read("premise", premise)["agreements"][0]["account_ref"]
        mark = up_to_now(cis)
        cis.send(newcomer_at(premise), key=a_key())
        assert ("account", landlord) in told_of(all_since(cis, mark)[0])

    def test_the_nightly_run_tells_whose_service_began(self, cis: ReferenceCis, town: ReferenceTown) -> None:
        premise = town.vacant()
        answer = cis.send(newcomer_at(premise), key=a_key())
        mark = up_to_now(cis)
        cis.activate_due(START)
        items, _ = all_since(cis, mark)
        assert told_of(items) == {("account", answer.account_ref), ("premise", premise)}
        assert {each.key for each in items} == {""}

    def test_an_import_tells_of_what_it_changed_and_of_nothing_else(
        self, cis: ReferenceCis, town: ReferenceTown
    ) -> None:
        town.person(ref="A", email="a@example.org")
        town.person(ref="B", email="b@example.org")
        mark = up_to_now(cis)
        cis.adopt("persons", [_row("A", "a@example.org"), _row("B", "new@example.org")])
        items, mark = all_since(cis, mark)
        assert items == [Changed("person", "B", changes.IMPORT)]
        town.account("A", ref="A1")
        items, _ = all_since(cis, mark)
        assert told_of(items) == {("account", "A1"), ("person", "A")}

    def test_a_clerk_who_enters_somebody_leaves_no_key(self, cis: ReferenceCis, town: ReferenceTown) -> None:
        mark = up_to_now(cis)
        cis.desk.enter("persons", _row("C", "c@example.org"))
        assert all_since(cis, mark)[0] == [Changed("person", "C")]

    def test_both_persons_and_their_accounts_when_two_become_one_and_two_again(
        self, cis: ReferenceCis, town: ReferenceTown
    ) -> None:
        (one, mine), (other, theirs) = town.customer(), town.customer()
        mark = up_to_now(cis)
        cis.send(MergePersons("KT-1", one, other), key=a_key())
        items, mark = all_since(cis, mark)
        everything = {("person", one), ("person", other), ("account", mine), ("account", theirs)}
        assert told_of(items) == everything
        cis.send(UnmergePersons("KT-2", "KT-1", one, other), key=a_key())
        assert told_of(all_since(cis, mark)[0]) == everything

    def test_a_clerk_who_takes_over_a_row_is_told_of(self, cis: ReferenceCis, town: ReferenceTown) -> None:
        (person, account), (other, _) = town.customer(), town.customer()
        mark = up_to_now(cis)
        cis.desk.add_to_account(account, other, relationship="guarantor")
        assert told_of(all_since(cis, mark)[0]) == {("person", other), ("account", account)}
        assert (
            cis.send(customer_at(town.vacant(), person, start_date=date(2027, 1, 1)), key=a_key()).person_ref == person
        )


def _row(ref: str, email: str) -> dict[str, str]:
    return {
        "ref": ref, "kind": "person", "given_name": "Ada", "family_name": f"Lind{ref}", "email": email,
        "line1": "7 Hill Road", "city": "Lumen", "state": "CA", "postal_code": "90002", "country": "US",
    }  # fmt: skip
