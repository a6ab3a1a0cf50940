"""How are a command's steps done, continued, refused and undone by a mapped connector?"""

import json

import pytest

from keyturn.connectors.cis.contract_kit import newcomer_at, update_of
from keyturn.connectors.cis.mapped import MappedCis
from keyturn.terms.change import ContactChange, MailingChange
from keyturn.terms.cis import CancelService, MergePersons
from keyturn.terms.errors import InDoubt, Rejected, Unavailable
from tests.connectors.mapped.small_cis import BOTH, NONE, SMALL, on_write, writes
from tests.connectors.stub import Heard, Says


@pytest.mark.parametrize(
    ("said", "code"), [("premise_occupied", "premise_occupied"), ("their own words", "against_the_rules")]
)
def test_a_refusal_says_why_in_our_words_only(cis, server, said, code):
    server.says = on_write((422, json.dumps({"code": said}).encode()))
    with pytest.raises(Rejected) as no:
        cis.send(newcomer_at("P"), key="k")
    assert no.value.code == code
    assert "their own" not in str(no.value)


def test_what_the_file_refuses_is_refused_before_anybody_is_asked(cis, server):
    home = newcomer_at("P", mailing_address=None)
    for command, code in (
        (CancelService("KT-1", "8"), "nothing_to_cancel"),
        (MergePersons("KT-1", "7", "8"), "cannot_merge"),
        (update_of("7", MailingChange(None, season=((1, 1), (2, 1)))), "overlapping_season"),
        (update_of("7"), "no_changes"),
        (newcomer_at("P", services=()), "no_services"),
        (newcomer_at("P", person=None), "no_person"),
    ):
        with pytest.raises(Rejected, match=code):
            cis.send(command, key="k")
    assert home.services
    assert server.heard == []


def test_a_word_of_ours_that_the_file_has_no_code_for_is_refused_and_what_was_written_is_undone(cis, server):
    from keyturn.terms.premise import Service

    server.says = on_write(b"{}", "/accounts")
    with pytest.raises(Rejected, match="against_the_rules"):
        cis.send(newcomer_at("P", services=(Service.WATER,)), key="k")
    assert writes(server) == [("POST", "/persons"), ("DELETE", "/persons/7")]


# Step by step


def test_a_file_that_sends_the_whole_command_sends_what_it_always_did_unless_bills_by_email_were_chosen(server, own):
    person = 'body = "{key: key, name: command.person.family_name, middle: some(command.person.middle_name)}"'
    cis = own((person, 'body = "command"'))
    for chosen in (None, True):
        server.says = on_write((422, b'{"code": "premise_occupied"}'))
        with pytest.raises(Rejected):
            cis.send(newcomer_at("P", paperless=chosen), key="k")
        sent = [json.loads(each.body) for each in server.heard if each.verb == "POST"][-1]
        assert sent.get("paperless", "not a word") == (chosen or "not a word")


def test_what_is_null_is_left_out_and_codes_are_the_ciss_own(cis, server):
    server.says = on_write((422, b'{"code": "premise_occupied"}'), "/accounts")
    with pytest.raises(Rejected):
        cis.send(newcomer_at("P"), key="k")
    person, account = [json.loads(each.body) for each in server.heard if each.verb == "POST"]
    assert person == {"key": "k", "name": "Achterberg"}
    assert account["services"] == [{"type": "E", "from": "2026-12-01"}, {"type": "G", "from": "2026-12-01"}]
    assert writes(server)[-1] == ("DELETE", "/persons/7")


@pytest.mark.parametrize("says", [(500, b""), None, (429, b"")])
def test_what_could_not_be_undone_is_in_doubt_and_not_refused(cis, server, says):
    usual = on_write((422, b'{"code": "premise_occupied"}'), "/accounts")
    server.says = lambda heard: says if heard.verb == "DELETE" else usual(heard)
    with pytest.raises(InDoubt):
        cis.send(newcomer_at("P"), key="k")
    assert writes(server)[-1] == ("DELETE", "/persons/7")


def test_what_the_cis_will_not_take_back_is_named_with_the_refusal(cis, server):
    usual = on_write((422, b'{"code": "premise_occupied"}'), "/accounts")
    server.says = lambda heard: (422, b'{"code": "in use"}') if heard.verb == "DELETE" else usual(heard)
    with pytest.raises(Rejected, match="premise_occupied: could not be undone: person"):
        cis.send(newcomer_at("P"), key="k")


@pytest.mark.parametrize("items", [[{"id": "70"}], []])
def test_nobody_is_deleted_because_of_an_answer_that_may_be_mixed_up(cis, server, items):
    usual = on_write((422, b'{"code": "premise_occupied"}'), "/accounts")
    found = json.dumps({"count": len(items), "items": items}).encode()
    server.says = lambda heard: found if heard.path.startswith("/persons?") and writes(server) else usual(heard)
    with pytest.raises(InDoubt, match="contradicts_itself"):
        cis.send(newcomer_at("P"), key="k")
    assert [verb for verb, _ in writes(server)] == ["POST", "POST"]


