"""Is what was done outside of any request written down so that a change to it shows (I5)?"""

from datetime import UTC, datetime

import pytest
from click.testing import CliRunner
from django.db import IntegrityError, transaction

from keyturn.commands.audit import command
from keyturn.records import acts
from keyturn.records.models import Act
from keyturn.terms.request import Actor, Role

NOW = datetime(2026, 12, 7, 10, tzinfo=UTC)
ROSA = Actor(Role.STAFF, "7")


def three_acts() -> None:
    for what in ("linked", "renamed", "unlinked"):
        acts.note(subject="account:1", what=what, actor=ROSA, now=NOW, data={"access": "a"})
    acts.note(subject="login:9", what="linked", actor=ROSA, now=NOW)


@pytest.mark.django_db
def test_acts_are_numbered_by_subject_and_their_chains_hold() -> None:
    three_acts()
    assert list(Act.objects.order_by("id").values_list("subject", "number")) == [
        ("account:1", 1),
        ("account:1", 2),
        ("account:1", 3),
        ("login:9", 1),
    ]
    assert list(acts.broken_chains()) == []


@pytest.mark.django_db
@pytest.mark.parametrize("change", [{"what": "nothing"}, {"actor": "8"}, {"data": {}}, {"at": NOW.replace(hour=11)}])
def test_an_act_that_was_changed_shows(change: dict[str, object]) -> None:
    three_acts()
    Act.objects.filter(subject="account:1", number=2).update(**change)
    assert list(acts.broken_chains()) == [("account:1", 2)]


@pytest.mark.django_db
def test_an_act_that_is_missing_shows() -> None:
    three_acts()
    Act.objects.filter(subject="account:1", number=2).delete()
    assert list(acts.broken_chains()) == [("account:1", 2)]


@pytest.mark.django_db
def test_two_acts_never_bear_one_number() -> None:
    three_acts()
    first = Act.objects.get(subject="login:9")
    with pytest.raises(IntegrityError), transaction.atomic():
        Act.objects.create(subject="login:9", number=1, at=NOW, what="x", role="staff", hash=bytes(first.hash))


@pytest.mark.django_db
def test_the_command_says_which_chain_does_not_hold() -> None:
    three_acts()
    assert CliRunner().invoke(command, ["verify"]).exit_code == 0
    Act.objects.filter(subject="login:9").update(what="x")
    done = CliRunner().invoke(command, ["verify"])
    assert done.exit_code == 1
    assert "login:9: act 1" in done.output
