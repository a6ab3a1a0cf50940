"""Does the reference CIS keep its own rules where customers and its staff change what is on file?"""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import date, timedelta
from threading import Barrier

import pytest

from keyturn.connectors.cis.contract_kit import MAILING, a_key, newcomer_at, update_of
from keyturn.connectors.cis.contract_update import (
    CABIN,
    HELPER,
    LATER,
    MARRIED,
    OTHER_PHONE,
    PHONE,
    WINTER,
    contacts,
    everything,
    identifier,
    names,
    on_account,
)
from keyturn.connectors.cis.guard import GuardedCis
from keyturn.terms.change import ContactChange, DetailChange, MailingChange, NameChange, RoleChange
from keyturn.terms.errors import Rejected

HOME = "7 Hill Road"


@dataclass(frozen=True)
class HalfLife:
    """A change that no CIS has heard of."""

    value: str


def send(cis, person, *changes):
    return cis.send(update_of(person, *changes), key=a_key())


@pytest.fixture(autouse=True)
def nothing_broken(cis):
    yield
    assert cis.audit() == []


class TestNames:
    def test_a_name_from_a_later_day_becomes_primary_in_the_night_of_its_day(self, cis, town):
        person, _ = town.customer()
        (old,) = names(cis, person, "primary")
        send(cis, person, replace(MARRIED, from_day=LATER))
        assert names(cis, person, "primary") == [old]
        assert [each["family_name"] for each in cis.read("person", person)["upcoming_names"]] == ["Achterberg"]
        cis.activate_due(LATER - timedelta(days=1))
        assert names(cis, person, "primary") == [old]
        cis.activate_due(LATER)
        held = cis.read("person", person)
        assert [(n["name_type"], n["family_name"], n["valid_from"], n["valid_to"]) for n in held["names"]] == [
            ("primary", "Achterberg", LATER, None),
            ("former", old[1], None, LATER - timedelta(days=1)),
        ]
        assert held["upcoming_names"] == []

    def test_of_two_names_that_fall_due_together_the_later_one_stays(self, cis, town):
        person, _ = town.customer()
        send(
            cis,
            person,
            replace(MARRIED, from_day=LATER),
            NameChange("primary", family_name="Third", from_day=LATER + timedelta(2)),
        )
        cis.activate_due(LATER + timedelta(days=9))
        assert names(cis, person, "primary") == [("", "Third")]
        assert ("Ada", "Achterberg") in names(cis, person, "former")

    def test_going_back_to_an_earlier_name_keeps_each_former_name_once(self, cis, town):
        person, _ = town.customer()
        (old,) = names(cis, person, "primary")
        back = NameChange("primary", given_name=old[0], family_name=old[1])
        for change in (MARRIED, back, MARRIED, back):
            send(cis, person, change)
        assert names(cis, person, "primary") == [old]
        assert sorted(names(cis, person, "former")) == sorted([("Ada", "Achterberg"), old])


class TestContacts:
    @pytest.mark.parametrize("spelled", ["(202) 555-0171", "202.555.0171", "+1 202 555 0171"])
    def test_a_number_is_known_again_however_it_is_spelled(self, cis, town, spelled):
        person, _ = town.customer()
        send(cis, person, PHONE, OTHER_PHONE, ContactChange("phone", spelled))
        assert contacts(cis, person, "phone") == [PHONE.value, OTHER_PHONE.value]
        send(cis, person, ContactChange("phone", replaces=spelled))
        assert contacts(cis, person, "phone") == [OTHER_PHONE.value]

    def test_replacing_one_contact_by_another_that_is_there_leaves_one(self, cis, town):
        person, _ = town.customer()
        send(cis, person, PHONE, OTHER_PHONE, ContactChange("phone", OTHER_PHONE.value, replaces=PHONE.value))
        assert contacts(cis, person, "phone") == [OTHER_PHONE.value]

    def test_what_was_to_be_replaced_and_is_gone_is_no_loss(self, cis, town):
        person, _ = town.customer()
        send(cis, person, PHONE)
        cis.desk.change(person, ContactChange("phone", OTHER_PHONE.value, replaces=PHONE.value))
        send(cis, person, ContactChange("phone", "+12025550175", replaces=PHONE.value))
        assert contacts(cis, person, "phone") == [OTHER_PHONE.value, "+12025550175"]

    def test_a_replaced_number_keeps_its_kind_where_no_other_is_said(self, cis, town):
        person, _ = town.customer()
        send(cis, person, PHONE, ContactChange("phone", "+12025550175", replaces=PHONE.value))
        held = cis.read("person", person)["contacts"]
        assert [each["contact_type"] for each in held if each["routing"] == "phone"] == ["mobile"]

    def test_twelve_who_add_a_number_at_once_all_add_it(self, cis, town):
        person, _ = town.customer()
        together = Barrier(6)

        def add(n):
            together.wait()
            send(cis, person, ContactChange("phone", f"+120255501{n:02}"))

        with ThreadPoolExecutor(6) as pool:
            list(pool.map(add, range(12)))
        assert len(contacts(cis, person, "phone")) == 12


