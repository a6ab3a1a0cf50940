"""Is the CIS told of a merge and of its undoing, is it undone in order, and is it remembered who is not the same?"""

import itertools
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from keyturn import flow
from keyturn.records import acts, history
from keyturn.records.models import DuplicatePair, NotSamePerson, Person, PersonContact, PersonIdentifier, Request
from keyturn.records.queries import merging, persons
from keyturn.terms.address import Address
from keyturn.terms.errors import Invalid, NotAllowed
from tests.flow.one_person import (
    ANNA,
    OTTO,
    ROSA,
    WHY,
    Two,
    a_cis_that_cannot_merge,
    agreed,
    believed_rows,
    case_of,
    differences,
    looked_for,
    merged,
    proposed,
    told_apart,
    two,
    unmerged,
)
from tests.flow.town import ANA, BEN, IN_REVIEW, REFUSED, Town

__all__ = ["two"]  # fixture


# ---------------------------------------------------------------- what is whose


def test_what_both_had_and_was_edited_since_is_asked(town: Town, two: Two) -> None:
    ana, anna = two
    merge = merged(town, ana, anna)
    Person.objects.filter(pk=ana.pk).update(date_of_birth=date(1977, 7, 7), language="es")
    asked = {each.id for each in merging.undoing(merging.get(merge.pk), at=town.now).undecided}
    assert asked == {"person:date_of_birth", "person:language"}
    unmerged(town, merge, **{"person:date_of_birth": "loser", "person:language": "loser"})
    ana.refresh_from_db()
    anna.refresh_from_db()
    assert (ana.date_of_birth, ana.language) == (ANA.date_of_birth, "en")
    assert (anna.date_of_birth, anna.language) == (date(1977, 7, 7), "es")


def test_a_document_that_only_one_can_have_stays_so_and_the_one_file_can_be_two_again(town: Town) -> None:
    """It came twice, which is why the two were merged; and the survivor is whose document staff had let pass."""
    ana = town.serves(ANA, town.house())
    case = town.moves_in(replace(ANNA, identifiers=ANA.identifiers), town.house())
    case.staff("new_person")
    anna = case.person
    flow.take_back_not_same(one_id=ana.pk, other_id=anna.pk, reason=WHY, actor=OTTO, now=town.now)
    merge = merged(town, anna, ana)
    carl = town.moves_in(replace(BEN, given_name="Carl", identifiers=ANA.identifiers), town.house())
    assert "M-04" in carl.rules
    carl.staff("new_person")
    unmerged(town, merge)
    held = PersonIdentifier.objects.filter(valid_to=None, unique_by_nature=True)
    assert list(held.values_list("person", flat=True)) == [ana.pk]


# ---------------------------------------------------------------- the CIS


def test_the_cis_is_told_and_told_again(town: Town, two: Two) -> None:
    ana, anna = two
    before = {ref: town.cis.read("person", ref)["accounts"] for ref in (ana.ref, anna.ref)}
    merge = merged(town, ana, anna)
    assert sorted(town.cis.read("person", ana.ref)["accounts"]) == sorted(itertools.chain(*before.values()))
    assert town.cis.read("person", anna.ref)["merged_into"] == ana.ref
    unmerged(town, merge)
    assert {ref: town.cis.read("person", ref)["accounts"] for ref in before} == before


def test_the_cis_is_told_what_was_chosen_from_the_other_and_told_it_back(town: Town, two: Two) -> None:
    ana, anna = two

    def there() -> dict[str, Any]:
        found = town.cis.read("person", str(ana.ref))
        [name] = [each["given_name"] for each in found["names"] if each["name_type"] == "primary"]
        emails = [each["value"] for each in found["contacts"] if each["routing"] == "email"]
        return {"name": name, "emails": emails, "born": str(found["date_of_birth"]), "language": found["language"]}

    before = there()
    Person.objects.filter(pk=anna.pk).update(language="es", date_of_birth=date(1985, 3, 28))
    merge = merged(town, ana, anna, given_name="loser", email="loser", language="loser", date_of_birth="loser")
    town.waits(hours=1)
    assert there() == {
        "name": "Anna", "emails": [*ANNA.emails, *ANA.emails], "born": "1985-03-28", "language": "es",
    }  # fmt: skip
    told = Request.objects.get(journey="merged_values")
    assert (told.outcome, told.person, told.messages.count()) == ("completed", ana, 0)
    assert merging.undoing(merging.get(merge.pk), at=town.now).undecided == ()  # type: ignore[arg-type]
    unmerged(town, merge)
    town.waits(hours=1)
    assert there() == {**before, "language": "en"}  # what is on file of her
    assert Request.objects.filter(journey="merged_values").count() == 2


