"""What is made of what a CIS says of itself: a feed that has come to its end, a reason that only it has, a day?"""

import json
from contextlib import closing
from datetime import date

import pytest

from keyturn.connectors.cis.ccb import REST as CCB_REST
from keyturn.connectors.cis.ccb import SOAP as CCB_SOAP
from keyturn.connectors.cis.contract_kit import newcomer_at
from keyturn.connectors.cis.mapped import MappedCis
from keyturn.connectors.cis.mapped.loading import load
from keyturn.connectors.cis.rest import MAPPING
from keyturn.terms.cis import Changed
from keyturn.terms.errors import Rejected, Unavailable
from tests.connectors.mapped.small_cis import NONE, SMALL

MORE = """
[check]
call = "POST /eligibility"
answer = "body.reasons"

[changes]
call = "GET /feed?since={since}"
answer = "body.{items: items[].{noun: what, ref: id, key: key}, cursor: next, more: more}"
"""


@pytest.fixture
def asked(server, monkeypatch, tmp_path):
    """The small CIS, which can be asked for a reason and tells what has changed."""
    monkeypatch.setenv("SMALL_TOKEN", "t0ken")
    path = tmp_path / "asked.toml"
    path.write_text(SMALL.read_text() + MORE)
    with closing(MappedCis(server.url, timeout_seconds=10, mapping=path)) as cis:
        yield cis


def said(server, body) -> None:
    server.says = lambda heard: json.dumps(body).encode()


# What has changed


@pytest.mark.parametrize("behind", [None, ""])
def test_a_feed_that_says_no_next_place_is_asked_from_the_same_place_again(asked, server, behind):
    said(server, {"items": [{"what": "person", "id": 7}], "next": behind, "more": False})
    told = asked.changes("p3", limit=5)
    assert (told.items, told.cursor, told.more) == ((Changed("person", "7"),), "p3", False)


@pytest.mark.parametrize(
    "answer",
    [
        {"items": [], "next": "p4", "more": "false"},
        {"items": [], "next": "p4", "more": "N"},
        {"items": [], "next": {"page": 4}, "more": False},
        {"items": [], "next": True},
        {"items": [{"what": ["person"], "id": "7"}], "next": "p4"},
    ],
)
def test_a_feed_that_cannot_be_read_is_none(asked, server, answer):
    said(server, answer)
    with pytest.raises(Unavailable, match="unreadable_answer: changes"):
        asked.changes("p3", limit=5)


def test_what_is_of_a_kind_that_we_have_no_word_for_is_nothing_by_name(asked, server):
    said(server, {"items": [{"what": None, "id": "7"}], "next": 4, "more": None})
    assert asked.changes("p3", limit=5).items == (Changed("", "7"),)


# Why it would be refused


def test_what_only_a_cis_knows_reaches_staff_under_its_name(asked, server):
    said(server, {"reasons": ["debt", "disconnected", "premise_not_served", "meter_removed"]})
    assert asked.check(newcomer_at("P")) == ("debt", "disconnected", "premise_not_served", "meter_removed")


@pytest.mark.parametrize("reason", ["Ana Torres owes 12.50", "DEBT", "", "a" * 41, 7, None, ["debt"], {"code": "debt"}])
def test_the_ciss_own_text_does_not(asked, server, reason):
    said(server, {"reasons": [reason]})
    assert asked.check(newcomer_at("P")) == ("against_the_rules",)


@pytest.mark.parametrize("path", [MAPPING, CCB_REST, CCB_SOAP], ids=lambda path: path.name)
def test_a_reason_that_a_file_that_ships_does_not_know_is_a_reason_all_the_same(path):
    check = load(path).check
    unknown = [{"messageNumber": 99999}, {"messageNumber": "99998"}]
    assert check.answer.evaluate({"body": {"messages": unknown, "reasons": ["ODD"]}})[0] == "against_the_rules"
    assert check.answer.evaluate({"body": {"messages": [], "reasons": []}}) == []


@pytest.mark.parametrize("code", [{"number": 7}, ["debt"], 7, None])
def test_a_refusal_whose_code_is_no_text_is_a_refusal_all_the_same(asked, server, code):
    server.says = lambda heard: NONE if heard.verb == "GET" else (422, json.dumps({"code": code}).encode())
    with pytest.raises(Rejected, match="against_the_rules"):
        asked.send(newcomer_at("P"), key="k")


# What was made, and when


@pytest.mark.parametrize("nobody", ["", [], {}, False])
def test_a_step_that_was_done_under_no_reference_was_not_done(asked, server, nobody):
    there = json.dumps({"count": 1, "items": [{"id": nobody}]}).encode()
    server.says = lambda heard: there if heard.path.startswith("/persons?") else NONE
    with pytest.raises(Unavailable, match="unreadable_answer"):
        asked.send(newcomer_at("P"), key="k")
    assert [heard.path for heard in server.heard if heard.verb == "POST"] == []


@pytest.mark.parametrize("born", [445219200000, 19840229, 1.5, True])
def test_a_day_that_is_no_text_is_no_day(asked, server, born):
    said(server, {"id": "7", "born": born})
    with pytest.raises(Unavailable, match=r"unreadable_answer: read\.person date_of_birth"):
        asked.read("person", "7")


@pytest.mark.parametrize(
    "born", ["1984-02-29", "1984-02-29T00:00:00", "1984-02-29T00:00:00Z", "1984-02-29T00:00:00+01:00"]
)
def test_a_day_with_a_time_behind_it_is_that_day(asked, server, born):
    said(server, {"id": "7", "born": born})
    assert asked.read("person", "7")["date_of_birth"] == date(1984, 2, 29)


@pytest.mark.parametrize("born", [None, ""])
def test_no_day_is_none(asked, server, born):
    said(server, {"id": "7", "born": born})
    assert asked.read("person", "7")["date_of_birth"] is None


@pytest.mark.parametrize("born", ["1984-02-29 or so", "1984-02-2955", "1984-02-29T25:00"])
def test_what_only_begins_like_a_day_is_none(asked, server, born):
    said(server, {"id": "7", "born": born})
    with pytest.raises(Unavailable, match="date_of_birth"):
        asked.read("person", "7")
