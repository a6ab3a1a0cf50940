"""What does a connector of the utility's own get away with, and what is made of what it should not have said?"""

from types import SimpleNamespace
from typing import Any

import pytest

from keyturn.connectors.cis.contract_kit import newcomer_at
from keyturn.connectors.cis.guard import GuardedCis
from keyturn.terms.cis import Changes
from keyturn.terms.errors import InDoubt, NotAllowed, Rejected, Unavailable
from keyturn.terms.person import PersonDetails


class TooSlow(InDoubt):
    """A kind of its own, as the author of a connector may make one."""


def saying(call: str, says: Any) -> GuardedCis:
    """A CIS whose `call` returns `says`, or raises it."""

    def said(*asked: Any, **more: Any) -> Any:
        if isinstance(says, Exception):
            raise says
        return says() if callable(says) else says

    return GuardedCis(SimpleNamespace(name="ours", offers={"search", "check", "changes"}, **{call: said}))


CALLS = {
    "send": lambda cis: cis.send(newcomer_at("P1"), key="k"),
    "find": lambda cis: cis.find("k"),
    "read": lambda cis: cis.read("person", "C1"),
    "search": lambda cis: cis.search(PersonDetails()),
    "check": lambda cis: cis.check(newcomer_at("P1")),
    "changes": lambda cis: cis.changes("7", limit=1),
}


def test_a_connectors_own_kind_of_doubt_is_a_doubt_and_is_not_sent_again():
    with pytest.raises(InDoubt, match="slow"):
        CALLS["send"](saying("send", TooSlow("slow")))


def test_a_failure_that_send_may_not_raise_leaves_it_in_doubt():
    with pytest.raises(InDoubt, match="odd"):
        CALLS["send"](saying("send", NotAllowed("odd")))
    with pytest.raises(Unavailable, match="odd"):
        CALLS["read"](saying("read", InDoubt("odd")))
    with pytest.raises(Rejected, match="no"):
        CALLS["send"](saying("send", Rejected("no")))


def breaking():
    """As a connector that reads page by page and breaks on the second."""
    yield "C1"
    raise ConnectionError("Ana Torres, 12 Alder Street")


@pytest.mark.parametrize(
    ("call", "says"),
    [
        ("search", None),
        ("search", breaking),
        ("check", None),
        ("check", breaking),
        ("find", {"person_ref": "C1"}),
        ("read", ["C1"]),
        ("changes", None),
        ("changes", {"items": ()}),
        ("changes", Changes((), cursor=None)),
    ],
)
def test_what_is_no_answer_is_none_and_nothing_of_it_is_quoted(call, says):
    with pytest.raises(Unavailable) as told:
        CALLS[call](saying(call, says))
    assert "Ana" not in str(told.value)


@pytest.mark.parametrize("shown", ["C2", None, ""])
def test_somebody_else_than_was_asked_for_is_nobody(shown):
    with pytest.raises(Rejected, match="names_another"):
        CALLS["read"](saying("read", {"ref": shown, "names": []}))


@pytest.mark.parametrize(("ref", "shown"), [("C1", "C1"), ("0017", 17), ("17", "0017"), ("c1 ", "C1"), ("0", 0)])
def test_how_a_reference_is_written_makes_nobody_somebody_else(ref, shown):
    assert saying("read", {"ref": shown}).read("person", ref) == {"ref": shown}
    assert saying("read", {"names": []}).read("person", ref) == {"names": []}
