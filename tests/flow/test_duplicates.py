"""Two persons on file who may be one come before staff: once, the likeliest first, never too many, and not again."""

from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID

import pytest

from keyturn.flow import duplicates
from keyturn.matching.pairs import weigh
from keyturn.records import person_index
from keyturn.records.models import DuplicatePair, NotSamePerson, Person
from keyturn.records.queries import duplicates as queries
from keyturn.steps.maintain.duplicates import rules
from keyturn.terms.person import Identifier
from keyturn.terms.policy import Policy
from tests.flow.town import ANA, BEN, Town

TYPED_TWICE = replace(ANA, family_name="Zelenco", identifiers=())
SISTER = replace(ANA, given_name="Maria", date_of_birth=date(1988, 1, 4), identifiers=(), emails=())


def found(one: Person, other: Person) -> duplicates.Found:
    policy = Policy()
    forms = [person_index.of_person(each.pk) for each in (one, other)]
    assert forms[0] and forms[1]
    pair = weigh(forms[0], forms[1], other_id=str(other.pk), model=person_index.model(policy), policy=policy)
    assert pair
    return duplicates.Found(one.pk, other.pk, pair.zone, pair.ranked)


def states() -> list[str]:
    return list(DuplicatePair.objects.order_by("-weight").values_list("state", flat=True))


@pytest.mark.rule("K-20")
def test_a_pair_is_kept_once_with_the_smaller_id_first(town: Town) -> None:
    one, other = town.knows(ANA), town.knows(TYPED_TWICE)
    pair = found(one, other)
    for each in (pair, replace(pair, one=other.pk, other=one.pk)):
        assert duplicates.note_pairs([each], source="dedupe", now=town.now, policy=town.policy) == 1
    kept = DuplicatePair.objects.get()
    assert (kept.one_id, kept.other_id) == tuple(sorted((one.pk, other.pk)))
    assert (kept.state, kept.source, kept.zone) == ("open", "dedupe", pair.zone)
    assert kept.weight == pytest.approx(pair.ranked.scored.weight)
    assert {each["field"] for each in kept.fields} >= {"given", "family", "birth_date"}
    assert "identifier" in kept.missing


@pytest.mark.rule("K-20")
@pytest.mark.parametrize(("zone", "shown"), [("link", True), ("review", True), ("new", False)])
def test_what_the_matcher_calls_new_is_no_pair(zone: str, shown: bool) -> None:
    assert rules.may_be_one(zone, likely=True) is shown
    assert not rules.may_be_one(zone, likely=False)


@pytest.mark.rule("K-20")
def test_who_is_only_related_to_somebody_on_file_is_nobodys_work(town: Town) -> None:
    ana, mate = town.knows(ANA), town.knows(replace(BEN, phones=ANA.phones))
    assert "shared_contact" in related(ana, mate)
    assert duplicates.look_for_duplicates(person_id=mate.pk, now=town.now, policy=town.policy) == 0


def related(one: Person, other: Person) -> tuple[str, ...]:
    """As the matcher sees two who would be shown to staff."""
    return found(one, other).ranked.relation


@pytest.mark.rule("K-21")
@pytest.mark.parametrize("word", ["merged", "not_same"])
def test_what_staff_decided_is_not_asked_again(town: Town, word: str) -> None:
    one, other = town.knows(ANA), town.knows(TYPED_TWICE)
    pair = found(one, other)
    duplicates.note_pairs([pair], source="dedupe", now=town.now, policy=town.policy)
    assert duplicates.close(one=other.pk, other=one.pk, state=word, by="staff:1", now=town.now)
    assert duplicates.note_pairs([pair], source="edit", now=town.now, policy=town.policy) == 0
    assert states() == [word]
    assert DuplicatePair.objects.get().decided_by == "staff:1"
    assert not rules.still_a_question(word, said_not_same=False)


@pytest.mark.rule("K-21")
def test_two_of_whom_staff_said_before_that_they_are_two_never_become_a_pair(town: Town) -> None:
    one, other = town.knows(ANA), town.knows(TYPED_TWICE)
    first, second = sorted((one.pk, other.pk))
    said = NotSamePerson.objects.create(one_id=first, other_id=second, said_by="staff:1", said_at=town.now)
    assert not rules.still_a_question("", said_not_same=True)
    assert duplicates.note_pairs([found(one, other)], source="import", now=town.now, policy=town.policy) == 0
    said.withdrawn_at = town.now
    said.save()
    assert duplicates.note_pairs([found(one, other)], source="import", now=town.now, policy=town.policy) == 1