class TestIdentifiers:
    def test_a_value_that_many_may_have_is_nobodys_alone(self, cis, town):
        for person in (town.customer()[0], town.customer()[0]):
            send(cis, person, identifier("4321", "ssn_last4"))

    def test_of_two_who_enter_one_document_at_once_one_is_refused(self, cis, town):
        people = [town.customer()[0] for _ in range(2)]
        together = Barrier(2)

        def enter(person):
            together.wait()
            try:
                return bool(send(cis, person, identifier("SAME-1")))
            except Rejected as no:
                return no.code

        with ThreadPoolExecutor(2) as pool:
            assert sorted(map(str, pool.map(enter, people))) == ["True", "identifier_in_use"]


class TestDetails:
    def test_what_held_before_is_kept_with_its_end(self, cis, town):
        person, _ = town.customer()
        send(cis, person, DetailChange("language", "es"))
        send(cis, person, DetailChange("language", "vi"))
        held = [each for each in cis.read("person", person)["details"] if each["name"] == "language"]
        assert [(each["value"], each["ended_at"] is None) for each in held] == [("es", False), ("vi", True)]

    def test_a_birth_date_that_was_imported_is_kept_too(self, cis, town):
        person = town.person(date_of_birth="1980-05-06")
        send(cis, person, DetailChange("date_of_birth", "1980-06-05"))
        held = cis.read("person", person)
        assert held["date_of_birth"] == date(1980, 6, 5)
        assert [(each["value"], each["ended_at"] is None) for each in held["details"]] == [
            ("1980-05-06", False),
            ("1980-06-05", True),
        ]
        send(cis, person, DetailChange("date_of_birth"))
        assert cis.read("person", person)["date_of_birth"] is None

    def test_a_value_that_an_import_has_changed_since_can_be_set_again(self, cis, town):
        person = town.person(date_of_birth="1980-05-06")
        send(cis, person, DetailChange("date_of_birth", "1980-06-05"))
        town.person(ref=person, date_of_birth="1980-05-06")
        send(cis, person, DetailChange("date_of_birth", "1980-06-05"))
        assert cis.read("person", person)["date_of_birth"] == date(1980, 6, 5)

    def test_a_life_support_claim_may_be_prolonged(self, cis, town):
        person, account = town.customer()
        for day in (LATER, LATER + timedelta(days=365)):
            send(cis, person, DetailChange("life_support", "certified", account_ref=account, until=day))
        held = cis.read("account", account)["details"]
        assert [each["until"] for each in held if each["ended_at"] is None] == [LATER + timedelta(days=365)]

    @pytest.mark.parametrize("change", [DetailChange("date_of_birth", "5/6/80"), DetailChange("No Such Name", "x")])
    def test_what_cannot_be_read_is_refused(self, cis, town, change):
        person, _ = town.customer()
        with pytest.raises(Rejected) as no:
            send(cis, person, change)
        assert no.value.code in ("unreadable_value", "against_the_rules")
        assert "5/6" not in str(no.value)


