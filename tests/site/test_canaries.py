"""Does anything that somebody typed show up in a log, a metric or the queue's arguments? Thirty canaries, all doors (T-41).

Each canary is a value that occurs nowhere else. The site is driven in good times and in bad: pages, API and console that
fail with everything they know in the exception's text, jobs that fail the same way, a CIS that breaks. What the
processes write is read back whole, as an operator would see it.
"""

import io
import json
import logging
from collections.abc import Iterator
from datetime import date
from typing import Any
from uuid import uuid4

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from django.utils import timezone
from procrastinate.contrib.django import app

from keyturn import flow
from keyturn.connectors import mail
from keyturn.flow import outside
from keyturn.records.models import Event
from keyturn.site import logging as site_logging
from keyturn.steps.confirm import step as confirm
from keyturn.terms.person import Identifier, PersonDetails
from tests import factories
from tests.api.caller import Caller, a_key, in_days
from tests.console.desk import Desk
from tests.flow.town import Town
from tests.portal.visitor import Visitor

CANARIES = {
    "given_name": "Quokkana",
    "middle_name": "Wombatine",
    "family_name": "Numbatsson",
    "suffix": "Quollsr",
    "organisation_name": "Bilby Echidna Works",
    "date_of_birth": "1963-09-23",
    "email": "quokka.numbat@example.com",
    "phone": "+15035550187",
    "id_value": "ZQX7730091",
    "line1": "4471 Cassowary Terrace",
    "line2": "Burrow 77K",
    "city": "Dugongville",
    "postal_code": "97843",
    "previous": "12 Potoroo Wynd",
    "search": "bandicoot search",
    "reply": "The bettong lives with me.",
    "reason": "The glider's lease is torn.",
    "question": "Which kultarr do you own?",
    "login": "pademelon.login",
    "password": "potoroo-Passphrase-91",
    "code_typed": "K0WAR1",
    "token": "mulgara-token-0123456789",
    "user_agent": "Thylacine/9.1 (secret browser)",
    "query": "dunnart-query",
    "header": "ningaui-header",
    "cookie": "phascogale-cookie",
    "file_name": "planigale-lease.pdf",
    "unknown_field": "kaluta-field",
    "idempotency": "antechinus-key-1",
    "cis_text": "The CIS said: dibbler not found",
    "exception": "wallaroo in the traceback",
}
PERSON = ("given_name", "middle_name", "family_name", "date_of_birth", "email", "phone", "id_value")


class Boom(Exception):
    """A bug that quotes all it knows."""


class Ear:
    """Everything that the process writes, in the format in which it writes it."""

    def __init__(self) -> None:
        self.stream = io.StringIO()

    @property
    def text(self) -> str:
        return self.stream.getvalue()

    def heard(self) -> dict[str, str]:
        """Which canaries were written, with the line."""
        lines = self.text.splitlines()
        low = {name: value.lower() for name, value in CANARIES.items()}
        return {name: line[:400] for name, value in low.items() for line in lines if value in line.lower()}


@pytest.fixture
def ear(capfd: pytest.CaptureFixture[str]) -> Iterator[Ear]:
    """The production format at the production level, on a stream of ours; what is printed past it counts as well."""
    ear = Ear()
    site_logging.configure({"level": "INFO"})
    handlers = [each for each in logging.getLogger().handlers if type(each) is logging.StreamHandler]
    assert handlers, "the site writes its lines by one handler of the root logger"
    for handler in handlers:
        handler.setStream(ear.stream)
    yield ear
    past = capfd.readouterr()
    ear.stream.write(past.out + past.err)
    site_logging.configure(settings.LOGGING)
    assert ear.heard() == {}


@pytest.fixture
def at_the_wall(town: Town, no_key_remembered: None, monkeypatch: pytest.MonkeyPatch) -> Town:
    monkeypatch.setattr("keyturn.work.queue.close_old_connections", lambda: None)  # the test's own transaction
    town.now = timezone.now()
    return town


def answers(town: Town) -> dict[str, Any]:
    place = {name: CANARIES[name] for name in ("line1", "line2", "city", "postal_code")} | {
        "state": "OR",
        "country": "US",
    }
    return {
        **{name: CANARIES[name] for name in PERSON},
        "kind": "person", "id_type": "driver_licence", "services": ["electric"], "start_date": in_days(3),
        "service_address": {"premise_id": str(town.house().pk)}, "mailing_address": place,
        "previous_address": {**place, "line1": CANARIES["previous"]}, "consents": ["terms", "texts"],
    }  # fmt: skip


def run_job(name: str, **ids: Any) -> None:
    """As a worker does it, with its log lines."""

    class Job:
        id, attempts = 4711, 8

    class Context:
        job = Job()

    app.tasks[f"keyturn.{name}"].func(Context(), **ids)


def raising(*about: Any) -> Any:
    def fails(*given: Any, **named: Any) -> Any:
        raise Boom(CANARIES["exception"], repr(CANARIES), repr(given), repr(named))

    return fails