def test_when_it_breaks_half_way_the_next_delivery_goes_on_and_repeats_nothing(cis, server):
    made: list[str] = []

    def answer(heard: Heard) -> Says:
        what = heard.path.partition("?")[0].strip("/")
        if heard.verb == "POST":
            made.append(what)
            return b'{"id": "7"}' if what == "persons" else None
        if what == "things":
            return json.dumps({"count": 1, "last": BOTH}).encode() if "accounts" in made[:-1] else NONE
        return b'{"count": 1, "items": [{"id": "7"}]}' if what in made else NONE

    server.says = answer
    with pytest.raises(InDoubt):
        cis.send(newcomer_at("P"), key="k")
    assert made == ["persons", "accounts"]
    assert cis.find("k") is None
    made.append("accounts")  # the lost one arrived after all
    answered = cis.send(newcomer_at("P"), key="k")
    assert answered.repeated
    assert answered.agreement_refs == {"electric": "9", "gas": "10"}
    assert made == ["persons", "accounts", "accounts"]


def test_unavailable_after_something_was_written_is_in_doubt(cis, server):
    server.says = on_write((429, b"{}"), "/accounts")
    with pytest.raises(InDoubt, match="answered_in_part"):
        cis.send(newcomer_at("P"), key="k")


def test_what_is_there_already_is_looked_up_and_not_taken_for_an_error(cis, server):
    seen: list[str] = []

    def answer(heard: Heard) -> Says:
        seen.append(f"{heard.verb} {heard.path}")
        if heard.verb == "POST":
            return 409, b'{"code": "TWICE"}'
        if "POST /accounts" in seen:
            return json.dumps({"count": 1, "items": [{"id": "8"}], "last": BOTH}).encode()
        return b'{"count": 1, "items": [{"id": "7"}]}' if "POST /persons" in seen and "persons" in heard.path else NONE

    server.says = answer
    assert cis.send(newcomer_at("P"), key="k").repeated


def test_a_step_for_each_is_done_for_those_that_are_not_there(cis, server):
    def answer(heard: Heard) -> Says:
        if heard.verb == "PUT":
            return b"{}"
        if heard.path == "/changes/k/0" or (heard.path == "/changes/k/1" and writes(server)):
            return b'{"count": 1, "id": "x"}'
        return b'{"count": 1, "last": {"person": "7"}}' if "things" in heard.path and writes(server) else NONE

    server.says = answer
    changes = ContactChange("phone", "+12025550101"), ContactChange("phone", "+12025550102")
    assert cis.send(update_of("7", *changes), key="k").person_ref == "7"
    assert writes(server) == [("PUT", "/changes/k/1")]


def test_days_come_back_as_days_and_what_is_none_is_told_unreadable(cis, server):
    server.says = lambda heard: b'{"id": "7", "born": "1984-02-29"}'
    assert cis.read("person", "7")["date_of_birth"].year == 1984
    server.says = lambda heard: b'{"id": "7", "born": "soon"}'
    with pytest.raises(Unavailable, match="unreadable_answer"):
        cis.read("person", "7")


def test_a_cis_that_cannot_tell_is_believed_what_its_steps_answered(server, monkeypatch, tmp_path):
    monkeypatch.setenv("SMALL_TOKEN", "x")
    text = SMALL.read_text()
    find = text[text.index("[find]") : text.index("[read.person]")]
    told = 'steps = ["person", "account"]\nanswer = """{person_ref: done.person, account_ref: done.account,'
    told += " agreement_refs: object(command.services[].[@, here().done.account])}" + '"""'
    text = text.replace(find, "").replace('name = "small"', 'name = "small"\nfind = "cannot_tell"')
    (tmp_path / "mute.toml").write_text(text.replace('steps = ["person", "account"]', told))
    cis = MappedCis(server.url, timeout_seconds=2, mapping=tmp_path / "mute.toml")
    command = newcomer_at("P")
    answer = cis.send(command, key="k")
    assert answer.fits(command)
    assert not answer.repeated
    with pytest.raises(Rejected, match="cannot_tell"):
        cis.find("k")
    cis.close()


def test_two_answers_that_differ_are_none(server, monkeypatch, tmp_path):
    monkeypatch.setenv("SMALL_TOKEN", "x")
    text = SMALL.read_text().replace(
        'steps = ["person", "account"]',
        'steps = ["person", "account"]\nanswer = "{person_ref: done.person, account_ref: done.account}"',
    )
    (tmp_path / "two.toml").write_text(text)
    made: list[str] = []

    def answer(heard: Heard) -> Says:
        if heard.verb == "POST":
            made.append(heard.path)
            return b'{"id": "7"}'
        return json.dumps({"count": 1, "last": BOTH}).encode() if "things" in heard.path and len(made) == 2 else NONE

    server.says = answer
    cis = MappedCis(server.url, timeout_seconds=2, mapping=tmp_path / "two.toml")
    with pytest.raises(InDoubt, match="contradicts_itself"):
        cis.send(newcomer_at("P"), key="k")
    cis.close()


def test_another_command_under_a_known_key_is_refused_and_nothing_of_it_is_undone(cis, server):
    known = {"count": 1, "last": {**BOTH, "digest": "of another"}}
    server.says = lambda heard: json.dumps(known).encode()
    with pytest.raises(Rejected, match="key_reused"):
        cis.send(newcomer_at("P"), key="k")
    assert writes(server) == []