class TestWhereBillsGo:
    def to(self, cis, account, *days):
        return [cis.where_bills_go(account, day).line1 for day in days]

    def test_a_temporary_address_gives_way_to_what_held_before(self, cis, town):
        person, account = town.customer()
        last = LATER + timedelta(days=10)
        send(cis, person, MailingChange(CABIN, (account,), LATER, last))
        days = (LATER - timedelta(1), LATER, last, last + timedelta(1))
        assert self.to(cis, account, *days) == [HOME, CABIN.line1, CABIN.line1, HOME]

    def test_a_season_goes_before_the_usual_address_each_year_over_new_years_eve(self, cis, town):
        person, account = town.customer()
        send(cis, person, MailingChange(CABIN, (account,), season=WINTER), MailingChange(MAILING, (account,)))
        days = (date(2100, 10, 31), date(2100, 11, 1), date(2101, 1, 1), date(2101, 3, 31), date(2101, 4, 1))
        winter = [CABIN.line1] * 3
        assert self.to(cis, account, *days) == [MAILING.line1, *winter, MAILING.line1]

    def test_a_season_of_the_persons_leaves_the_rest_of_the_year_to_the_service_address(self, cis, town):
        person, account = town.customer()
        premise = town.vacant()
        newer = send_newcomer(cis, premise, person)
        send(cis, person, MailingChange(CABIN, season=WINTER))
        assert self.to(cis, newer, date(2100, 12, 1), date(2100, 6, 1)) == [CABIN.line1, f"{premise} Mill Lane"]
        assert self.to(cis, account, date(2100, 12, 1), date(2100, 6, 1)) == [CABIN.line1, HOME]
        send(cis, person, MailingChange(None, season=WINTER))
        assert self.to(cis, account, date(2100, 12, 1)) == [HOME]

    def test_the_same_season_gets_another_address(self, cis, town):
        person, account = town.customer()
        send(cis, person, MailingChange(CABIN, (account,), season=WINTER))
        send(cis, person, MailingChange(MAILING, (account,), season=WINTER))
        assert self.to(cis, account, date(2100, 12, 1)) == [MAILING.line1]

    def test_an_accounts_own_season_and_one_of_the_persons_must_not_overlap_either(self, cis, town):
        person, account = town.customer()
        send(cis, person, MailingChange(CABIN, (account,), season=WINTER))
        with pytest.raises(Rejected, match="overlapping_season"):
            send(cis, person, MailingChange(MAILING, season=((3, 1), (4, 1))))

    def test_what_is_said_later_holds_from_its_day_on(self, cis, town):
        person, account = town.customer()
        send(cis, person, MailingChange(CABIN, (account,), LATER))
        send(cis, person, MailingChange(MAILING, (account,)))
        assert self.to(cis, account, LATER, LATER + timedelta(999)) == [MAILING.line1] * 2

    def test_the_persons_old_address_stays_on_file_with_its_end(self, cis, town):
        person, _ = town.customer()
        send(cis, person, MailingChange(CABIN, from_day=LATER))
        held = cis.read("person", person)["addresses"]
        assert [(each["line1"], each["valid_from"], each["valid_to"]) for each in held] == [
            (HOME, None, LATER - timedelta(days=1)),
            (CABIN.line1, LATER, None),
        ]

    @pytest.mark.parametrize("season", [((2, 30), (3, 1)), ((13, 1), (1, 1)), ((1,), (2, 2)), 7])
    def test_a_season_between_days_that_are_none_is_refused(self, cis, town, season):
        person, account = town.customer()
        with pytest.raises(Rejected, match="unreadable_value"):
            send(cis, person, MailingChange(CABIN, (account,), season=season))

    def test_what_is_planned_still_comes_after_an_import_of_another_address(self, cis, town):
        person, account = town.customer()
        send(cis, person, MailingChange(CABIN, from_day=LATER))
        for _ in range(2):
            town.person(ref=person, line1="99 New Street")
        assert self.to(cis, account, LATER - timedelta(1), LATER) == ["99 New Street", CABIN.line1]
        held = cis.read("person", person)["addresses"]
        assert sorted(each["line1"] for each in held) == [CABIN.line1, HOME, "99 New Street"]

    def test_an_import_of_the_same_file_leaves_a_seasonal_address_alone(self, cis, town):
        person, account = town.customer()
        send(cis, person, MailingChange(CABIN, season=WINTER))
        before = cis.read("person", person)
        town.person(ref=person, family_name=before["names"][0]["family_name"], email=before["contacts"][0]["value"])
        cis.adopt(
            "accounts", [{"ref": account, "person_ref": person, "customer_class": "residential", "status": "active"}]
        )
        assert cis.read("person", person) == before


