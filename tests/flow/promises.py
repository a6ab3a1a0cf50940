"""Are the eight promises of the docs true of everything that lies in the registry at this moment?

To be asked after every step of a story, so it must be quick and may forgo nothing: PostgreSQL says which tables are not
row for row what they were (each row's place and the transaction that wrote it), and what has changed is read and judged
with what is known from before. `look(whole=True)` takes nothing for known and reads everything anew. What is wrong is an
AssertionError that begins with the promise's number.
"""

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from django.core import mail

from keyturn.journeys import JOURNEYS, Kind
from keyturn.records import crypto, history
from keyturn.records.models import Event
from keyturn.steps.sync.rules import key_to_undo
from tests.flow import sights

Row = Mapping[str, Any]
APPLYING = (Kind.START, Kind.CLAIM)
"""Whoever asks for these has not shown that what is on file is theirs."""
OF_THE_FILE = {"person", *sights.DATED}


class Promises:
    """What has been seen so far. `effects` asks the CIS what it did; `sent` counts what it was sent."""

    def __init__(self, *, effects: Callable[[], list[Row]], sent: Callable[[], int], seen: set[str]) -> None:
        self.effects, self.sent, self.seen = effects, sent, seen
        self.confirmed: set[Any] = set()  # requests whose number was shown to somebody (I1)
        self.typed: dict[Any, set[str]] = {}  # the addresses that a request's own applicant gave (I7)
        self.secrets: set[str] = set()  # what is on file and nobody ever typed (I7)
        self.jobs_were_lost = False
        self.requests: dict[Any, Row] = {}
        self._marks: dict[str, tuple[Any, ...]] = dict.fromkeys(sights.WATCHED, (0, 0, 0, 0))
        self._last = dict.fromkeys(sights.CHAINED, 0)
        self._heads: dict[Any, tuple[int, bytes]] = {}
        self._happened: dict[Any, list[str]] = {}
        self._sent, self._mails = -1, 0
        self._file: dict[tuple[str, str], Row] = {}
        self._links: dict[Any, Row] = {}
        self._merges: dict[Any, Row] = {}
        self._messages: set[Any] = set()
        self._done: dict[str, list[Row]] = {}
        self._taken_back: set[str] = set()
        self._fresh: list[Row] = []  # the events since the last look
        self._acts: list[Row] = []  # and the acts

    def look(self, *, whole: bool = False) -> None:
        """Whatever is not as it must be is an AssertionError."""
        marks = sights.marks(self._last)
        changed = set(sights.WATCHED) if whole else {name for name in marks if marks[name][:2] != self._marks[name][:2]}
        if whole:
            self._last, self._sent = dict.fromkeys(sights.CHAINED, 0), -1
            self._heads, self._happened, self._messages = {}, {}, set()
        else:
            for name in sights.CHAINED:
                assert marks[name][2:] == self._marks[name][:2], "I5: what was written in a chain was changed"
        if changed or self._sent != self.sent():
            self._judge(changed)
        self._nobody_is_told_of_the_file()
        self._marks = marks

    def _judge(self, changed: set[str]) -> None:
        before = self.requests
        if changed & {"request", "account"}:
            self.requests = sights.requests()
        self._fresh = sights.events(self._last["request_event"]) if "request_event" in changed else []
        self._acts = sights.rows("acts", self._last["act"]) if "act" in changed else []
        for name, found in zip(sights.CHAINED, (self._fresh, self._acts), strict=True):
            self._last[name] = max([self._last[name], *(row["id"] for row in found)])
        self._confirmed_requests_are_there()
        self._every_change_has_its_event(before)
        self._links_and_merges_can_be_undone(changed)
        self._one_request_has_one_effect(changed)
        self._nobody_is_overwritten(changed)
        if changed & {"request", "procrastinate_jobs", "cis_delivery", "request_event"}:
            self._somebody_moves_every_request_on()
        if "message" in changed:
            self._messages_go_to_who_asked()

    def _confirmed_requests_are_there(self) -> None:
        for pk in self.confirmed:
            assert pk in self.requests and self.requests[pk]["submitted"], "I1: what was confirmed is not there"

    def _every_change_has_its_event(self, before: Mapping[Any, Row]) -> None:
        for row in self._fresh:
            number, head = self._heads.get(row["request_id"], (0, b""))
            event = Event(**{**row, "hash": b""})
            assert row["number"] == number + 1, "I5: an event is missing"
            assert history._hash(event, head) == bytes(row["hash"]), "I5: an event is not what was written"
            self._heads[row["request_id"]] = (number + 1, bytes(row["hash"]))
            self._happened.setdefault(row["request_id"], []).append(row["what"])
        last = {row["request_id"]: row for row in self._fresh}
        for pk, row in self.requests.items():
            head = (row["events_written"], bytes(row["chain_head"]))
            assert self._heads.get(pk) == head, "I5: the last event is missing"
            was = before.get(pk)
            if was is row or (was and _state(was) == _state(row)):
                continue
            assert pk in last, "I5: a change without an event"
            assert _state(last[pk]) == _state(row), "I5: the event does not say how the request stands"
            assert not was or row["events_written"] - was["events_written"] >= row["version"] - was["version"] > 0, (
                "I5: as many events as changes"
            )
        assert before.keys() <= self.requests.keys(), "I1: a request is gone"

    def _links_and_merges_can_be_undone(self, changed: set[str]) -> None:
        if "person_link" in changed:
            links = {each["id"]: each for each in sights.rows("links")}
            assert self._links.keys() <= links.keys(), "I6: a link was deleted"
            for pk, link in links.items():
                was = self._links.get(pk)
                assert was is None or all(link[name] == was[name] for name in ("request_id", "person_id", "made_at"))
                if link["undone_at"] and not (was and was["undone_at"]):
                    assert link["undone_by"], "I6: nobody has undone it"
                    assert any(row["request_id"] == link["request_id"] for row in self._fresh) or was is None, (
                        "I6: a link was undone, and the history does not say so"
                    )
            open_ones = [each["request_id"] for each in links.values() if each["undone_at"] is None]
            assert len(open_ones) == len(set(open_ones)), "I3: a request is two persons"
            self._links = links
        if "person_merge" in changed:
            merges = {each["id"]: each for each in sights.rows("merges")}
            assert self._merges.keys() <= merges.keys(), "I6: a merge was deleted"
            for each in merges.values():
                assert each["state"] != "undone" or (each["undone_by"] and each["undo_request_id"]), (
                    "I6: undone by whom"
                )
                assert each["state"] != "done" or each["decided_by"] != each["proposed_by"], "I6: one pair of eyes"
                self.seen.add(f"merge {each['state']}")
            self._merges = merges

    def _one_request_has_one_effect(self, changed: set[str]) -> None:
        if self._sent != self.sent():
            self._sent, self._done = self.sent(), {}
            for each in self.effects():
                if each["key"] == key_to_undo(each["request_reference"]):
                    self._taken_back.add(each["request_reference"])
                else:
                    self._done.setdefault(each["request_reference"], []).append(each)
        elif not changed & {"request", "cis_delivery", "account", "account_person"}:
            return
        refs: dict[Any, set[str]] = {}
        for pk, row in self.requests.items():
            done = self._done.get(row["reference"], [])
            assert len(done) <= 1, "I3: two effects in the CIS of one request"
            back = row["reference"] in self._taken_back
            assert not back or row["outcome"] not in ("", "completed"), "I3: what is wanted was taken back"
            if self._kind(row) is not Kind.START:
                continue
            if row["outcome"] in ("", "completed"):  # else it is to be taken back (`nothing_is_left_unseen`)
                refs.setdefault(row["person_id"], set()).update(each["person_ref"] for each in done)
            if row["outcome"] == "completed":
                self.seen.add("completed")
                by_hand = "settled" in self._happened.get(pk, ())
                assert by_hand or len(done) == 1, "I3: completed, and the CIS has done nothing"
                assert row["account_ref"], "I3: completed without an account"
        joined = {each[side] for each in self._merges.values() for side in ("survivor_id", "loser_id")}
        wrong = [each for each, found in refs.items() if each and each not in joined and len(found) > 1]
        assert not wrong, "I3: two persons in the CIS for one"
        assert not sights.rows("accounts_of_nobody"), "I3: an account without its person"
        of_one_call = [row["begun_by"] for row in self.requests.values() if row["channel"] == "api"]
        assert len(of_one_call) == len(set(of_one_call)), "I2: two requests of one call"

    def nothing_is_left_unseen(self) -> None:
        """When all has come to rest, what the CIS did for a request that came to nothing is taken back, or staff read of it."""
        for pk, row in self.requests.items():
            if not self._done.get(row["reference"]) or row["outcome"] in ("", "completed"):
                continue
            if (
                row["journey"] == "claim_life_support"
            ):  # another claim may hold that says the same (`LifeInNeed` compares)
                continue
            seen = row["reference"] in self._taken_back or "left_in_cis" in self._happened[pk]
            assert seen, f"I3: {row['outcome']}, and the CIS has done it"

    def _kind(self, row: Row) -> Kind:
        return JOURNEYS[row["journey"]].kind

    def _nobody_is_overwritten(self, changed: set[str]) -> None:
        """I4. A row of the file says who brought it; what changes is brought by somebody who may."""
        if not changed & OF_THE_FILE:
            return
        before, file = self._file, sights.file()
        self._file = file
        persons = {key[1] for key in before if key[0] == "person"}
        gone = {row["person_id"] for key, row in before.items() if key not in file}
        assert gone <= self._forgotten(), "I4: a row of the file was deleted"
        touched, told_by_cis = set(), set()
        for key, row in file.items():
            was = before.get(key)
            if row["person_id"] not in persons or (was and _says(was) == _says(row)):
                continue
            kind, _, pk = row["source"].partition(":")
            if was is None and kind == "request":
                brought_by = self.requests[UUID(pk)]
                assert self._kind(brought_by) not in APPLYING, "I4: an applicant wrote into somebody's file"
            if was is None and kind == "cis":
                told_by_cis.add(row["person_id"])
            touched.add(row["person_id"])
        assert touched - told_by_cis <= self._may_be_changed(), "I4: somebody on file was overwritten"

    def _may_be_changed(self) -> set[str]:
        """Whose file somebody who may has changed since the last look; whoever was merged goes with the other."""
        found = {row["subject"].removeprefix("person:") for row in self._acts}
        for row in self._fresh:
            request = self.requests[row["request_id"]]
            if self._kind(request) not in APPLYING:
                found.add(str(request["person_id"]))
        for each in self._merges.values():
            found |= {str(each["survivor_id"]), str(each["loser_id"])}
        return found

    def _forgotten(self) -> set[str]:
        """Whom an erasure has just forgotten, with those who were merged into them."""
        found = set()
        for row in self._fresh:
            if row["what"] == "established" and row["data"].get("privacy") == "erasure":
                found.add(str(self.requests[row["request_id"]]["person_id"]))
        return found | {str(each["loser_id"]) for each in self._merges.values() if str(each["survivor_id"]) in found}

    def _somebody_moves_every_request_on(self) -> None:
        jobs = sights.rows("jobs")
        waiting = {each["request_id"] for each in jobs}
        gate_waits = any(each["task_name"] in ("keyturn.probe_cis", "keyturn.drain_cis") for each in jobs)
        parked = {each["request_id"] for each in sights.rows("deliveries") if each["parked"]}
        for pk, row in self.requests.items():
            self.seen.add(row["standing"])
            match row["standing"]:
                case "customer" | "calendar":
                    assert row["due"], "I8: it waits for ever"
                case "machine":
                    has_its_turn = pk in parked and gate_waits
                    assert str(pk) in waiting or self.jobs_were_lost or has_its_turn, "I8: nobody moves it on"
                case "staff":
                    assert row["promised"], "I8: staff have no time to answer by"
                case "engineer":
                    assert "gave_up" in self._happened[pk], "I8: nobody knows that it gave up"
                case other:
                    assert other == "nobody" and row["outcome"] and row["ended"], "I8: it stands nowhere"

    def _messages_go_to_who_asked(self) -> None:
        for row in sights.rows("messages"):
            if row["id"] in self._messages:
                continue
            self._messages.add(row["id"])
            typed = self.typed.get(row["request_id"])
            if typed is None or row["sealed_content"] is None or row["channel"] != "email":
                continue
            content = crypto.unseal(row["sealed_content"], place=f"message:{row['id']}:sealed_content")
            assert content["to"] in typed, "I7: a message goes to somebody who did not ask"

    def _nobody_is_told_of_the_file(self) -> None:
        outbox = getattr(mail, "outbox", [])
        for sent in outbox[self._mails :]:
            text = f"{sent.subject}\n{sent.body}"
            assert not [secret for secret in self.secrets if secret in text], "I7: a mail says what is on file"
        self._mails = len(outbox)


def _state(row: Row) -> tuple[str, str, str]:
    return row["step"], row["standing"], row["outcome"]


def _says(row: Row) -> tuple[Any, ...]:
    return row["content"], row["believed"]
