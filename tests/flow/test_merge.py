"""Do two files of one person become one by two members of staff, and two again as if nothing had been?"""

from dataclasses import replace
from datetime import timedelta

import pytest

from keyturn import flow
from keyturn.records import person_index
from keyturn.records.data_map.reach import Reach
from keyturn.records.models import (
    AccountPerson,
    Consent,
    Person,
    PersonAddress,
    PersonContact,
    PersonIdentifier,
    PersonName,
    Preference,
)
from keyturn.records.queries import access, mailing, merging, my_requests, persons, rows
from keyturn.terms.address import Address
from keyturn.terms.errors import Invalid, NotAllowed
from keyturn.terms.person import Identifier, Kind
from keyturn.terms.policy import Policy
from keyturn.terms.request import Actor, Role
from tests import factories
from tests.flow.one_person import (
    ANNA,
    OTTO,
    ROSA,
    WHY,
    Two,
    account_of,
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
from tests.flow.town import ANA, BEN, COMPLETED, IN_REVIEW, REFUSED, Town

__all__ = ["two"]  # fixture


# ---------------------------------------------------------------- two become one


def test_two_files_become_one_and_the_other_leads_to_it(town: Town, two: Two) -> None:
    ana, anna = two
    merge = merged(town, ana, anna)
    assert merge.state == "done"
    assert Person.objects.get(pk=anna.pk).redirect_to == ana
    assert AccountPerson.objects.filter(person=ana).count() == 2
    assert persons.by_id(str(anna.pk)) == ana
    assert case_of(town, merge).status == COMPLETED
    assert set(PersonContact.objects.filter(person=ana).values_list("value", flat=True)) == {
        *ANA.emails, *ANA.phones, *ANNA.emails, *ANNA.phones,
    }  # fmt: skip


@pytest.mark.rule("K-91")
def test_it_stands_with_staff_until_a_second_one_agrees(town: Town, two: Two) -> None:
    merge = proposed(town, *two)
    case = case_of(town, merge)
    assert case.status == IN_REVIEW
    assert case.rules == {"K-91"}
    assert Person.objects.get(pk=two[1].pk).redirect_to is None
    agreed(town, merge)
    assert Person.objects.get(pk=two[1].pk).redirect_to == two[0]


@pytest.mark.rule("K-92")
def test_nobody_agrees_to_their_own_proposal(town: Town, two: Two) -> None:
    merge = proposed(town, *two)
    with pytest.raises(NotAllowed, match="own_proposal"):
        agreed(town, merge, by=ROSA)


def test_no_other_door_decides_about_it(town: Town, two: Two) -> None:
    merge = proposed(town, *two)
    with pytest.raises(NotAllowed, match="decided_as_merge"):
        case_of(town, merge).staff("approve", WHY)
    with pytest.raises(NotAllowed, match="decided_as_merge"):
        flow.withdraw(request_id=merge.request_id, actor=ROSA, now=town.now)


def test_a_refused_proposal_changes_nothing_and_can_be_made_again(town: Town, two: Two) -> None:
    before = believed_rows(*two)
    merge = proposed(town, *two)
    flow.refuse_merge(merge_id=merge.pk, reason=WHY, actor=OTTO, now=town.now)
    assert case_of(town, merge).status == REFUSED
    assert differences(before, believed_rows(*two, own=frozenset({merge.request_id}))) == {}
    with pytest.raises(NotAllowed, match="decided_already"):
        agreed(town, merge)
    assert merged(town, *two).state == "done"


@pytest.mark.rule("K-97")
def test_who_agrees_agrees_to_what_was_shown(town: Town, two: Two) -> None:
    merge = proposed(town, *two)
    Person.objects.filter(pk=two[1].pk).update(version=9)
    with pytest.raises(NotAllowed, match="changed_meanwhile"):
        agreed(town, merge)
    assert agreed(town, merge).state == "done"  # seen anew


@pytest.mark.rule("K-94")
@pytest.mark.rule("K-95")
def test_choices_and_a_reason_are_looked_at(town: Town, two: Two) -> None:
    for choices, reason, rule in (
        ({"shoe_size": "loser"}, WHY, "K-94"),
        ({"email": "both"}, WHY, "K-94"),
        ({}, "", "K-95"),
    ):
        with pytest.raises(Invalid) as wrong:
            flow.propose_merge(
                survivor_id=two[0].pk, loser_id=two[1].pk, choices=choices, reason=reason, actor=ROSA, now=town.now,
                policy=town.policy,
            )  # fmt: skip
        assert [each.rule for each in wrong.value.findings] == [rule]


@pytest.mark.rule("K-90")
def test_what_stands_in_the_way_is_said(town: Town, two: Two) -> None:
    ana, anna = two
    ben = town.knows(BEN, flags=("erased",))
    shop = town.knows(replace(BEN, kind=Kind.ORGANISATION, organisation_name="Ben's", emails=(), identifiers=()))
    hidden = town.knows(replace(BEN, given_name="Hid", emails=(), identifiers=()), flags=("protected_address",))
    unknown = town.knows(replace(BEN, given_name="New", emails=(), identifiers=()), in_cis=False)
    merged(town, ana, anna)
    anna.refresh_from_db()
    for code, survivor, loser in (
        ("same_person", ana, ana), ("already_merged", anna, hidden), ("already_merged", hidden, anna),
        ("kinds_differ", ana, shop), ("erased", ana, ben), ("protected", ana, hidden), ("only_other_in_cis", unknown, ana),
    ):  # fmt: skip
        with pytest.raises(NotAllowed, match=code):
            proposed(town, survivor, loser)
        assert merging.preview(survivor, loser, at=town.now).obstacles[0] == code
    dead = town.knows(replace(BEN, given_name="Old", emails=(), identifiers=()), flags=("deceased",))
    assert merging.preview(ana, dead, at=town.now).warnings == ("deceased", "births_differ")
    proposed(town, ana, dead)
    with pytest.raises(NotAllowed, match="merge_proposed"):
        proposed(town, dead, unknown)


def test_not_while_the_cis_is_being_told_of_one_of_them(town: Town, two: Two) -> None:
    ben = town.serves(BEN, town.house())
    town.cis_is("down")
    case = town.moves_in(BEN, town.house())
    assert case.request.person == ben
    with pytest.raises(NotAllowed, match="cis_is_being_told"):
        proposed(town, two[0], ben)
    town.cis_is("")
    town.waits(hours=1)
    assert proposed(town, two[0], ben).state == "proposed"


def test_staff_do_not_merge_themselves(town: Town, two: Two) -> None:
    clerk = factories.a_member_of_staff("ana", email=ANA.emails[0])
    with pytest.raises(NotAllowed, match="own_request"):
        proposed(town, *two, by=Actor(Role.STAFF, str(clerk.pk)))


# ---------------------------------------------------------------- what stays of what differs


def test_what_is_chosen_stays_and_the_rest_is_kept_beside(town: Town, two: Two) -> None:
    ana, anna = two
    merge = merged(town, ana, anna, given_name="loser", email="loser")
    names = dict(PersonName.objects.filter(person=ana).values_list("name_type", "given_name"))
    assert names == {"primary": "Anna", "alias": "Ana"}
    first = PersonContact.objects.filter(person=ana, is_primary=True)
    assert dict(first.values_list("channel", "value")) == {"email": ANNA.emails[0], "phone": ANA.phones[0]}
    unmerged(town, merge)
    assert PersonName.objects.get(person=ana, name_type="primary").given_name == "Ana"
    assert set(PersonContact.objects.filter(person=ana).values_list("value", "is_primary")) == {
        (ANA.emails[0], True), (ANA.phones[0], True),
    }  # fmt: skip


def test_nothing_that_may_stand_once_stands_in_the_way(town: Town) -> None:
    """Both have an identifier of the same type, the same contact, a mailing address for all accounts, a part in one account."""
    ana = town.serves(replace(ANA, addresses=(Address("1 Box", "", "Millbrook", "OR", "97901", "US"),)), town.house())
    anna = town.knows(
        replace(ANNA, emails=ANA.emails, identifiers=(Identifier("driver_licence", "D7654321"),),
                addresses=(Address("2 Box", "", "Millbrook", "OR", "97901", "US"),)),
        in_cis=False,
    )  # fmt: skip
    shared = account_of(ana).account
    AccountPerson.objects.create(
        account=shared, person=anna, is_main=False, is_responsible=False, relationship="spouse", **factories.DATED
    )
    looked_for(town, ana, anna)
    before = believed_rows(ana, anna)
    merge = merged(town, ana, anna)
    part = AccountPerson.objects.get(account=shared)
    assert (part.person, part.is_main, part.relationship) == (ana, True, "main")
    assert PersonContact.objects.filter(person=ana, channel="email").count() == 1
    assert sorted(PersonIdentifier.objects.filter(person=ana).values_list("last_four", "is_primary")) == [
        ("4567", True), ("4321", False),
    ][::-1]  # fmt: skip
    unmerged(town, merge)
    merge.refresh_from_db()
    own = frozenset({merge.request_id, merge.undo_request_id})
    assert differences(before, believed_rows(ana, anna, own=own), but=told_apart(ana, anna)) == {}


def test_letters_go_on_going_where_they_went(town: Town) -> None:
    hers, theirs = (Address(f"{n} Box", "", "Millbrook", "OR", "97901", "US") for n in (1, 2))
    ana = town.serves(replace(ANA, addresses=(hers,)), town.house())
    anna = town.serves(replace(ANNA, addresses=(theirs,)), town.house())
    unaddressed = town.serves(replace(BEN, addresses=()), town.house())
    accounts = {person: account_of(person).account for person in (ana, anna, unaddressed)}

    def where() -> dict[Person, str]:
        found = {
            who: mailing.mailing_address_for(acc, on=town.now.date(), policy=Policy()) for who, acc in accounts.items()
        }
        return {who: each.address.line1 for who, each in found.items() if each}

    before = where()
    first = merged(town, ana, anna)
    second = merged(town, ana, unaddressed)
    assert where() == before
    unmerged(town, second)
    unmerged(town, first)
    flow.take_back_not_same(one_id=ana.pk, other_id=anna.pk, reason=WHY, actor=OTTO, now=town.now)
    swapped = merged(town, ana, anna, mailing_address="loser")
    assert where() == before
    general = PersonAddress.objects.get(person=ana, account=None)
    assert general.line1 == "2 Box"
    unmerged(town, swapped)
    assert where() == before


@pytest.mark.rule("K-93")
def test_of_two_answers_the_one_that_allows_less_holds(town: Town, two: Two) -> None:
    ana, anna = two
    for person, state, act in ((ana, "on", "given"), (anna, "off", "withdrawn")):
        Preference.objects.create(person=person, topic="offers", channel="email", state=state, changed_at=town.now)
        Consent.objects.create(
            person=person, purpose="marketing", channel="email", act=act, wording_version="1", language="en", how="portal",
            at=town.now - timedelta(days=2 if act == "withdrawn" else 1),
        )  # fmt: skip
    from keyturn.records import consents

    merge = merged(town, ana, anna)
    assert Preference.objects.get(person=ana, topic="offers").state == "off"
    assert consents.current(ana)["marketing", "email"].act == "withdrawn"
    unmerged(town, merge)
    assert Preference.objects.get(person=ana, topic="offers").state == "on"
    assert consents.current(ana)["marketing", "email"].act == "given"
    assert consents.current(anna)["marketing", "email"].act == "withdrawn"


# ---------------------------------------------------------------- who sees what


def test_no_login_gains_an_account(town: Town, two: Two) -> None:
    """Access is of a login and an account: both go on, and neither sees the other's."""
    held = {person: account_of(person).account for person in two}
    logins = {
        person: factories.a_login(f"{n}@login.example", account=held[person], person=person)
        for n, person in enumerate(two)
    }
    merge = merged(town, *two)
    for person, login in logins.items():
        assert [each.account for each in access.accounts_of(login.pk, at=town.now)] == [held[person]]
        assert access.to_account(login.pk, held[two[1 - two.index(person)]].pk, at=town.now) is None
        assert access.own_persons(login.pk, at=town.now) == [two[0]]
        assert merge.request not in my_requests.listed(login.pk, at=town.now)
    unmerged(town, merge)
    assert access.own_persons(logins[two[1]].pk, at=town.now) == [two[1]]


def test_nobody_is_found_by_two_files(town: Town, two: Two) -> None:
    ana, anna = two
    form = person_index.features(ANNA)
    assert str(anna.pk) in person_index.candidates(form)
    merge = merged(town, ana, anna)
    assert set(person_index.candidates(form)) == {str(ana.pk)}
    unmerged(town, merge)
    assert str(anna.pk) in person_index.candidates(form)


@pytest.mark.rule("K-98")
def test_a_row_of_an_import_about_the_other_changes_nothing_and_makes_nobody(
    town: Town, two: Two, tmp_path: object
) -> None:
    ana, anna = two
    merged(town, ana, anna)
    before = believed_rows(ana, anna)
    row = {**factories._as_row(str(anna.ref), replace(ANNA, given_name="Annabel")), "ref": str(anna.ref)}
    intake = flow.take_in(kind="persons", rows=[(1, row)], now=town.now, policy=town.policy, dry_run=False)
    assert [each.finding.rule for each in intake.objections] == ["K-98"]
    assert (intake.created, intake.changed, intake.unchanged, intake.rejected) == (0, 0, 1, 0)
    assert differences(before, believed_rows(ana, anna)) == {}
    assert str(anna.ref) not in {each["ref"] for each in rows.export("persons", at=town.now)}


def test_an_erasure_of_the_one_reaches_every_file_that_leads_to_it(town: Town, two: Two) -> None:
    ben = town.serves(replace(BEN, date_of_birth=ANA.date_of_birth), town.house())
    merged(town, two[1], ben)
    merged(town, two[0], two[1])
    assert set(Reach(persons=[two[0].pk], logins=[]).persons) == {two[0].pk, two[1].pk, ben.pk}