def test_the_cis_is_told_nothing_more_where_nothing_was_chosen(town: Town, two: Two) -> None:
    merge = merged(town, *two)
    unmerged(town, merge)
    assert not Request.objects.filter(journey="merged_values").exists()


def test_values_are_told_only_once_the_cis_has_made_them_one(town: Town, two: Two) -> None:
    with a_cis_that_cannot_merge():
        merge = merged(town, *two, given_name="loser")
    case_of(town, merge).staff("refuse", WHY)
    town.waits(hours=1)
    assert not Request.objects.filter(journey="merged_values").exists()


def test_nothing_is_undone_while_the_cis_is_being_told_the_values(
    town: Town, two: Two, monkeypatch: pytest.MonkeyPatch
) -> None:
    merge = agreed(town, proposed(town, *two, given_name="loser"))
    while not Request.objects.filter(journey="merged_values").exists():
        town.works_once()
    with pytest.raises(NotAllowed, match="cis_is_being_told"):
        unmerged(town, merge)
    town.works()
    assert unmerged(town, merge).state == "undone"


def test_a_cis_that_cannot_merge_leaves_it_with_staff_who_tell_it_again_or_take_it_back(town: Town, two: Two) -> None:
    looked_for(town, *two)
    before = believed_rows(*two)
    with a_cis_that_cannot_merge():
        merge = merged(town, *two)
        case = case_of(town, merge)
        assert case.status == IN_REVIEW
        assert case.rules >= {"S-03"}
        with pytest.raises(NotAllowed, match="cis_is_being_told"):
            unmerged(town, merge)
        case.staff("approve", WHY)
        assert case.status == IN_REVIEW
    case.staff("refuse", WHY)
    assert case.status == REFUSED
    merge.refresh_from_db()
    assert merge.state == "undone"
    assert differences(before, believed_rows(*two, own=frozenset({merge.request_id}))) == {}


# ---------------------------------------------------------------- and two again


@pytest.mark.rule("K-96")
def test_merges_are_undone_in_the_opposite_order(town: Town, two: Two) -> None:
    ana, anna = two
    ben = town.serves(replace(BEN, date_of_birth=ANA.date_of_birth), town.house())
    looked_for(town, ana, anna, ben)
    before = believed_rows(ana, anna, ben)
    first = merged(town, anna, ben)
    town.waits(days=1)
    second = merged(town, ana, anna)
    assert persons.by_id(str(ben.pk)) == ana  # a redirect leads to the end
    with pytest.raises(NotAllowed, match="undo_later_first"):
        unmerged(town, first)
    unmerged(town, second)
    assert persons.by_id(str(ben.pk)) == anna
    unmerged(town, first)
    own = frozenset(Request.objects.filter(journey__contains="merge").values_list("pk", flat=True))
    said = told_apart(ana, anna, ben)  # whoever was told apart from the one file that two were is neither of them
    assert differences(before, believed_rows(ana, anna, ben, own=own), but=said) == {}
    with pytest.raises(NotAllowed, match="not_merged"):
        unmerged(town, first)


def test_what_cannot_be_decided_is_listed_and_goes_where_staff_say(town: Town, two: Two) -> None:
    ana, anna = two
    merge = merged(town, ana, anna)
    town.waits(days=1)
    flow.staff_change(
        person_id=ana.pk, journey="change_contact", how="changed", reason=WHY, version=None, actor=OTTO, now=town.now,
        policy=town.policy, answers={"contact_id": "new", "channel": "email", "act": "set", "email": "new@example.org"},
    )  # fmt: skip
    town.works()
    found = merging.undoing(merging.get(merge.pk), at=town.now)  # type: ignore[arg-type]
    items = {each.table: each for each in found.undecided}
    assert set(items) == {"person_contact", "request"}
    assert items["person_contact"].text == "new@example.org"
    with pytest.raises(Invalid):
        unmerged(town, merge, nonsense="loser")
    unmerged(town, merge, **{items["person_contact"].id: "loser"})
    assert PersonContact.objects.get(value="new@example.org", valid_to=None).person == anna