@pytest.mark.rule("K-22")
def test_the_queue_is_never_flooded_and_the_likeliest_come_first(town: Town) -> None:
    town.policy_says(duplicates_open_most=2)
    ana = town.knows(ANA)
    numbers = [None, "D1234567", "D7654321"]
    others = [
        town.knows(replace(TYPED_TWICE, identifiers=(Identifier("state_id", n),) if n else (), given_name=name))
        for n, name in zip(numbers, ("Ana", "Anna", "A"), strict=True)
    ]
    pairs = [found(ana, each) for each in others]
    duplicates.note_pairs(pairs, source="dedupe", now=town.now, policy=town.policy)
    assert states() == ["open", "open", "held"]
    best = DuplicatePair.objects.order_by("-weight")[0]
    duplicates.close(one=best.one_id, other=best.other_id, state="not_same", by="staff:1", now=town.now)
    assert states() == ["not_same", "open", "open"]
    assert rules.room(5, town.policy) == 0


def test_a_merge_takes_the_other_questions_about_the_loser_with_it(town: Town) -> None:
    ana, again, third = town.knows(ANA), town.knows(TYPED_TWICE), town.knows(replace(TYPED_TWICE, emails=()))
    pairs = [found(ana, again), found(again, third), found(ana, third)]
    duplicates.note_pairs(pairs, source="dedupe", now=town.now, policy=town.policy)
    duplicates.close(one=ana.pk, other=again.pk, state="merged", by="staff:1", now=town.now)
    by_pair = {frozenset((each.one_id, each.other_id)): each.state for each in DuplicatePair.objects.all()}
    assert by_pair == {
        frozenset((ana.pk, again.pk)): "merged",
        frozenset((again.pk, third.pk)): "gone",
        frozenset((ana.pk, third.pk)): "open",
    }


def test_what_was_decided_can_be_taken_back(town: Town) -> None:
    one, other = town.knows(ANA), town.knows(TYPED_TWICE)
    duplicates.note_pairs([found(one, other)], source="dedupe", now=town.now, policy=town.policy)
    duplicates.close(one=one.pk, other=other.pk, state="merged", by="staff:1", now=town.now)
    assert duplicates.reopen(one=one.pk, other=other.pk, now=town.now)
    assert states() == ["open"]
    with pytest.raises(ValueError):
        duplicates.close(one=one.pk, other=other.pk, state="open", by="staff:1", now=town.now)


def test_who_was_merged_into_another_is_in_no_pair(town: Town) -> None:
    one, other = town.knows(ANA), town.knows(TYPED_TWICE)
    pair = found(one, other)
    Person.objects.filter(pk=other.pk).update(redirect_to=one)
    assert duplicates.note_pairs([pair], source="dedupe", now=town.now, policy=town.policy) == 0


def test_one_person_is_compared_with_everybody_by_the_online_matcher(town: Town) -> None:
    ana, again = town.knows(ANA), town.knows(TYPED_TWICE)
    town.knows(BEN), town.knows(SISTER)
    assert duplicates.look_for_duplicates(person_id=again.pk, now=town.now, policy=town.policy) >= 1
    kept = queries.between(ana.pk, again.pk)
    assert kept and (kept.source, kept.state) == ("edit", "open")
    assert duplicates.look_for_duplicates(person_id=UUID(int=1), now=town.now, policy=town.policy) == 0


def test_the_queue_is_read_page_by_page(town: Town) -> None:
    people = [town.knows(replace(TYPED_TWICE, given_name=name)) for name in ("Ana", "Anna", "Anne", "A")]
    pairs = [found(one, other) for n, one in enumerate(people) for other in people[n + 1 :]]
    duplicates.note_pairs(pairs, source="dedupe", now=town.now, policy=town.policy)
    seen: list[Any] = []
    page = queries.listed(most=2)
    while page.pairs:
        seen += page.pairs
        if not page.next:
            break
        page = queries.listed(most=2, after=page.next)
    assert [each.pk for each in seen] == [each.pk for each in queries.listed(most=50).pairs]
    assert len(seen) == queries.waiting()["open"] == len(pairs)
    assert queries.listed(after="nonsense", most=1).pairs == seen[:1]
    assert queries.get(seen[0].pk) == seen[0] and queries.get("x") is None
    assert queries.next_for("7") in seen[:5] and len(queries.of_person(people[0].pk)) == 3
