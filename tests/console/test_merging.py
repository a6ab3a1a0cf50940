"""Do staff make two files one only by two pairs of eyes, see what moves before, and get two again?"""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.db import transaction

from keyturn import flow
from keyturn.records import dated
from keyturn.records.models import (
    AccountAccess,
    AccountPerson,
    DuplicatePair,
    Person,
    PersonContact,
    PersonMerge,
    Reading,
)
from keyturn.terms.request import Actor, Role
from tests import factories
from tests.console.desk import Desk
from tests.console.test_duplicates import page_of, two  # noqa: F401 (a fixture)
from tests.flow.town import Town

WHY = "They came to the desk with both bills."
Two = tuple[Person, Person]


def page_of_merge(two: Two) -> str:  # noqa: F811
    return f"/console/persons/{two[0].pk}/merge/{two[1].pk}"


@pytest.fixture
def pair(two: Two) -> DuplicatePair:  # noqa: F811
    return factories.a_pair(*two)


@pytest.fixture
def proposal(rosa: Desk, two: Two) -> PersonMerge:  # noqa: F811
    rosa.posts(page_of_merge(two), take_given_name="loser", reason=WHY).sees("Proposed.")
    return PersonMerge.objects.get()


@pytest.fixture
def paul(desk: Callable[..., Desk], proposal: PersonMerge) -> Desk:
    """A colleague, who comes after it was proposed."""
    return desk("paul")


def decides(who: Desk, merge: PersonMerge, decision: str, reason: str = WHY) -> Desk:
    who.posts(f"/console/merges/{merge.pk}/decide", decision=decision, reason=reason)
    who.town.works()
    merge.refresh_from_db()
    return who


class TestProposing:
    def test_shows_each_field_that_differs_the_survivor_s_first(self, rosa: Desk, two: Two) -> None:  # noqa: F811
        rosa.opens(page_of_merge(two)).sees("Stays: Anna Zelenko", "Becomes part of it: Ana Zelenko")
        for name in ("given_name", "date_of_birth", "email"):
            assert f'name="take_{name}" value="survivor" checked' in rosa.html
        assert 'name="take_family_name"' not in rosa.html
        rosa.sees("What is the same in both", "The birth dates are different.")

    def test_shows_what_goes_over(self, rosa: Desk, town: Town, two: Two) -> None:  # noqa: F811
        town.serves(two[1], town.house())
        ref = two[1].accounts.get().account.ref
        rosa.opens(page_of_merge(two)).sees("What goes over from Ana Zelenko", f"{ref} · Main customer", "Contacts 2")
        rosa.sees(str(two[1].ref)).sees_nothing_of("P5554567")

    def test_lets_the_other_one_stay_and_loses_nothing(self, rosa: Desk, two: Two) -> None:  # noqa: F811
        rosa.posts(page_of_merge(two), act="swap", take_given_name="loser", take_email="survivor", reason="Half a sent")
        rosa.sees("Stays: Ana Zelenko")
        assert 'name="take_given_name" value="survivor" checked' in rosa.html
        assert 'name="take_email" value="loser" checked' in rosa.html
        assert ">Half a sent</textarea>" in rosa.html
        assert f'action="{page_of_merge((two[1], two[0]))}"' in rosa.html
        assert not PersonMerge.objects.exists()

    @pytest.mark.rule("K-95")
    def test_needs_a_reason_and_keeps_what_was_chosen(self, rosa: Desk, two: Two) -> None:  # noqa: F811
        assert rosa.posts(page_of_merge(two), take_given_name="loser", reason="no").status == 422
        assert 'name="take_given_name" value="loser" checked' in rosa.html
        assert ">no</textarea>" in rosa.html
        assert not PersonMerge.objects.exists()

    def test_moves_nothing_yet(self, proposal: PersonMerge, rosa: Desk, two: Two) -> None:  # noqa: F811
        assert proposal.state == "proposed"
        assert proposal.request.answers["choices"]["given_name"] == "loser"
        assert Person.objects.get(pk=two[1].pk).redirect_to_id is None
        assert rosa.at == f"/console/merges/{proposal.pk}"
        rosa.sees("Now a colleague looks")

    def test_pressed_twice_is_one(self, proposal: PersonMerge, rosa: Desk, two: Two) -> None:  # noqa: F811
        rosa.posts(page_of_merge(two), take_given_name="loser", reason=WHY)
        assert rosa.at == f"/console/merges/{proposal.pk}"
        assert PersonMerge.objects.count() == 1

    def test_is_refused_with_its_reason_where_something_stands_in_the_way(
        self, rosa: Desk, desk: Callable[..., Desk], two: Two, pair: DuplicatePair  # noqa: F811
    ) -> None:  # fmt: skip
        rosa.posts(f"{page_of(pair)}/decide", decision="not_same")
        rosa.opens(page_of_merge(two)).sees("This cannot be done now", "Take that back first.")
        assert rosa.posts(page_of_merge(two), reason=WHY).status == 409
        assert f">{WHY}</textarea>" in rosa.html

    def test_with_an_address_that_is_kept_secret_is_a_supervisor_s_and_is_written_down(
        self, rosa: Desk, desk: Callable[..., Desk], two: Two  # noqa: F811
    ) -> None:  # fmt: skip
        two[1].flags = ["protected_address"]
        two[1].save()
        rosa.opens(page_of_merge(two)).sees("A supervisor must do this.").sees_nothing_of("Birch")
        assert not Reading.objects.exists()
        desk("sofia", role="supervisor").opens(page_of_merge(two)).sees("12 Birch Avenue")
        assert Reading.objects.get().person_id == two[1].pk

    def test_waits_when_the_session_ended_while_typing(self, rosa: Desk, two: Two) -> None:  # noqa: F811
        rosa.user.set_password("correct horse battery staple")
        rosa.user.save()
        Session.objects.all().delete()
        rosa.posts(page_of_merge(two), take_given_name="loser", reason=WHY).sees("What you typed is kept")
        rosa.posts(
            "/signin", login="rosa", password="correct horse battery staple", next=page_of_merge(two)
        )  # fmt: skip
        rosa.sees("Nothing was sent yet.", WHY)
        assert 'name="take_given_name" value="loser" checked' in rosa.html
        assert not PersonMerge.objects.exists()

    def test_begins_from_a_person_s_page_with_a_search(self, rosa: Desk, two: Two, pair: DuplicatePair) -> None:  # noqa: F811
        rosa.opens(f"/console/persons/{two[0].pk}").sees("Merge with another file")
        path = f"/console/persons/{two[0].pk}/merge"
        rosa.opens(path).sees("Which other file is Anna Zelenko, too?", "Found already", "Ana Zelenko")
        rosa.posts(path, q="zelenko")
        assert f'href="{page_of_merge(two)}"' in rosa.html
        assert f"/merge/{two[0].pk}" not in rosa.html
        rosa.posts(path, q="nobody at all").sees("Nobody else on file fits.")