def test_both_chains_say_what_was_done_and_the_audit_holds(town: Town, two: Two) -> None:
    merge = merged(town, *two)
    unmerged(town, merge)
    from keyturn.records.models import Act

    for person in two:
        said = Act.objects.filter(subject=f"person:{person.pk}").order_by("number").values_list("what", flat=True)
        assert list(said) == ["merged", "unmerged", "said_not_same"]
    assert list(acts.broken_chains()) == []
    assert list(history.broken_chains()) == []


# ---------------------------------------------------------------- they are not one


def test_that_two_are_not_the_same_is_respected_until_it_is_taken_back(town: Town, two: Two) -> None:
    ana, anna = two
    flow.not_same(one_id=anna.pk, other_id=ana.pk, relation="twin", reason=WHY, actor=ROSA, now=town.now)
    with pytest.raises(NotAllowed, match="said_not_same"):
        proposed(town, ana, anna)
    with pytest.raises(NotAllowed, match="said_already"):
        flow.not_same(one_id=ana.pk, other_id=anna.pk, relation="", reason=WHY, actor=ROSA, now=town.now)
    flow.take_back_not_same(one_id=ana.pk, other_id=anna.pk, reason=WHY, actor=OTTO, now=town.now)
    with pytest.raises(NotAllowed, match="not_said"):
        flow.take_back_not_same(one_id=ana.pk, other_id=anna.pk, reason=WHY, actor=OTTO, now=town.now)
    assert merged(town, ana, anna).state == "done"


def test_that_somebody_is_not_the_other_holds_for_who_they_have_become(town: Town, two: Two) -> None:
    ana, anna = two
    ben = town.knows(BEN)
    flow.not_same(one_id=anna.pk, other_id=ben.pk, relation="", reason=WHY, actor=ROSA, now=town.now)
    merge = merged(town, ana, anna)
    with pytest.raises(NotAllowed, match="said_not_same"):
        proposed(town, ana, ben)
    unmerged(town, merge)
    said = {tuple(sorted((anna.pk, other.pk))) for other in (ben, ana)}
    assert {*NotSamePerson.objects.values_list("one", "other")} == said


def test_two_of_an_undone_merge_are_no_question_until_somebody_takes_that_back(town: Town, two: Two) -> None:
    ana, anna = two
    looked_for(town, ana, anna)
    pair = DuplicatePair.objects.get()
    unmerged(town, merged(town, ana, anna))
    looked_for(town, ana, anna)
    pair.refresh_from_db()
    assert (pair.state, pair.decided_by) == ("not_same", OTTO.origin)
    with pytest.raises(NotAllowed, match="said_not_same"):
        proposed(town, ana, anna)
    flow.take_back_not_same(one_id=ana.pk, other_id=anna.pk, reason=WHY, actor=ROSA, now=town.now)
    pair.refresh_from_db()
    assert pair.state == "open"
    assert merged(town, ana, anna).state == "done"


def test_a_link_that_was_undone_is_not_made_again_by_the_machine(town: Town) -> None:
    ana = town.serves(ANA, town.house())
    first = town.moves_in(ANA, town.house())
    assert first.person == ana
    flow.undo_link(request_id=first.id, reason=WHY, actor=ROSA, now=town.now)
    again = town.moves_in(ANA, town.house())
    assert again.status == IN_REVIEW
    assert again.request.person is None


def test_a_protected_address_is_counted_and_not_shown_without_the_right(town: Town) -> None:
    secret = Address("7 Hidden Lane", "", "Millbrook", "OR", "97901", "US")
    ana = town.serves(ANA, town.house())
    anna = town.knows(replace(ANNA, addresses=(secret,)), flags=("protected_address",))
    seen = {
        "survivor_id": ana.pk,
        "loser_id": anna.pk,
        "choices": {},
        "reason": WHY,
        "now": town.now,
        "policy": town.policy,
    }
    found = merging.preview(ana, anna, at=town.now)
    assert "Hidden" not in repr((found.fields, found.moves))
    assert "Hidden" in repr(merging.preview(ana, anna, at=town.now, may_see=True).fields)
    merge = flow.propose_merge(**seen, actor=ROSA, may_see=True)  # type: ignore[arg-type]
    with pytest.raises(NotAllowed, match="protected"):
        agreed(town, merge)
    flow.agree_merge(merge_id=merge.pk, reason=WHY, actor=OTTO, now=town.now, policy=town.policy, may_see=True)
    town.works()
    once = merging.get(merge.pk)
    assert once is not None
    assert "Hidden" not in repr(merging.undoing(once, at=town.now))
    assert "Hidden" in repr(merging.undoing(once, at=town.now, may_see=True))
