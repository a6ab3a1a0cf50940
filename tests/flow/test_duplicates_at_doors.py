"""Whichever door makes or changes somebody on file, the same matcher is asked whether they are on file already."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from keyturn import flow
from keyturn.flow import duplicates, upkeep
from keyturn.journeys import JOURNEYS
from keyturn.records import person_index
from keyturn.records.models import DuplicatePair, NotSamePerson, Person, Proposal
from keyturn.records.queries import duplicates as queries
from keyturn.terms.request import Actor, Role
from tests.flow.at_home import ELM, Customer
from tests.flow.town import ANA, COMPLETED, Town

STAFF = Actor(Role.STAFF, "7")
BORN = ANA.date_of_birth
SOMEBODY = replace(ANA, given_name="Olga", family_name="Petrova", emails=("olga@example.com",), identifiers=())
ROW = {
    "ref": "P1", "given_name": "Ana", "family_name": "Zelenco", "date_of_birth": "1985-03-27", "phone": "503 555 0142",
    "email": "ana@example.com",
}  # fmt: skip


def pair_of(one: Person, other: Person) -> DuplicatePair | None:
    return queries.between(one.pk, other.pk)


def desk(town: Town, person: Person, journey: str, **answers: Any) -> None:
    flow.staff_change(
        person_id=person.pk, journey=journey, answers=answers, how="wrong", reason="She told us on the phone.",
        version=None, actor=STAFF, now=town.now, policy=town.policy,
    )  # fmt: skip
    town.works()


def test_a_customer_who_changes_a_telephone_to_that_of_her_other_self(town: Town) -> None:
    ana = Customer(town, replace(ANA, phones=("+15035550199",), emails=("other@example.com",), identifiers=()))
    again = town.knows(replace(ANA, given_name="Anna", identifiers=()))
    ana.changes("change_contact", contact_id="new", channel="phone", act="set", phone="503 555 0142")
    kept = pair_of(ana.person, again)
    assert kept and (kept.source, kept.state) == ("edit", "open")


def test_a_name_that_staff_put_right(town: Town) -> None:
    ana, other = town.knows(ANA), town.knows(replace(SOMEBODY, phones=("+15035550142",)))
    assert pair_of(ana, other) is None
    desk(town, other, "change_name", given_name="Ana", family_name="Zelenko", name_reason="other")
    assert pair_of(ana, other)


def test_what_is_no_pair_any_more_is_gone(town: Town) -> None:
    ana, other = town.knows(ANA), town.knows(replace(ANA, family_name="Zelenco", identifiers=()))
    duplicates.look_for_duplicates(person_id=other.pk, now=town.now, policy=town.policy)
    assert (kept := pair_of(ana, other)) and kept.state == "open"
    Person.objects.filter(pk=other.pk).update(date_of_birth=BORN and BORN.replace(year=1951))
    for change in ({"given_name": "Olga", "family_name": "Petrova", "name_reason": "other"},):
        desk(town, other, "change_name", **change)
    for channel in ("phone", "email"):
        found = [slot for slot, value in on_file(other, town).items() if slot.startswith("contact.")
                 and value["channel"] == channel]  # fmt: skip
        desk(town, other, "change_contact", contact_id=found[0].partition(".")[2], channel=channel, act="remove")
    assert (kept := pair_of(ana, other)) and kept.state == "gone"


def on_file(person: Person, town: Town) -> Any:
    from keyturn.records.queries import on_file

    return on_file.slots(Person.objects.get(pk=person.pk), at=town.now)


def test_a_birth_date_that_staff_take_from_an_applicant(town: Town) -> None:
    ana = town.knows(replace(ANA, given_name="Anna", emails=(), identifiers=()))
    other = town.knows(replace(ANA, date_of_birth=None, emails=("a@example.com",), phones=(), identifiers=()))
    request = town.asks(SOMEBODY)
    proposal = Proposal(request_id=request.id, person=other, field="date_of_birth", created_at=town.now)
    proposal.value = str(BORN)
    proposal.save(force_insert=True)
    flow.decide_proposal(proposal_id=proposal.pk, accept=True, actor=STAFF, now=town.now, policy=town.policy)
    form = person_index.of_person(other.pk)
    assert form and form.birth_date == str(BORN)
    assert town.jobs("look_for_duplicates") == 1
    town.works()
    assert pair_of(ana, other)


def test_a_new_name_counts_from_the_day_on_that_it_was_planned_for(town: Town) -> None:
    ana, other = town.knows(ANA), town.knows(replace(SOMEBODY, phones=("+15035550142",)))
    day = (town.now + timedelta(days=5)).date().isoformat()
    asked = {"given_name": "Ana", "family_name": "Zelenko", "name_reason": "other", "from_day": day}
    names = JOURNEYS["change_name"].questions
    desk(town, other, "change_name", **{name: value for name, value in asked.items() if name in names})
    if "from_day" in names:
        assert pair_of(ana, other) is None
    town.waits(days=6)
    upkeep.turn_day(now=town.now, policy=town.policy)
    town.works()
    assert pair_of(ana, other)


def test_letters_that_go_elsewhere_make_somebody_look(town: Town) -> None:
    ana = Customer(town)
    ana.changes("change_mailing_address", accounts=["all"], mailing_address=ELM, mail_elsewhere=True, when="now")
    town.waits(days=4).works()
    assert town.jobs("look_for_duplicates") == 0


def test_who_changes_a_preference_is_not_looked_for(town: Town) -> None:
    ana = Customer(town)
    request = ana.asks("change_preferences", language="es")
    while town.jobs("advance"):
        town.works_once()
    assert request and town.jobs("look_for_duplicates") == 0


@pytest.mark.rule("K-20")
def test_an_imported_row_that_may_be_somebody_on_file(town: Town) -> None:
    ana = town.knows(ANA)
    taken = flow.take_in("persons", [(1, ROW)], now=town.now, policy=town.policy)
    assert taken.created == 1 and len(taken.lookalikes) == 1
    kept = pair_of(ana, Person.objects.get(ref="P1"))
    assert kept and (kept.source, kept.state) == ("import", "open")
    assert flow.take_in("persons", [(1, ROW)], now=town.now, policy=town.policy).unchanged == 1
    assert DuplicatePair.objects.count() == 1


@pytest.mark.rule("K-21")
def test_an_import_that_makes_somebody_alike_asks_unless_staff_have_said(town: Town) -> None:
    ana = town.knows(ANA)
    flow.take_in(
        "persons",
        [(1, {"ref": "P1", "given_name": "Olga", "family_name": "Petrova", "phone": "503 555 0177"}),
         (2, {"ref": "P2", "given_name": "Irma", "family_name": "Petrova", "phone": "503 555 0178"})],
        now=town.now, policy=town.policy,
    )  # fmt: skip
    assert not DuplicatePair.objects.exists()
    first, second = (Person.objects.get(ref=ref) for ref in ("P1", "P2"))
    one, two = sorted((ana.pk, second.pk))
    NotSamePerson.objects.create(one_id=one, other_id=two, said_by="staff:1", said_at=town.now)
    town.waits(days=1)
    flow.take_in("persons", [(1, ROW), (2, {**ROW, "ref": "P2"})], now=town.now, policy=town.policy)
    assert pair_of(ana, first) and not pair_of(ana, second)


def test_a_dry_run_asks_nobody(town: Town) -> None:
    town.knows(ANA)
    flow.take_in("persons", [(1, ROW)], now=town.now, policy=town.policy, dry_run=True)
    assert not DuplicatePair.objects.exists()


@pytest.mark.rule("K-21")
def test_whom_staff_made_a_new_person_is_not_asked_about_again(town: Town) -> None:
    known = town.knows(replace(ANA, given_name="Anna", identifiers=()))
    case = town.moves_in(replace(ANA, emails=("ana.new@example.com",), identifiers=()))
    case.staff("new_person")
    assert case.status == COMPLETED
    assert case.person
    assert NotSamePerson.objects.count() == 1
    assert duplicates.look_for_duplicates(person_id=case.person.pk, now=town.now, policy=town.policy) == 0
    assert pair_of(known, case.person) is None
