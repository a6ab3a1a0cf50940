"""Is a promise that is broken seen at the very next look, whatever else has not changed?

Each test plants one violation in a registry that has been looked at, as a bug or a hand in the database would leave it.
"""

import copy
from collections.abc import Callable
from typing import Any

import pytest
from django.core import mail
from django.db import connection, transaction

from keyturn.records.models import (
    Account,
    Event,
    Message,
    PersonContact,
    PersonLink,
    PersonName,
    Request,
)
from tests import factories
from tests.flow.any_order import Story
from tests.flow.town import BEN, Town


@pytest.fixture
def story(town: Town, settings: Any) -> Story:
    """Two that are done, one draft, one with staff, one with the machine, and each look so far found nothing."""
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    mail.outbox = []
    known = town.knows(BEN)
    story = Story(town, known=known, places=iter(factories.many_premises(2)), seen=set())
    for who, place in ((1, 0), (0, 1)):
        story.somebody_asks(who, place)
        town.works()
        story.promises.look()
    story.somebody_begins(3, 0)
    story.somebody_asks(2, 0)
    town.works()
    story.somebody_asks(3, 1)
    story.promises.look()
    stands = sorted(row["standing"] for row in story.promises.requests.values())
    assert stands == ["customer", "machine", "nobody", "nobody", "staff"]
    return story


def now_stands(story: Story, standing: str) -> Any:
    """The id of one that stands there."""
    return next(row["id"] for row in story.promises.requests.values() if row["standing"] == standing)


def a_confirmed_request_is_taken_back(story: Story) -> None:
    pk = next(iter(story.promises.confirmed))
    Request.objects.filter(pk=pk).update(submitted_at=None)


def two_requests_of_one_call(story: Story) -> None:
    Request.objects.filter(channel="portal").update(channel="api", begun_by="partner:one")


def a_second_effect(story: Story) -> None:
    once = story.told.effects()
    story.promises.effects = lambda: [*once, *once]
    story.told.times += 1


def a_completed_request_without_its_account(story: Story) -> None:
    Account.objects.exclude(ref=None).update(ref=None)


def two_persons_of_one_request(story: Story) -> None:
    link = PersonLink.objects.filter(undone_at=None).first()
    with connection.cursor() as cursor:
        cursor.execute("DROP INDEX one_person_per_request")
    link.pk = None
    PersonLink(**{f.attname: getattr(link, f.attname) for f in link._meta.concrete_fields if f.name != "id"}).save()


def a_phone_of_somebody_on_file_is_another(story: Story) -> None:
    PersonContact.objects.filter(person=story.known).update(value="other@example.com")


def an_applicant_gives_somebody_on_file_a_name(story: Story) -> None:
    PersonName.objects.create(
        person=story.known, name_type="alias", given_name="Benny", **factories.DATED
        | {"source": f"request:{now_stands(story, 'nobody')}"},
    )  # fmt: skip


def a_birth_date_is_another(story: Story) -> None:
    type(story.known).objects.filter(pk=story.known.pk).update(date_of_birth="1990-01-01")


def a_row_of_the_file_is_deleted(story: Story) -> None:
    PersonName.objects.filter(person=story.known).delete()


def a_change_without_an_event(story: Story) -> None:
    Request.objects.filter(pk=now_stands(story, "staff")).update(standing="machine")


def an_old_event_is_changed(story: Story) -> None:
    Event.objects.filter(number=2).update(actor="somebody else")


def the_last_event_is_deleted(story: Story) -> None:
    Event.objects.filter(pk=Event.objects.order_by("-id").first().pk).delete()


def an_event_is_forged(story: Story) -> None:
    last = Event.objects.filter(request=now_stands(story, "staff")).order_by("-number").first()
    Event.objects.create(
        request_id=last.request_id, number=last.number + 1, at=last.at, what="reviewed", role="staff", actor="7",
        step=last.step, standing=last.standing, outcome="", data={}, hash=b"forged",
    )  # fmt: skip
    Request.objects.filter(pk=last.request_id).update(events_written=last.number + 1, chain_head=b"forged")


