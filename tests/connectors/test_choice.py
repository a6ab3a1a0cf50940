"""Which CIS does the setting choose, and does it stand where Django's own database stands?"""

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import connections
from psycopg.conninfo import conninfo_to_dict

from keyturn.connectors import cis as connector
from keyturn.connectors.cis.contract_kit import a_key, newcomer_at
from keyturn.connectors.cis.faults import write_plan
from keyturn.connectors.cis.reference import ReferenceCis
from keyturn.terms.errors import Unavailable


class RealCis:
    """A vendor's connector: it has the protocol's verbs and nothing besides."""

    name = "real"

    def __init__(self, url: str, *, timeout_seconds: float) -> None:
        self.url, self.timeout_seconds = url, timeout_seconds


@pytest.fixture(autouse=True)
def closed():
    yield
    connector.close()


def test_the_reference_cis_is_the_default_and_lies_in_our_own_database(settings):
    ours = connector.connector()
    assert isinstance(ours, ReferenceCis)
    assert conninfo_to_dict(ours._link.url)["dbname"] == settings.DATABASES["default"]["NAME"]
    assert ours._link.timeout_seconds == settings.KEYTURN_POLICY.cis_timeout_seconds


def test_it_follows_django_to_a_tests_own_database(monkeypatch):
    monkeypatch.setitem(connections["default"].settings_dict, "NAME", "test_of_somebody")
    assert conninfo_to_dict(connector.connector()._link.url)["dbname"] == "test_of_somebody"


def test_it_is_built_once():
    assert connector.connector() is connector.connector()


def test_another_database_may_be_named(settings):
    settings.KEYTURN_CIS_URL = "postgresql://cis@elsewhere/records"
    assert connector.connector()._link.url == "postgresql://cis@elsewhere/records"


def test_a_connector_of_ones_own_is_named_with_its_dots(settings):
    settings.KEYTURN_CIS = f"{__name__}.RealCis"
    assert connector.connector().name == "real"


def test_a_real_cis_is_asked_neither_to_install_nor_to_adopt(settings):
    settings.KEYTURN_CIS = f"{__name__}.RealCis"
    connector.install()
    assert connector.adopt("persons", [{"ref": "1"}]) == 0


@pytest.mark.parametrize("name", ["referense", "no.such.module.Cis"])
def test_a_name_that_stands_for_nothing_is_a_wrong_setting(settings, name):
    settings.KEYTURN_CIS = name
    with pytest.raises(ImproperlyConfigured, match="KEYTURN_CIS"):
        connector.cis()


def test_the_fault_file_reaches_the_configured_cis(settings, tmp_path, reference, town, monkeypatch):
    path = tmp_path / "faults.json"
    settings.KEYTURN_CIS_FAULTS = str(path)
    monkeypatch.setattr(connector, "connector", lambda: reference)
    command = newcomer_at(town.vacant())
    write_plan(path, script=[{"fault": "down"}])
    with pytest.raises(Unavailable):
        connector.cis().send(command, key=a_key())
    assert connector.cis().send(command, key=a_key()).fits(command)


def test_what_one_call_left_for_later_is_not_forgotten_by_the_next(settings, tmp_path):
    settings.KEYTURN_CIS_FAULTS = str(tmp_path / "faults.json")
    assert connector.cis()._inner._inner is connector.cis()._inner._inner  # within counting and guarding