class TestTheStaffsOwnWord:
    def test_a_row_that_staff_took_over_is_theirs_for_good(self, cis, town):
        person, account = town.customer()
        role = RoleChange(account, *HELPER)
        send(cis, person, role)
        (row,) = on_account(cis, account)
        cis.desk.take_over(account, row["person_ref"], relationship="authorised")
        (taken,) = on_account(cis, account)
        assert (taken["relationship"], taken["portal_owned"]) == ("authorised", False)
        send(cis, person, role)  # is on the account already: nothing to do
        with pytest.raises(Rejected, match="not_portal_owned"):
            send(cis, person, replace(role, ends=True))
        assert on_account(cis, account) == [taken]
        with pytest.raises(Rejected, match="not_portal_owned"):
            cis.desk.take_over(account, row["person_ref"], relationship="spouse")

    def test_staff_cannot_hand_a_row_to_the_portal(self, cis, town):
        person, account = town.customer()
        send(cis, person, RoleChange(account, *HELPER))
        (row,) = on_account(cis, account)
        with pytest.raises(Rejected, match="against_the_rules"):
            cis.desk.take_over(account, row["person_ref"], relationship="self_service")

    def test_somebody_whom_staff_entered_is_not_the_portals_to_remove(self, cis, town):
        person, account = town.customer()
        spouse = town.person(given_name="Bo", family_name="Lind", email="bo@example.org")
        cis.desk.add_to_account(account, spouse, relationship="spouse", pays=True)
        send(cis, person, RoleChange(account, "Bo Lind", "BO@example.org"))
        assert [(row["person_ref"], row["relationship"]) for row in on_account(cis, account)] == [(spouse, "spouse")]
        with pytest.raises(Rejected, match="not_portal_owned"):
            send(cis, person, RoleChange(account, "Bo Lind", "bo@example.org", ends=True))

    def test_the_main_customer_is_not_removed_by_the_portal_either(self, cis, town):
        person = town.person(given_name="Bo", family_name="Lind", email="bo@example.org")
        account = town.account(person)
        with pytest.raises(Rejected, match="not_portal_owned"):
            send(cis, person, RoleChange(account, "", "bo@example.org", ends=True))

    def test_one_helper_on_two_accounts_of_a_customer_is_one_person(self, cis, town):
        person, account = town.customer()
        second = town.account(person)
        send(
            cis,
            person,
            RoleChange(account, *HELPER),
            RoleChange(second, HELPER[0].upper(), HELPER[1].upper(), "designee"),
        )
        (first,), (other,) = on_account(cis, account), on_account(cis, second)
        assert first["person_ref"] == other["person_ref"]
        assert (first["portal_role"], other["portal_role"]) == ("delegate", "designee")
        send(cis, person, RoleChange(account, *HELPER, ends=True))
        assert (len(on_account(cis, account)), len(on_account(cis, second))) == (0, 1)

    def test_a_helper_may_not_speak_for_the_account_in_the_cis(self, cis, town):
        person, account = town.customer()
        send(cis, person, RoleChange(account, *HELPER))
        (row,) = on_account(cis, account)
        with pytest.raises(Rejected, match="not_their_account"):
            send(cis, row["person_ref"], MailingChange(CABIN, (account,)))

    def test_staff_change_a_phone_without_a_key(self, cis, town):
        person, _ = town.customer()
        before = cis.counts()["customer_contacts"]
        cis.desk.change(person, PHONE)
        assert contacts(cis, person, "phone") == [PHONE.value]
        assert cis.counts()["customer_contacts"] == before
        assert cis.effects() == []
        with pytest.raises(Rejected, match="unknown_person"):
            cis.desk.change("nobody", PHONE)


class TestKeys:
    def test_the_effects_tell_of_an_update(self, cis, town):
        person, _ = town.customer()
        command, key = update_of(person, PHONE), a_key()
        cis.send(command, key=key)
        (effect,) = cis.effects()
        assert (effect["command"], effect["person_ref"], effect["account_ref"]) == ("UpdateCustomer", person, "")

    def test_a_person_without_an_account_can_be_changed_and_looked_up(self, cis, town):
        person, key = town.person(), a_key()
        GuardedCis(cis).send(update_of(person, PHONE, MailingChange(CABIN)), key=key)
        assert GuardedCis(cis).find(key).person_ref == person

    def test_two_values_that_only_look_alike_are_two_commands(self, cis, town):
        """A field that is kept out of a change's text must still count."""
        person, key = town.person(), a_key()
        command = update_of(person, PHONE)
        cis.send(command, key=key)
        with pytest.raises(Rejected, match="key_reused"):
            cis.send(replace(command, changes=(OTHER_PHONE,)), key=key)

    def test_staff_read_whether_something_changed(self, cis, town):
        person, account = town.customer()
        for _ in range(2):
            send(cis, person, PHONE, MailingChange(CABIN, (account,)), DetailChange("language", "es"))
        texts = [each["text"] for each in cis.read("person", person)["customer_contacts"]]
        assert [text.endswith("It was so already.") for text in texts] == [False] * 3 + [True] * 3
        (first, again) = cis.read("account", account)["customer_contacts"]
        assert (first["contact_type"], again["contact_type"]) == ("mailing_changed", "mailing_changed")

    def test_a_change_that_nobody_knows_is_refused(self, cis, town):
        with pytest.raises(Rejected, match="unknown_command"):
            send(cis, town.person(), HalfLife("x"))

    def test_twenty_deliveries_of_one_update_at_once_have_one_effect(self, cis, town):
        person, account = town.customer()
        command, key = update_of(person, *everything(account)), a_key()
        together = Barrier(20)

        def deliver(_):
            together.wait()
            return cis.send(command, key=key)

        with ThreadPoolExecutor(20) as pool:
            answers = list(pool.map(deliver, range(20)))
        assert sorted(answer.repeated for answer in answers) == [False] + [True] * 19
        assert len(cis.read("person", person)["customer_contacts"]) == len(command.changes)


def send_newcomer(cis, premise, person):
    return cis.send(newcomer_at(premise, person_ref=person, person=None), key=a_key()).account_ref
