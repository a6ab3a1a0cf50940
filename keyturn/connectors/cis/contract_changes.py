"""What must every CIS connector that offers "changes" do? Part of `contract.py`.

Whoever asks keeps the cursor and begins there next time. So nothing may ever come to stand behind a cursor that has been
given out: a change whose transaction commits late comes late, and is told all the same.
"""

from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import Any
from uuid import uuid4

import pytest

from keyturn.connectors.cis.contract_asking import needs
from keyturn.connectors.cis.contract_kit import START, Town, a_key, customer_at, newcomer_at, update_of
from keyturn.terms.address import Address
from keyturn.terms.change import ContactChange, DetailChange, IdentifierChange, MailingChange, NameChange, RoleChange
from keyturn.terms.cis import CancelService, Changed, Changes, Cis
from keyturn.terms.errors import Rejected
from keyturn.terms.person import Identifier

SOME = 200


def up_to_now(cis: Cis) -> str:
    """The cursor behind everything that has happened."""
    cursor = ""
    while True:
        told = cis.changes(cursor, limit=SOME)
        cursor = told.cursor
        if not told.more:
            return cursor


def all_since(cis: Cis, cursor: str, *, limit: int = SOME) -> tuple[list[Changed], str]:
    """Everything behind `cursor`, page by page, and the cursor behind that."""
    items: list[Changed] = []
    while True:
        told = cis.changes(cursor, limit=limit)
        assert len(told.items) <= limit
        items += told.items
        cursor = told.cursor
        if not told.more:
            return items, cursor


def told_of(items: list[Changed]) -> set[tuple[str, str]]:
    return {(each.noun, each.ref) for each in items}


