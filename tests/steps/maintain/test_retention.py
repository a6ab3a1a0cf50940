"""Is what is old enough forgotten, and nothing that somebody still needs?"""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from allauth.usersessions.models import UserSession
from axes.models import AccessAttempt, AccessFailureLog, AccessLog
from django.db import connection

from keyturn.flow.retention import EVERY_DAY, forget
from keyturn.records.models import (
    Attempt,
    Delivery,
    EmailCode,
    Event,
    Evidence,
    IdempotentCall,
    Message,
    Note,
    Person,
    PrivacyCase,
    RedFlag,
    Request,
    User,
)
from keyturn.steps.maintain.retention import step
from keyturn.terms.policy import Policy

NOW = datetime(2026, 12, 7, 10, tzinfo=UTC)
POLICY = Policy()

pytestmark = pytest.mark.django_db


def a_request(*, days_ago: float, outcome: str = "refused", person: Person | None = None) -> Request:
    at = NOW - timedelta(days=days_ago)
    request = Request(
        journey="start_service", step="decide", standing="nobody" if outcome else "machine", outcome=outcome,
        channel="portal", begun_by="customer:x", created_at=at, updated_at=at, submitted_at=at, person=person,
        ended_at=at if outcome else None, email_digest="d" * 32,
    )  # fmt: skip
    request.answers = {"family_name": "Zelenko"}
    request.save()
    note = Note(request=request, at=at, kind="reason", role="staff")
    note.text = "No lease was shown."
    note.save()
    Evidence.objects.create(request=request, kind="email", subject="d" * 32, source="code", at=at)
    return request


def a_message(*, days_ago: float, state: str = "sent", **of: Any) -> Message:
    at = NOW - timedelta(days=days_ago)
    message = Message(template="completed", channel="email", language="en", created_at=at, state=state, **of)
    message.content = {"to": "ana@example.com", "values": {}}
    message.save()
    return message


def is_forgotten(request: Request) -> bool:
    return Request.objects.get(pk=request.pk).sealed_answers is None


class TestARequestThatCameToNothing:
    @pytest.mark.rule("K-70")
    @pytest.mark.parametrize("outcome", ["refused", "withdrawn", "expired"])
    def test_is_forgotten_when_its_days_are_over(self, outcome: str) -> None:
        old, young = a_request(days_ago=91, outcome=outcome), a_request(days_ago=89, outcome=outcome)
        call = IdempotentCall(api_key=_a_key(), key="k", call="POST", body_digest="x", status=201, about=old.pk,
                              created_at=NOW)  # fmt: skip
        call.answer = {"body": "Zelenko"}
        call.save()
        assert step.forget_denied(now=NOW, policy=POLICY) == 1
        assert is_forgotten(old) and not is_forgotten(young)
        old.refresh_from_db()
        assert (old.email_digest, old.outcome, old.notes.count(), old.evidence.count()) == ("", outcome, 0, 0)
        assert IdempotentCall.objects.get().sealed_answer is None
        assert step.forget_denied(now=NOW, policy=POLICY) == 0

    def test_keeps_the_history_of_what_was_decided(self) -> None:
        old = a_request(days_ago=200)
        Event.objects.create(request=old, number=1, at=NOW, what="refused", role="staff", step="decide",
                             standing="nobody", hash=b"x")  # fmt: skip
        step.forget_denied(now=NOW, policy=POLICY)
        assert old.events.count() == 1

    def test_is_not_one_that_was_completed_or_is_under_way(self) -> None:
        done, open_one = a_request(days_ago=999, outcome="completed"), a_request(days_ago=999, outcome="")
        assert step.forget_denied(now=NOW, policy=POLICY) == 0
        assert not is_forgotten(done) and not is_forgotten(open_one)

    @pytest.mark.rule("K-74")
    def test_stays_while_a_case_a_clock_or_a_delivery_needs_it(self) -> None:
        flagged, asked, doubted = (a_request(days_ago=200) for _ in range(3))
        flag = RedFlag.objects.create(trigger="D-26", request=flagged, opened_at=NOW)
        person = Person.objects.create(kind="person", created_at=NOW, updated_at=NOW)
        case = PrivacyCase.objects.create(request=asked, person=person, kind="erasure", proof_level=2, asked_at=NOW,
                                          due_at=NOW)  # fmt: skip
        delivery = Delivery.objects.create(request=doubted, key="k", state="in_doubt", created_at=NOW)
        assert step.forget_denied(now=NOW, policy=POLICY) == 0
        RedFlag.objects.filter(pk=flag.pk).update(state="harmless")
        PrivacyCase.objects.filter(pk=case.pk).update(ended_at=NOW)
        Delivery.objects.filter(pk=delivery.pk).update(state="done")
        assert step.forget_denied(now=NOW, policy=POLICY) == 3

    def test_stays_until_the_news_of_its_end_is_sent(self) -> None:
        old = a_request(days_ago=200)
        a_message(days_ago=200, state="due", request=old)
        assert step.forget_denied(now=NOW, policy=POLICY) == 0


