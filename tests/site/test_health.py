"""Can a supervisor, a load balancer and an alarm see how an installation is?"""

import json
import logging
from datetime import UTC, datetime

import pytest
from django.db import OperationalError, connection
from django.test import Client

from keyturn import flow
from keyturn.records.models import Message, Request
from keyturn.site import health
from keyturn.terms.request import Actor, Role

AS_IN_PRODUCTION = {"SECURE_SSL_REDIRECT": True, "ALLOWED_HOSTS": ["service.utility.example"]}


@pytest.fixture
def away(monkeypatch):
    """The database does not answer."""

    def refuses(*_: object) -> None:
        raise OperationalError("connection refused for ana.zelenko")

    monkeypatch.setattr(connection, "cursor", refuses)


def test_a_living_process_says_so_whatever_the_database_does(client, away):
    assert client.get("/healthz").content == b"ok\n"


@pytest.mark.django_db
def test_an_installation_that_is_well_is_ready(client):
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()) == (200, {"ready": True, "missing": []})


def test_without_its_database_it_is_not(client, away):
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()) == (503, {"ready": False, "missing": ["database"]})


@pytest.mark.django_db
def test_before_its_tables_are_up_to_date_it_is_not(client, monkeypatch):
    monkeypatch.setattr(health, "_migrated", False)
    monkeypatch.setattr(health.MigrationExecutor, "migration_plan", lambda *_: ["one to come"])
    assert client.get("/readyz").json() == {"ready": False, "missing": ["migrations"]}


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics"])
def test_a_probe_needs_neither_tls_nor_a_host_name(settings, path):
    for name, value in AS_IN_PRODUCTION.items():
        setattr(settings, name, value)
    client = Client(HTTP_HOST="10.0.0.7:8000")
    assert client.get(path).status_code == 200
    assert client.get("/start").status_code in (301, 400)


@pytest.mark.django_db
class TestMetrics:
    def test_count_open_requests_by_who_must_act(self, client, settings):
        now, visitor = datetime.now(UTC), Actor(Role.CUSTOMER, "browser")
        policy = settings.KEYTURN_POLICY
        draft = flow.begin(
            journey="start_service", actor=visitor, channel="portal", language="en", now=now, policy=policy
        )
        Request.objects.filter(pk=draft.pk).update(standing="staff", submitted_at=now)
        told = client.get("/metrics").content.decode()
        assert "keyturn_database_up 1.0" in told
        assert 'keyturn_requests{standing="staff"} 1.0' in told
        assert 'keyturn_jobs{state="gave_up"} 0.0' in told

    def test_count_messages_that_failed(self, client):
        for state in ("failed", "failed", "sent"):
            Message.objects.create(
                template="received", channel="email", language="en", state=state, created_at=datetime.now(UTC)
            )
        told = client.get("/metrics").content.decode()
        assert 'keyturn_messages{state="failed"} 2.0' in told

    def test_say_that_the_database_is_away(self, client, away):
        told = client.get("/metrics").content.decode()
        assert "keyturn_database_up 0.0" in told
        assert "zelenko" not in told

    @pytest.mark.parametrize(
        "asked",
        [{"REMOTE_ADDR": "192.0.2.1"}, {"HTTP_X_FORWARDED_FOR": "192.0.2.1"}, {"HTTP_FORWARDED": "for=192.0.2.1"}],
    )
    def test_are_for_programs_on_this_machine_and_not_for_whom_a_proxy_speaks(self, client, settings, asked):
        assert client.get("/metrics", **asked).status_code == 404
        settings.KEYTURN_METRICS_PUBLIC = True
        assert client.get("/metrics", **asked).status_code == 200


@pytest.mark.django_db
def test_a_line_of_the_log_names_the_route_and_no_reference(client, caplog):
    with caplog.at_level(logging.INFO):
        client.get("/requests/KT-ABCD-EFGH?email=ana@example.com")
    line = json.dumps([each.msg for each in caplog.records if getattr(each, "name", "") == "keyturn.http"])
    assert "requests/<" in line
    assert "ABCD" not in line
    assert "ana@" not in line
