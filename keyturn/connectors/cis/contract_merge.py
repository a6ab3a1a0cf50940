"""What must every CIS connector do with two persons who are one? Part of `contract.py`.

A CIS that cannot merge says so: `Rejected("cannot_merge")`, always, and nothing is written. Then the other tests here
are passed over, and staff do it by hand.
"""

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier
from uuid import uuid4

import pytest

from keyturn.connectors.cis.contract_kit import NOTHING, Town, a_key, customer_at, deliver, update_of
from keyturn.connectors.cis.faults import Fault, FaultyCis, Plan
from keyturn.connectors.cis.guard import GuardedCis
from keyturn.terms.change import RoleChange
from keyturn.terms.cis import Answer, Cis, MergePersons, UnmergePersons
from keyturn.terms.errors import Rejected


def merge_of(survivor: str, loser: str) -> MergePersons:
    return MergePersons(f"KT-{uuid4().hex[:8].upper()}", survivor, loser)


def undo_of(merge: MergePersons, *accounts: str) -> UnmergePersons:
    return UnmergePersons(
        f"KT-{uuid4().hex[:8].upper()}", merge.request_reference, merge.survivor_ref, merge.loser_ref, accounts
    )


def parts_in(cis: Cis, *accounts: str) -> dict[str, list[tuple[object, ...]]]:
    """Who stands how on each account."""
    return {
        ref: [(each["person_ref"], each["main_customer"]) for each in (cis.read("account", ref) or {})["persons"]]
        for ref in accounts
    }


class MergeContract:
    """The tests. `CisContract` inherits them, with `cis`, `town` and `increase`."""

    @pytest.fixture
    def pair(self, cis: Cis, town: Town) -> tuple[str, str, str, str]:
        """Two persons and their accounts: survivor, loser, and the account of each."""
        (survivor, mine), (loser, theirs) = town.customer(), town.customer()
        (one, _), (other, _) = town.customer(), town.customer()
        try:
            cis.send(merge_of(one, other), key=a_key())
        except Rejected as no:
            if no.code == "cannot_merge":
                pytest.skip("this CIS cannot merge, and says so")
            raise
        return survivor, loser, mine, theirs

    def test_two_become_one_and_no_account_is_left_behind(self, cis: Cis, pair: tuple[str, ...]) -> None:
        survivor, loser, mine, theirs = pair
        command = merge_of(survivor, loser)
        answer = cis.send(command, key=a_key())
        assert answer.fits(command)
        assert parts_in(cis, mine, theirs) == {mine: [(survivor, True)], theirs: [(survivor, True)]}

    def test_undone_each_has_what_they_had(self, cis: Cis, pair: tuple[str, ...]) -> None:
        survivor, loser, mine, theirs = pair
        before = parts_in(cis, mine, theirs)
        kept = {ref: (cis.read("person", ref) or {})["names"] for ref in (survivor, loser)}
        merge = merge_of(survivor, loser)
        cis.send(merge, key=a_key())
        cis.send(undo_of(merge, theirs), key=a_key())
        assert parts_in(cis, mine, theirs) == before
        assert {ref: (cis.read("person", ref) or {})["names"] for ref in kept} == kept

    @pytest.mark.parametrize("who_stays", ["owner", "helper"])
    def test_of_two_parts_in_one_account_the_stronger_stays_and_both_come_back(
        self, cis: Cis, pair: tuple[str, ...], who_stays: str
    ) -> None:
        _survivor, owner, _mine, account = pair
        cis.send(update_of(owner, RoleChange(account, "Grete Sommer", "grete@example.org")), key=a_key())
        before = parts_in(cis, account)
        assert len(before[account]) == 2
        helper = next(ref for ref, main in before[account] if not main)
        stays, goes = (owner, helper) if who_stays == "owner" else (helper, owner)
        merge = merge_of(stays, goes)
        cis.send(merge, key=a_key())
        assert parts_in(cis, account) == {account: [(stays, True)]}
        cis.send(undo_of(merge), key=a_key())
        assert sorted(parts_in(cis, account)[account]) == sorted(before[account])

    def test_an_account_that_came_since_goes_to_whom_it_is_named_for(
        self, cis: Cis, town: Town, pair: tuple[str, ...]
    ) -> None:
        survivor, loser, _mine, theirs = pair
        merge = merge_of(survivor, loser)
        cis.send(merge, key=a_key())
        new, other = (cis.send(customer_at(town.vacant(), survivor), key=a_key()).account_ref for _ in range(2))
        cis.send(undo_of(merge, theirs, new), key=a_key())
        found = parts_in(cis, new, other, theirs)
        assert found == {new: [(loser, True)], other: [(survivor, True)], theirs: [(loser, True)]}

    def test_nobody_is_made_and_nobody_goes(
        self, cis: Cis, pair: tuple[str, ...], increase: Callable[[], Mapping[str, int]]
    ) -> None:
        merge = merge_of(*pair[:2])
        increase()
        cis.send(merge, key=a_key())
        cis.send(undo_of(merge), key=a_key())
        assert increase() == NOTHING

    def test_what_cannot_be_is_rejected(self, cis: Cis, pair: tuple[str, ...]) -> None:
        survivor, loser, _mine, _theirs = pair
        merge = merge_of(survivor, loser)
        for code, command in (
            ("unknown_person", merge_of(survivor, "no-such-person")),
            ("already_merged", merge_of(survivor, survivor)),
            ("not_merged", undo_of(merge)),
        ):
            with pytest.raises(Rejected) as no:
                cis.send(command, key=a_key())
            assert no.value.code == code
        cis.send(merge, key=a_key())
        with pytest.raises(Rejected, match="already_merged"):
            cis.send(merge_of(survivor, loser), key=a_key())
        cis.send(undo_of(merge), key=a_key())
        with pytest.raises(Rejected, match="not_merged"):
            cis.send(undo_of(merge), key=a_key())

    def test_a_merge_is_once_under_its_key(self, cis: Cis, pair: tuple[str, ...]) -> None:
        survivor, loser, mine, theirs = pair
        command, key = merge_of(survivor, loser), a_key()
        together = Barrier(5)

        def send(_: int) -> Answer:
            together.wait()
            return cis.send(command, key=key)

        with ThreadPoolExecutor(5) as pool:
            answers = list(pool.map(send, range(5)))
        assert sorted(each.repeated for each in answers) == [False] + [True] * 4
        assert cis.find(key) == replace(answers[0], repeated=True)
        assert parts_in(cis, mine, theirs) == {mine: [(survivor, True)], theirs: [(survivor, True)]}

    @pytest.mark.parametrize("fault", [Fault.ANSWER_LOST, Fault.LATE, Fault.DUPLICATE])
    def test_a_merge_and_its_undoing_arrive_once_through(self, cis: Cis, pair: tuple[str, ...], fault: Fault) -> None:
        survivor, loser, mine, theirs = pair
        before = parts_in(cis, mine, theirs)
        faulty = FaultyCis(cis, Plan({"script": [{"fault": fault, "times": 2}], "seconds": 0.0}))
        merge, key = merge_of(survivor, loser), a_key()
        deliver(GuardedCis(faulty), merge, key=key)
        deliver(GuardedCis(faulty), undo_of(merge, theirs), key=a_key())
        faulty.deliver_late()
        assert parts_in(cis, mine, theirs) == before