def test_there_are_thirty_canaries_and_the_ear_hears_one(ear: Ear) -> None:
    assert len(CANARIES) >= 30
    assert len({value.lower() for value in CANARIES.values()}) == len(CANARIES)
    logging.getLogger("keyturn.test").warning("somebody typed %s", CANARIES["city"])
    assert set(ear.heard()) == {"city"}
    ear.stream.truncate(0)
    ear.stream.seek(0)


def test_an_exception_shows_its_kind_and_place_and_not_its_text(ear: Ear) -> None:
    try:
        raising()()
    except Boom as error:
        logging.getLogger("some.library").exception("it broke")
        logging.getLogger("some.library").error("it broke", exc_info=error)
    line = json.loads(ear.text.splitlines()[0])
    assert line["error"] == "Boom" and line["at"]


class TestThePortal:
    def test_good_times(self, at_the_wall: Town, ear: Ear) -> None:
        visitor = Visitor(at_the_wall)
        visitor.client.defaults |= {"HTTP_USER_AGENT": CANARIES["user_agent"], "HTTP_X_FOO": CANARIES["header"]}
        visitor.client.cookies["odd"] = CANARIES["cookie"]
        visitor.opens(f"/start?q={CANARIES['query']}").sends()
        visitor.opens("/start/where").sends(q=CANARIES["search"])
        visitor.opens("/start/kind").sends(kind="person")
        visitor.opens("/start/name").sends(**{name: CANARIES[name] for name in ("given_name", "family_name", "suffix")})
        visitor.opens("/start/identifier").sends(id_type="driver_licence", id_value=CANARIES["id_value"])
        visitor.opens("/start/email").sends(email=CANARIES["email"])
        visitor.opens("/start/code").sends(code=CANARIES["code_typed"])
        visitor.opens("/start/phone").sends(phone=CANARIES["phone"])
        for path in (f"/resume/{CANARIES['token']}", f"/requests/{CANARIES['token']}", f"/{CANARIES['query']}"):
            assert visitor.opens(path).status in (200, 400, 404, 410)
        visitor.opens("/resume").sends(email=CANARIES["email"])
        at_the_wall.works()
        assert '"route"' in ear.text

    def test_a_page_that_breaks(self, at_the_wall: Town, ear: Ear, monkeypatch: pytest.MonkeyPatch) -> None:
        visitor = Visitor(at_the_wall).begins().finds_the_place(at_the_wall.house()).chooses_services()
        visitor.opens("/start/kind").sends(kind="person").is_at("/start/name")
        monkeypatch.setattr(flow, "answer", raising())
        visitor.sends(given_name=CANARIES["given_name"], family_name=CANARIES["family_name"])
        assert visitor.status == 500
        visitor.does_not_see(*CANARIES.values())
        assert '"error": "Boom"' in ear.text

    def test_signing_in(self, at_the_wall: Town, ear: Ear) -> None:
        visitor = Visitor(at_the_wall)
        for _ in range(7):
            visitor.opens("/signin").sends(login=CANARIES["login"], password=CANARIES["password"])
        user = factories.a_login(CANARIES["email"])
        user.set_password(CANARIES["password"])
        user.save()
        Visitor(at_the_wall).opens("/signin").sends(login=CANARIES["email"], password=CANARIES["password"])
        Visitor(at_the_wall).opens("/signin/code").sends(email=CANARIES["email"])
        Visitor(at_the_wall).opens("/signin/reset").sends(email=CANARIES["email"])
        Visitor(at_the_wall).opens("/signin/up").sends(email=CANARIES["email"], password1=CANARIES["password"])
        at_the_wall.works()
        assert '"route"' in ear.text