def a_link_is_deleted(story: Story) -> None:
    PersonLink.objects.all().delete()


def a_link_is_undone_by_nobody(story: Story) -> None:
    PersonLink.objects.all().update(undone_at=story.town.now)


def a_link_is_undone_and_nothing_says_so(story: Story) -> None:
    PersonLink.objects.all().update(undone_at=story.town.now, undone_by="staff:7")


def a_message_goes_to_who_is_on_file(story: Story) -> None:
    message = Message(request_id=now_stands(story, "staff"), template="received", channel="email", language="en",
                      created_at=story.town.now)  # fmt: skip
    message.content = {"to": "somebody.on.file@example.com", "values": {}}
    message.save(force_insert=True)


def a_mail_says_what_is_on_file(story: Story) -> None:
    story.promises.secrets.add("+15035550177")
    mail.send_mail("Your request", "We have +15035550177 on file.", None, ["b.okafor@example.com"])


def a_job_is_lost(story: Story) -> None:
    story.town.loses_its_jobs()


def a_draft_waits_for_ever(story: Story) -> None:
    Request.objects.filter(pk=now_stands(story, "customer")).update(due_at=None)


def staff_have_no_time_to_answer_by(story: Story) -> None:
    Request.objects.filter(pk=now_stands(story, "staff")).update(promised_at=None)


PLANTED: tuple[tuple[str, Callable[[Story], None]], ...] = (
    ("I1", a_confirmed_request_is_taken_back),
    ("I2", two_requests_of_one_call),
    ("I3", a_second_effect),
    ("I3", a_completed_request_without_its_account),
    ("I3", two_persons_of_one_request),
    ("I4", a_phone_of_somebody_on_file_is_another),
    ("I4", an_applicant_gives_somebody_on_file_a_name),
    ("I4", a_birth_date_is_another),
    ("I4", a_row_of_the_file_is_deleted),
    ("I5", a_change_without_an_event),
    ("I5", an_old_event_is_changed),
    ("I5", the_last_event_is_deleted),
    ("I5", an_event_is_forged),
    ("I6", a_link_is_deleted),
    ("I6", a_link_is_undone_by_nobody),
    ("I6", a_link_is_undone_and_nothing_says_so),
    ("I7", a_message_goes_to_who_is_on_file),
    ("I7", a_mail_says_what_is_on_file),
    ("I8", a_job_is_lost),
    ("I8", a_draft_waits_for_ever),
    ("I8", staff_have_no_time_to_answer_by),
)


def is_seen(story: Story, promise: str, plant: Callable[[Story], None]) -> bool:
    """Planted, looked at, and taken back again: in the database, and in what is known of it."""
    promises = story.promises
    known = {name: each for name, each in vars(promises).items() if name not in ("effects", "sent")}
    before = {**vars(promises), **copy.deepcopy(known)}
    times, seen = story.told.times, ""
    with transaction.atomic():
        plant(story)
        try:
            promises.look()
        except AssertionError as wrong:
            seen = str(wrong)
        transaction.set_rollback(True)
    vars(promises).update(before)
    story.told.times = times
    mail.outbox = mail.outbox[: promises._mails]
    return seen.startswith(f"{promise}: ")


def test_each_is_seen_at_the_very_next_look(story: Story) -> None:
    unseen = []
    for promise, plant in PLANTED:
        story.promises.look()  # nothing is wrong before
        if not is_seen(story, promise, plant):
            unseen.append(plant.__name__)
    assert unseen == []
    assert {promise for promise, _plant in PLANTED} == {f"I{number}" for number in range(1, 9)}


def test_nothing_is_wrong_where_nothing_was_planted(story: Story) -> None:
    story.promises.look()
    story.promises.look(whole=True)
    story.promises.look()


def test_the_same_is_wrong_when_all_is_read_anew(story: Story) -> None:
    Event.objects.filter(number=2).update(actor="somebody else")
    with pytest.raises(AssertionError, match=r"^I5: "):
        story.promises.look(whole=True)