class TestMessages:
    @pytest.mark.rule("K-71")
    def test_lose_their_text_when_their_days_are_over_and_stay_as_a_line(self) -> None:
        old, young, waiting = a_message(days_ago=181), a_message(days_ago=179), a_message(days_ago=300, state="due")
        assert step.forget_messages(now=NOW, policy=POLICY) == 1
        left = {row.pk: row.sealed_content is not None for row in Message.objects.all()}
        assert left == {old.pk: False, young.pk: True, waiting.pk: True}

    @pytest.mark.rule("K-75")
    def test_of_the_erased_go_once_they_are_sent(self) -> None:
        person = Person.objects.create(kind="person", flags=["erased"], created_at=NOW, updated_at=NOW)
        asked = a_request(days_ago=0.1, outcome="completed", person=person)
        sent, due = a_message(days_ago=0.1, person=person), a_message(days_ago=0.1, person=person, state="due")
        step.forget_of_the_erased(now=NOW, policy=POLICY)
        assert is_forgotten(asked)
        assert Message.objects.get(pk=sent.pk).sealed_content is None
        assert Message.objects.get(pk=due.pk).sealed_content is not None


@pytest.fixture(autouse=True)
def no_limits_of_other_tests(db: None) -> None:
    """Tests that commit leave rows in the table of limits, which no model stands for."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM signin_limit")


class TestTriesAndSignIns:
    @pytest.mark.rule("K-72")
    def test_go_when_nothing_counts_them_any_more(self) -> None:
        for days in (31, 29):
            Attempt.objects.create(kind="find", subject="s", at=NOW - timedelta(days=days))
        request = a_request(days_ago=1, outcome="completed")
        for days in (-31, -29, 21):
            EmailCode.objects.create(request=request, purpose="prove", email_digest="d", code_digest="c", sent_at=NOW,
                                     expires_at=NOW + timedelta(days=days))  # fmt: skip
        with connection.cursor() as cursor:
            for name, hours in (("old", -1), ("new", 1)):
                cursor.execute("INSERT INTO signin_limit VALUES (%s, 'v', %s)", [name, NOW + timedelta(hours=hours)])
            assert step.forget_tries(now=NOW, policy=POLICY) == 3
            cursor.execute("SELECT cache_key FROM signin_limit")
            assert cursor.fetchall() == [("new",)]
        assert Attempt.objects.count() == 1
        assert EmailCode.objects.count() == 2

    @pytest.mark.rule("K-73")
    def test_sign_ins_go_when_their_days_are_over(self) -> None:
        for table in (AccessAttempt, AccessFailureLog, AccessLog):
            for days in (91, 89):
                more = {"failures_since_start": 1, "get_data": "", "post_data": ""} if table is AccessAttempt else {}
                row = table.objects.create(username=f"ana{days}", ip_address="203.0.113.9", user_agent="x",
                                           http_accept="*", path_info="/", **more)  # fmt: skip
                table.objects.filter(pk=row.pk).update(attempt_time=NOW - timedelta(days=days))
        user = User.objects.create_user("ana")
        for key, days in (("one", 91), ("two", 1)):
            row = UserSession.objects.create(user=user, ip="203.0.113.9", session_key=key, user_agent="x")
            UserSession.objects.filter(pk=row.pk).update(last_seen_at=NOW - timedelta(days=days))
        assert step.forget_sign_ins(now=NOW, policy=POLICY) == 4
        assert UserSession.objects.get().session_key == "two"


class TestTheDailyJob:
    def test_does_all_of_it_and_one_that_fails_keeps_nothing_else(self, monkeypatch: pytest.MonkeyPatch) -> None:
        a_message(days_ago=181)
        old = a_request(days_ago=91)

        def fails(**_: Any) -> int:
            raise RuntimeError

        monkeypatch.setattr("keyturn.flow.retention.EVERY_DAY", (fails, *EVERY_DAY))
        assert forget(now=NOW, policy=POLICY) == 2
        assert is_forgotten(old)

    def test_is_on_the_schedule(self) -> None:
        from procrastinate.contrib.django import app

        import keyturn.work.worker  # noqa: F401  puts the schedule together

        names = {each.task.name for each in app.periodic_registry.periodic_tasks.values()}
        assert "keyturn.forget.scheduled" in names
        assert "keyturn.forget" in app.tasks


def _a_key() -> Any:
    from keyturn.records.models import ApiKey

    return ApiKey.objects.create(name="k", prefix="p", fingerprint="f", scopes=[], created_at=NOW)