class TestTheSecondPairOfEyes:
    def test_sees_what_the_first_saw_and_chose_and_why(self, paul: Desk, proposal: PersonMerge) -> None:
        paul.opens(f"/console/merges/{proposal.pk}").sees(WHY, "rosa", "What goes over from Ana Zelenko")
        paul.sees("Given name Anna Ana (stays)")

    @pytest.mark.rule("K-91")
    def test_agrees_and_they_are_one(self, paul: Desk, proposal: PersonMerge, two: Two) -> None:  # noqa: F811
        decides(paul, proposal, "agree").sees("They are one file now.", "Merged")
        assert (proposal.state, proposal.decided_by) == ("done", f"staff:{paul.user.pk}")
        paul.opens(f"/console/persons/{two[1].pk}").sees("has become part of this one", "ana@example.com")

    @pytest.mark.rule("K-92")
    def test_is_never_the_proposer_who_is_told_so_kindly(self, rosa: Desk, proposal: PersonMerge) -> None:
        rosa.opens(f"/console/merges/{proposal.pk}").sees("You proposed this, so somebody else must agree.")
        assert 'value="agree"' not in rosa.html
        assert decides(rosa, proposal, "agree").sees("You proposed this, so a colleague must agree.").status == 403
        assert proposal.state == "proposed"

    def test_of_the_proposer_takes_it_back(self, rosa: Desk, proposal: PersonMerge) -> None:
        decides(rosa, proposal, "refuse").sees("Both files stay as they are.")
        assert proposal.state == "refused"

    @pytest.mark.parametrize(("fields", "says"), [
        ({"decision": "agree", "reason": "ok"}, "Write why"), ({"decision": "", "reason": WHY}, "Choose what to do."),
    ])  # fmt: skip
    def test_says_what_and_why(self, paul: Desk, proposal: PersonMerge, fields: dict[str, str], says: str) -> None:
        assert decides(paul, proposal, **fields).sees(says).status == 422
        assert f">{fields['reason']}</textarea>" in paul.html
        assert proposal.state == "proposed"

    def test_looks_again_where_a_file_changed_since(self, paul: Desk, proposal: PersonMerge, two: Two) -> None:  # noqa: F811
        Person.objects.filter(pk=two[1].pk).update(version=7)
        assert decides(paul, proposal, "agree").status == 409
        paul.sees("One of the files changed since this was proposed.")
        assert f">{WHY}</textarea>" in paul.html
        decides(paul, proposal, "agree").sees("They are one file now.")

    def test_comes_too_late_after_another_and_twice_is_once(
        self, paul: Desk, desk: Callable[..., Desk], proposal: PersonMerge
    ) -> None:
        decides(paul, proposal, "agree")
        decides(paul, proposal, "agree").sees("They are one file now.")
        assert decides(desk("otto"), proposal, "refuse").sees("A colleague has decided this already.").status == 409
        assert proposal.state == "done"

    def test_is_called_by_the_queue(self, rosa: Desk, paul: Desk, proposal: PersonMerge) -> None:
        paul.opens("/console").sees("Second pair of eyes", "Merge of two files")
        assert paul.opens(f"/console/requests/{proposal.request.reference}").at == f"/console/merges/{proposal.pk}"
        assert paul.posts("/console/next").at == f"/console/merges/{proposal.pk}"
        rosa.posts("/console/next").sees("Nothing else waits for you.")
        paul.opens("/console/duplicates").sees("1 merge waits for a second pair of eyes")
        paul.opens("/console/merges").sees("Anna Zelenko", "rosa")
        rosa.opens("/console/merges").sees("by you: a colleague must agree")

    def test_is_not_passed_by_on_the_request_s_own_page(self, paul: Desk, proposal: PersonMerge) -> None:
        path = f"/console/requests/{proposal.request.reference}"
        paul.opens(path, whole="yes")
        paul.posts(f"{path}/decide", decision="approve", version=paul.hidden("version"), reason=WHY)
        paul.town.works()
        proposal.refresh_from_db()
        assert proposal.state == "proposed"

    def test_of_a_pair_keeps_it_from_being_decided_twice(
        self, paul: Desk, proposal: PersonMerge, two: Two  # noqa: F811
    ) -> None:  # fmt: skip
        pair = factories.a_pair(*two)
        paul.opens(page_of(pair)).sees("A colleague has proposed to merge them")
        assert 'id="decide"' not in paul.html
        paul.posts("/console/duplicates/next").sees("No other pair waits for you.")
        paul.posts(f"{page_of(pair)}/decide", decision="not_same").sees("is proposed already")
        decides(paul, proposal, "agree")
        pair.refresh_from_db()
        assert pair.state == "merged"
        assert paul.opens(page_of(pair)).status == 200


