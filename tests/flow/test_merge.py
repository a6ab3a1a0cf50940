"""Do two files of one person become one by two members of staff, and two again as if nothing had been?"""

import pytest

from keyturn import flow
from keyturn.records.models import AccountPerson, Person, PersonMerge
from keyturn.records.queries import merging, persons
from keyturn.terms.errors import NotAllowed
from tests import factories
from tests.flow.one_person import ANNA, ROSA, WHY, agreed, believed_rows, differences, merged, proposed, unmerged
from tests.flow.town import ANA


@pytest.fixture
def two(town):
    """Ana and Anna: one human being, on file twice, each with an account and a login."""
    ana = town.serves(ANA, town.house())
    anna = town.serves(ANNA, town.house())
    return ana, anna


def test_two_files_become_one_and_the_other_leads_to_it(town, two):
    ana, anna = two
    merge = merged(town, ana, anna)
    assert merge.state == "done"
    assert Person.objects.get(pk=anna.pk).redirect_to_id == ana.pk
    assert AccountPerson.objects.filter(person=ana).count() == 2
    assert persons.by_id(str(anna.pk)) == ana
    assert merge.request.events.order_by("number").last().what == "completed"


def test_undone_it_is_as_if_nothing_had_been(town, two):
    before = believed_rows(*two)
    merge = merged(town, *two)
    unmerged(town, merge)
    merge.refresh_from_db()
    own = frozenset({merge.request_id, merge.undo_request_id})
    assert differences(before, believed_rows(*two, own=own)) == {}
    assert merge.state == "undone"


def test_preview_and_undoing_say_what_goes_where(town, two):
    found = merging.preview(*two, at=town.now)
    assert found.obstacles == ()
    assert {each.table for each in found.moves} >= {"account_person", "person_contact", "person_name", "cis"}
    merge = merging.get(merged(town, *two).pk)
    undoing = merging.undoing(merge, at=town.now)
    assert undoing.obstacles == ()
    assert undoing.undecided == ()