class TestTheApi:
    def test_good_times_and_mistakes(self, at_the_wall: Town, ear: Ear) -> None:
        caller = Caller(a_key())
        sent = {"journey": "start_service", "answers": answers(at_the_wall), "submit": True, "attested": ["email"]}
        assert caller.post("/requests", sent, Idempotency_Key=CANARIES["idempotency"]).status_code == 201
        odd = {**sent, "answers": {**sent["answers"], CANARIES["unknown_field"]: CANARIES["reply"], "start_date": "x"}}
        assert caller.post("/requests", odd).status_code in (201, 422)
        assert caller.post("/requests", b"{" + CANARIES["line1"].encode()).status_code == 400
        caller.get(f"/persons?q={CANARIES['query']}")
        caller.get(f"/requests/{CANARIES['token']}")
        caller.post("/persons/match", {name: CANARIES[name] for name in PERSON})
        assert Caller(CANARIES["token"]).get("/journeys").status_code == 401
        at_the_wall.works()
        assert '"route"' in ear.text

    def test_an_operation_that_breaks(self, at_the_wall: Town, ear: Ear, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(flow, "ask", raising())
        sent = {"journey": "start_service", "answers": answers(at_the_wall)}
        response = Caller(a_key()).post("/requests", sent)
        assert response.status_code == 500
        assert not [each for each in CANARIES.values() if each in response.content.decode()]
        assert '"error": "Boom"' in ear.text


class TestTheConsole:
    def test_good_times_and_a_page_that_breaks(
        self, at_the_wall: Town, ear: Ear, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        at_the_wall.knows(a_quokka())
        case = at_the_wall.moves_in(a_quokka())
        rosa = Desk(at_the_wall, Client(raise_request_exception=False), "rosa")
        rosa.opens("/console", q=CANARIES["query"]).opens("/console/search", q=CANARIES["family_name"])
        rosa.opens(case)
        rosa.posts(rosa.address(case, "identifier"), why=CANARIES["reason"])
        rosa.posts(rosa.address(case, "decide"), decision="ask", reason=CANARIES["question"], version="x")
        monkeypatch.setattr(flow, "review", raising())
        rosa.posts(
            rosa.address(case, "decide"), decision="refuse", reason=CANARIES["reason"], version=case.request.version
        )
        assert '"route"' in ear.text


class TestTheWorker:
    def test_jobs_that_break_with_all_they_know(
        self, at_the_wall: Town, ear: Ear, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        case = at_the_wall.asks(a_quokka())
        message = case.request.messages.order_by("-created_at").first()
        assert message is not None
        monkeypatch.setitem(confirm.SEND, "email", raising())
        monkeypatch.setattr(mail, "send", raising())
        with pytest.raises(Boom):
            run_job("send_message", message_id=str(message.pk))
        monkeypatch.setattr("keyturn.flow.machine.advance", raising())
        with pytest.raises(Boom):
            run_job("advance", request_id=str(case.id))
        assert ear.text.count('"error": "Boom"') == 2

    def test_a_cis_that_breaks_with_all_it_was_sent(
        self, at_the_wall: Town, ear: Ear, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        case = at_the_wall.asks(a_quokka())
        flow.advance(request_id=case.id, now=at_the_wall.now, policy=at_the_wall.policy)
        for fault in ("down", "answer_lost", "refuses", "garbage"):
            at_the_wall.cis_is(fault)
            run_job("tell_cis", request_id=str(case.id))

        other = at_the_wall.asks(a_quokka())
        flow.advance(request_id=other.id, now=at_the_wall.now, policy=at_the_wall.policy)
        assert other.request.step == "sync", other.request.findings

        class Broken:
            def send(self, command: Any, *, key: str) -> Any:
                raise Boom(CANARIES["cis_text"], repr(command), repr(answers(at_the_wall)))

            find = send

        monkeypatch.setattr(outside, "cis", Broken)
        with pytest.raises(Boom):
            run_job("tell_cis", request_id=str(other.id))
        assert '"error": "Boom"' in ear.text


def test_nothing_typed_is_in_the_metrics_the_queue_or_what_is_kept_open(at_the_wall: Town, ear: Ear) -> None:
    """Columns that are not sealed and not meant for personal data: the queue, events, decisions, acts, deliveries."""
    caller = Caller(a_key())
    sent = {"journey": "start_service", "answers": answers(at_the_wall), "submit": True, "attested": ["email", "phone"]}
    assert caller.post("/requests", sent, Idempotency_Key=str(uuid4())).status_code == 201
    with connection.cursor() as cursor:
        cursor.execute("SELECT string_agg(row_to_json(j)::text, ' ') FROM procrastinate_jobs j")
        queued = cursor.fetchone()[0]
    at_the_wall.works()
    at_the_wall.starts_to_fill_in(a_quokka())
    metrics = Client().get("/metrics", REMOTE_ADDR="127.0.0.1").content.decode()
    assert "keyturn" in metrics and queued
    kept = [queued, metrics]
    with connection.cursor() as cursor:
        for table in ("request_event", "decision", "act", "cis_delivery", "match_candidate", "evidence", "outside_check",
                      "procrastinate_jobs", "reading", "red_flag"):  # fmt: skip
            cursor.execute(f"SELECT coalesce(string_agg(row_to_json(t)::text, ' '), '') FROM {table} t")
            kept.append(cursor.fetchone()[0])
        cursor.execute(
            "SELECT coalesce(string_agg((to_jsonb(t) - 'sealed_answers' - 'sealed_seen')::text, ' '), '') FROM request t"
        )
        kept.append(cursor.fetchone()[0])
    assert Event.objects.exists()
    whole = " ".join(kept).lower()
    assert [name for name, value in CANARIES.items() if value.lower() in whole] == []


def a_quokka() -> PersonDetails:
    return PersonDetails(
        given_name=CANARIES["given_name"], middle_name=CANARIES["middle_name"], family_name=CANARIES["family_name"],
        date_of_birth=date.fromisoformat(CANARIES["date_of_birth"]), emails=(CANARIES["email"],),
        phones=(CANARIES["phone"],), identifiers=(Identifier("driver_licence", CANARIES["id_value"]),),
    )  # fmt: skip