class TestUndoing:
    @pytest.fixture
    def done(self, paul: Desk, proposal: PersonMerge) -> PersonMerge:
        decides(paul, proposal, "agree")
        return proposal

    @pytest.fixture
    def sofia(self, desk: Callable[..., Desk]) -> Desk:
        return desk("sofia", role="supervisor")

    def undoes(self, who: Desk, merge: PersonMerge, **fields: Any) -> Desk:
        who.posts(f"/console/merges/{merge.pk}/undo", **{"reason": WHY, **fields})
        who.town.works()
        merge.refresh_from_db()
        return who

    def test_shows_what_goes_back_and_makes_two_again(self, sofia: Desk, done: PersonMerge, two: Two) -> None:  # noqa: F811
        sofia.opens(f"/console/merges/{done.pk}").sees("undo it")
        sofia.opens(f"/console/merges/{done.pk}/undo").sees("What goes back to Ana Zelenko", "ana@example.com")
        self.undoes(sofia, done).sees("They are two files again.", "Undone")
        assert (done.state, done.undone_by) == ("undone", f"staff:{sofia.user.pk}")
        assert PersonContact.objects.filter(person=two[1], value="ana@example.com").exists()
        for request, words in ((done.request, "Two files made one"), (done.undo_request, "Two files again")):
            sofia.opens(f"/console/requests/{request.reference}").sees(f"{words} Keyturn")
            sofia.sees_nothing_of("Person and account written")
        sofia.opens(f"/console/persons/{two[1].pk}").sees_nothing_of("has become part of this one")
        sofia.sees("Merges", "Undone")

    def test_leaves_no_question_whether_they_are_one(
        self, sofia: Desk, town: Town, done: PersonMerge, two: Two  # noqa: F811
    ) -> None:  # fmt: skip
        sofia.opens(f"/console/merges/{done.pk}/undo").sees("No door asks again whether they are one")
        self.undoes(sofia, done).opens("/console/duplicates").sees_nothing_of("Zelenko")
        sofia.opens(f"/console/persons/{two[1].pk}").sees("Not the same as", "Take back")

    def test_asks_for_what_came_since_and_gives_it_to_whom_it_is_given(
        self, sofia: Desk, town: Town, done: PersonMerge, two: Two  # noqa: F811
    ) -> None:  # fmt: skip
        with transaction.atomic(), dated.changing(person=two[0], now=town.now, source="staff:7") as file:
            file.enter(PersonContact(channel="email", value="late@example.com", normalised="late@example.com"))
        sofia.opens(f"/console/merges/{done.pk}/undo").sees("Came since: whose is it?", "Contacts: late@example.com")
        item = re.findall(r'name="(take_[^"]+)" value="loser"', sofia.html)
        self.undoes(sofia, done, **{item[0]: "loser", "reason": "no"})
        assert f'name="{item[0]}" value="loser" checked' in sofia.html
        self.undoes(sofia, done, **{item[0]: "loser"}).sees("They are two files again.")
        assert PersonContact.objects.get(value="late@example.com").person_id == two[1].pk

    def test_shows_what_nobody_can_tell_and_a_supervisor_says_it_later(
        self, sofia: Desk, paul: Desk, town: Town, done: PersonMerge, two: Two  # noqa: F811
    ) -> None:  # fmt: skip
        login = factories.a_login("both@login.example")
        for each in two:
            town.serves(each, town.house())
        for part in AccountPerson.objects.filter(person__in=two):
            AccountAccess.objects.create(
                user=login, account=part.account, person=two[0], level="owner", capacity="self", proof="sms",
                since=town.now, granted_by="machine:",
            )  # fmt: skip
        town.waits(hours=1)
        flow.protect(
            person_id=two[0].pk, programme="ACP", reason=WHY, may_see=True, actor=Actor(Role.STAFF, "7"), now=town.now
        )
        sofia.opens(f"/console/merges/{done.pk}/undo").sees("both@login.example", "Leave it open if you do not know")
        sofia.sees("Access that ends", "Stays on both files", "Protected address")
        assert not re.findall(rf'name="take_login:{login.pk}"[^>]* checked', sofia.html)
        self.undoes(sofia, done).sees("Cannot be decided: whose login is it?", "both@login.example")
        sofia.sees("Stays on both files", "Protected address")
        paul.opens(f"/console/merges/{done.pk}").sees("A supervisor says so.")
        path = f"/console/merges/{done.pk}/login"
        assert sofia.posts(path, login=login.pk).status == 422
        sofia.posts(path, login=login.pk, side="loser").sees("Kept.", "Access that ended").sees_nothing_of(
            "Cannot be decided"
        )
        live = AccountAccess.objects.filter(user=login, ended_at=None)
        assert [each.person_id for each in live] == [two[1].pk]
        assert sofia.posts(path, login=login.pk, side="loser").status == 409

    def test_needs_a_reason_and_keeps_what_was_typed(self, sofia: Desk, done: PersonMerge) -> None:
        assert self.undoes(sofia, done, reason="no").status == 422
        assert ">no</textarea>" in sofia.html
        assert done.state == "done"

    def test_pressed_twice_is_once_and_what_does_not_stand_says_so(
        self, sofia: Desk, desk: Callable[..., Desk], done: PersonMerge
    ) -> None:
        self.undoes(sofia, done)
        self.undoes(sofia, done).sees("They are two files again.")
        other = desk("simon", role="supervisor")
        assert self.undoes(other, done).status == 409
        other.sees("This merge does not stand")

    def test_is_not_offered_to_a_reviewer(self, paul: Desk, done: PersonMerge) -> None:
        paul.opens(f"/console/merges/{done.pk}").sees_nothing_of("undo it")