class ChangesContract:
    """The tests. `CisContract` inherits them, with `cis` and `town`."""

    @pytest.fixture
    def mark(self, cis: Cis, town: Town) -> str:
        """The cursor at which the test begins. The town is made before, so that its own making is behind it."""
        needs(cis, "changes")
        return up_to_now(cis)

    def test_where_nothing_happened_there_is_nothing_to_tell(self, cis: Cis, mark: str) -> None:
        told = cis.changes(mark, limit=SOME)
        assert told == Changes((), told.cursor, more=False)
        assert cis.changes(told.cursor, limit=SOME).items == ()

    def test_what_we_did_shows_under_our_key(self, cis: Cis, town: Town) -> None:
        needs(cis, "changes")
        premise, key = town.vacant(), a_key()
        mark = up_to_now(cis)
        answer = cis.send(newcomer_at(premise), key=key)
        items, _ = all_since(cis, mark)
        assert {("person", answer.person_ref), ("account", answer.account_ref)} <= told_of(items)
        assert {each.key for each in items} == {key}

    def test_a_premise_changes_when_somebody_is_to_be_served_there(self, cis: Cis, town: Town) -> None:
        needs(cis, "changes")
        premise = town.vacant()
        mark = up_to_now(cis)
        command = newcomer_at(premise)
        answer = cis.send(command, key=a_key())
        items, mark = all_since(cis, mark)
        assert ("premise", premise) in told_of(items)
        cis.send(CancelService(command.request_reference, answer.account_ref), key=a_key())
        assert {("premise", premise), ("account", answer.account_ref)} <= told_of(all_since(cis, mark)[0])

    def test_every_kind_of_change_shows(self, cis: Cis, town: Town) -> None:
        needs(cis, "changes")
        person, account = town.customer()
        mark, missing = up_to_now(cis), []
        for change in (
            NameChange("primary", given_name="Ada", family_name="Byron"),
            ContactChange("email", f"{uuid4().hex[:8]}@example.org"),
            MailingChange(Address("1 New Road", "", "Lumen", "CA", "90001", "US")),
            IdentifierChange(Identifier("passport", f"P{uuid4().hex[:8]}")),
            DetailChange("language", "es"),
            RoleChange(account, "Bo Quist", f"{uuid4().hex[:8]}@example.org"),
        ):
            try:
                cis.send(update_of(person, change), key=a_key())
            except Rejected:
                continue  # what this CIS does not keep changes nothing there
            items, mark = all_since(cis, mark)
            missing += [] if ("person", person) in told_of(items) else [type(change).__name__]
        assert missing == []

    def test_what_their_own_staff_change_shows_under_no_key_of_ours(self, cis: Cis, town: Any) -> None:
        needs(cis, "changes")
        if not hasattr(town, "staff_change"):
            pytest.skip("this town has no staff of its own")
        person, _ = town.customer()
        mark = up_to_now(cis)
        town.staff_change(person)
        items, _ = all_since(cis, mark)
        assert ("person", person) in told_of(items)
        assert {each.key for each in items} == {""}

    def test_they_come_in_the_order_in_which_they_happened(self, cis: Cis, town: Town) -> None:
        needs(cis, "changes")
        persons = [town.customer()[0] for _ in range(4)]
        mark = up_to_now(cis)
        keys = [a_key() for _ in persons]
        for person, key in zip(persons, keys, strict=True):
            cis.send(update_of(person, ContactChange("phone", "+12025550110")), key=key)
        items, _ = all_since(cis, mark)
        assert list(dict.fromkeys(each.key for each in items)) == keys

    def test_pages_are_no_longer_than_was_asked_and_leave_nothing_out(self, cis: Cis, town: Town) -> None:
        needs(cis, "changes")
        premises = [town.vacant() for _ in range(3)]
        mark = up_to_now(cis)
        for premise in premises:
            cis.send(newcomer_at(premise), key=a_key())
        whole, behind = all_since(cis, mark)
        assert all_since(cis, mark, limit=1) == (whole, behind)
        first = cis.changes(mark, limit=2)
        assert first.more
        assert list(first.items) + all_since(cis, first.cursor, limit=2)[0] == whole

    def test_asked_again_from_the_same_cursor_it_tells_the_same_again(self, cis: Cis, town: Town) -> None:
        needs(cis, "changes")
        person, _ = town.customer()
        mark = up_to_now(cis)
        cis.send(customer_at(town.vacant(), person), key=a_key())
        once, behind = all_since(cis, mark)
        assert told_of(all_since(cis, mark)[0]) >= told_of(once)
        assert all_since(cis, behind)[0] == []

    def test_a_command_that_is_repeated_may_be_told_again_but_never_less(self, cis: Cis, town: Town) -> None:
        needs(cis, "changes")
        premise, key = town.vacant(), a_key()
        mark = up_to_now(cis)
        command = newcomer_at(premise)
        answer = cis.send(command, key=key)
        cis.send(command, key=key)
        items, _ = all_since(cis, mark)
        assert ("person", answer.person_ref) in told_of(items)

    def test_a_cursor_that_is_none_is_refused(self, cis: Cis, town: Town) -> None:
        needs(cis, "changes")
        with pytest.raises(Rejected):
            cis.changes("no cursor of yours", limit=1)

    def test_while_several_write_nothing_is_passed_over(self, cis: Cis, town: Town) -> None:
        needs(cis, "changes")
        mark, done = up_to_now(cis), Event()
        premises = [town.vacant() for _ in range(24)]
        seen: list[Changed] = []

        def listen() -> str:
            """One who keeps up, a few at a time: the harshest reader."""
            cursor = mark
            while True:
                last = done.is_set()
                items, cursor = all_since(cis, cursor, limit=3)
                seen.extend(items)
                if last:
                    return cursor

        def write(share: list[str]) -> list[str]:
            return [cis.send(newcomer_at(each, start_date=START), key=a_key()).person_ref for each in share]

        with ThreadPoolExecutor(5) as pool:
            listener = pool.submit(listen)
            writers = [pool.submit(write, premises[start::4]) for start in range(4)]
            try:
                made = [ref for each in writers for ref in each.result()]
            finally:
                done.set()
            listener.result()
        assert [ref for ref in made if ("person", ref) not in told_of(seen)] == []
