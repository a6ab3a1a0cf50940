"""What must every CIS connector do with an `UpdateCustomer`? The tests; `contract.CisContract` runs them with its own."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from keyturn.connectors.cis.contract_kit import (
    MAILING,
    PASSING,
    Town,
    a_key,
    deliver,
    detail,
    newcomer_at,
    plan_of,
    update_of,
)
from keyturn.connectors.cis.faults import Fault, FaultyCis, Plan
from keyturn.connectors.cis.guard import GuardedCis
from keyturn.terms.address import Address
from keyturn.terms.change import (
    Change,
    ContactChange,
    DetailChange,
    IdentifierChange,
    MailingChange,
    NameChange,
    RoleChange,
)
from keyturn.terms.cis import Cis
from keyturn.terms.errors import InDoubt, Rejected
from keyturn.terms.person import Identifier

LATER = date(2100, 3, 1)
WINTER = ((11, 1), (3, 31))
MARRIED = NameChange("primary", given_name="Ada", family_name="Achterberg")
PHONE = ContactChange("phone", "+12025550171", contact_type="mobile")
OTHER_PHONE = ContactChange("phone", "+12025550172")
CABIN = Address("3 Lake Shore", "", "Tahoe City", "CA", "96145", "US")
HELPER = ("Grete Sommer", "grete@example.org")


def names(cis: Cis, person: str, name_type: str) -> list[tuple[str, str]]:
    held = cis.read("person", person)["names"]  # type: ignore[index]
    return [(each["given_name"], each["family_name"]) for each in held if each["name_type"] == name_type]


def contacts(cis: Cis, person: str, routing: str) -> list[str]:
    """The primary one first."""
    return [each["value"] for each in cis.read("person", person)["contacts"] if each["routing"] == routing]  # type: ignore[index]


def on_account(cis: Cis, account: str) -> list[Mapping[str, Any]]:
    """Everybody but the main customer."""
    return [each for each in cis.read("account", account)["persons"] if not each["main_customer"]]  # type: ignore[index]


def file_on(cis: Cis, person: str, account: str) -> list[Any]:
    """All that may change, without the customer contacts, which tell of it."""
    held = [dict(cis.read(noun, ref) or {}) for noun, ref in (("person", person), ("account", account))]
    for each in held:
        del each["customer_contacts"]
    return held


def identifier(value: str, id_type: str = "passport") -> IdentifierChange:
    return IdentifierChange(Identifier(id_type, value))


class UpdateContract:
    """Subclass `contract.CisContract`, which has these too."""

    # What each change does, seen by reading

    def test_a_new_primary_name_turns_the_old_one_into_a_former_name(self, cis: Cis, town: Town) -> None:
        person, _ = town.customer()
        (old,) = names(cis, person, "primary")
        answer = cis.send(update_of(person, MARRIED), key=a_key())
        assert answer.person_ref == person
        assert names(cis, person, "primary") == [("Ada", "Achterberg")]
        assert names(cis, person, "former") == [old]

    def test_another_name_stands_beside_the_primary_one(self, cis: Cis, town: Town) -> None:
        person, _ = town.customer()
        before = names(cis, person, "primary")
        cis.send(update_of(person, NameChange("alias", given_name="Adele", family_name="Lind")), key=a_key())
        assert names(cis, person, "alias") == [("Adele", "Lind")]
        assert names(cis, person, "primary") == before

    def test_the_first_of_a_channel_is_primary_and_the_next_is_not(self, cis: Cis, town: Town) -> None:
        person, _ = town.customer()
        cis.send(update_of(person, PHONE, OTHER_PHONE), key=a_key())
        assert contacts(cis, person, "phone") == [PHONE.value, OTHER_PHONE.value]

    def test_a_contact_that_is_asked_to_be_primary_goes_first(self, cis: Cis, town: Town) -> None:
        person, _ = town.customer()
        cis.send(update_of(person, PHONE, replace(OTHER_PHONE, is_primary=True)), key=a_key())
        assert contacts(cis, person, "phone") == [OTHER_PHONE.value, PHONE.value]
        cis.send(update_of(person, replace(PHONE, is_primary=True)), key=a_key())
        assert contacts(cis, person, "phone") == [PHONE.value, OTHER_PHONE.value]

    def test_a_contact_takes_anothers_place_and_stays_primary(self, cis: Cis, town: Town) -> None:
        person, _ = town.customer()
        cis.send(update_of(person, PHONE, OTHER_PHONE), key=a_key())
        third = ContactChange("phone", "+12025550173", replaces=PHONE.value)
        cis.send(update_of(person, third), key=a_key())
        assert contacts(cis, person, "phone") == [third.value, OTHER_PHONE.value]

    def test_when_the_primary_contact_goes_the_next_becomes_it(self, cis: Cis, town: Town) -> None:
        person, _ = town.customer()
        cis.send(update_of(person, PHONE, OTHER_PHONE), key=a_key())
        cis.send(update_of(person, ContactChange("phone", replaces=PHONE.value)), key=a_key())
        assert contacts(cis, person, "phone") == [OTHER_PHONE.value]

    def test_a_document_is_entered_and_replaced(self, cis: Cis, town: Town) -> None:
        person, _ = town.customer()
        for value in ("CONTRACT-1", "CONTRACT-2"):
            cis.send(update_of(person, identifier(value)), key=a_key())
        held = cis.read("person", person)["identifiers"]  # type: ignore[index]
        assert [each["value"] for each in held if each["id_type"] == "passport"] == ["CONTRACT-2"]

    def test_details_of_person_and_account_are_entered_and_ended(self, cis: Cis, town: Town) -> None:
        person, account = town.customer()
        cis.send(
            update_of(
                person,
                DetailChange("language", "es"),
                DetailChange("formats", "braille"),
                DetailChange("life_support", "claimed", until=LATER),
                DetailChange("paperless", "yes", account_ref=account),
            ),
            key=a_key(),
        )
        assert cis.read("person", person)["language"] == "es"  # type: ignore[index]
        assert detail(cis, "person", person, "life_support") == [("claimed", LATER)]
        assert detail(cis, "account", account, "paperless") == [("yes", None)]
        cis.send(update_of(person, DetailChange("formats")), key=a_key())
        assert detail(cis, "person", person, "formats") == []

    # Where bills go

    def test_an_account_gets_its_own_address_and_the_source_is_switched_with_it(self, cis: Cis, town: Town) -> None:
        person, account = town.customer()
        cis.send(update_of(person, MailingChange(MAILING, (account,))), key=a_key())
        held = cis.read("account", account)
        assert (held["mailing_source"], held["mailing_address"]) == ("account", MAILING.as_json())  # type: ignore[index]

    def test_the_persons_address_is_used_for_every_account_of_theirs(self, cis: Cis, town: Town) -> None:
        person, account = town.customer()
        second = cis.send(newcomer_at(town.vacant(), person_ref=person, person=None), key=a_key()).account_ref
        cis.send(update_of(person, MailingChange(MAILING, (account, second))), key=a_key())
        cis.send(update_of(person, MailingChange(CABIN)), key=a_key())
        assert [cis.read("account", ref)["mailing_source"] for ref in (account, second)] == ["person"] * 2  # type: ignore[index]
        held = cis.read("person", person)["addresses"]  # type: ignore[index]
        assert [each["line1"] for each in held if each["kind"] == "mailing" and each["valid_to"] is None] == [
            CABIN.line1
        ]

    def test_bills_go_back_to_the_service_address(self, cis: Cis, town: Town) -> None:
        person, account = town.customer()
        cis.send(update_of(person, MailingChange(MAILING, (account,))), key=a_key())
        cis.send(update_of(person, MailingChange(None, (account,))), key=a_key())
        assert cis.read("account", account)["mailing_source"] == "premise"  # type: ignore[index]

    def test_an_address_from_a_later_day_waits_for_it(self, cis: Cis, town: Town) -> None:
        person, account = town.customer()
        before = cis.read("account", account)["mailing_source"]  # type: ignore[index]
        cis.send(update_of(person, MailingChange(MAILING, (account,), LATER, LATER + timedelta(30))), key=a_key())
        held: Any = cis.read("account", account)
        assert held["mailing_source"] == before
        assert [(each["source"], each["city"], each["valid_from"], each["valid_to"]) for each in held["mailing"]] == [
            ("account", "Paris", LATER, LATER + timedelta(30))
        ]

    def test_an_address_for_a_season_holds_between_two_days(self, cis: Cis, town: Town) -> None:
        person, account = town.customer()
        cis.send(update_of(person, MailingChange(CABIN, (account,), season=WINTER)), key=a_key())
        held: Any = cis.read("account", account)["mailing"]  # type: ignore[index]
        assert [(each["season"], each["line1"]) for each in held] == [(WINTER, CABIN.line1)]
        cis.send(update_of(person, MailingChange(None, (account,), season=WINTER)), key=a_key())
        today = held[0]["valid_from"]
        left: Any = cis.read("account", account)["mailing"]  # type: ignore[index]
        assert [each for each in left if each["valid_to"] is None or each["valid_to"] >= today] == []

    @pytest.mark.parametrize("season", [((3, 31), (5, 1)), ((1, 1), (1, 31)), ((10, 1), (11, 1)), ((2, 1), (1, 31))])
    def test_two_seasons_that_share_a_day_are_refused(self, cis: Cis, town: Town, season: Any) -> None:
        person, account = town.customer()
        cis.send(update_of(person, MailingChange(CABIN, (account,), season=WINTER)), key=a_key())
        before = file_on(cis, person, account)
        with pytest.raises(Rejected, match="overlapping_season"):
            cis.send(update_of(person, MailingChange(MAILING, (account,), season=season)), key=a_key())
        assert file_on(cis, person, account) == before
        summer = MailingChange(MAILING, (account,), season=((4, 1), (10, 31)))
        assert cis.send(update_of(person, summer), key=a_key()).person_ref == person

    # Who else stands on an account

    @pytest.mark.parametrize("relationship", ["delegate", "designee", "representative", "executor", "member"])
    def test_somebody_beside_the_customer_is_known_by_name_and_owes_nothing(
        self, cis: Cis, town: Town, relationship: str
    ) -> None:
        person, account = town.customer()
        cis.send(update_of(person, RoleChange(account, *HELPER, relationship)), key=a_key())
        (row,) = on_account(cis, account)
        assert not row["financially_responsible"]
        assert not row["guarantor"]
        assert row["portal_owned"]
        assert row["portal_role"] == relationship
        (name,) = names(cis, row["person_ref"], "primary")
        assert " ".join(part for part in name if part) == HELPER[0]
        assert contacts(cis, row["person_ref"], "email") == [HELPER[1]]

    def test_whoever_no_longer_acts_is_taken_off_and_may_come_back(self, cis: Cis, town: Town) -> None:
        person, account = town.customer()
        role = RoleChange(account, *HELPER)
        cis.send(update_of(person, role), key=a_key())
        cis.send(update_of(person, replace(role, ends=True)), key=a_key())
        assert on_account(cis, account) == []
        cis.send(update_of(person, role), key=a_key())
        assert len(on_account(cis, account)) == 1

    def test_nobody_on_file_is_linked_because_of_a_name_or_an_address(self, cis: Cis, town: Town) -> None:
        stranger = cis.send(newcomer_at(town.vacant()), key=a_key()).person_ref
        person, account = town.customer()
        cis.send(update_of(person, RoleChange(account, "Rosalind Achterberg", "rosalind@example.org")), key=a_key())
        assert [row["person_ref"] == stranger for row in on_account(cis, account)] == [False]

    # What the CIS's own staff see, and what is refused

    def test_each_change_leaves_a_customer_contact_without_its_value(self, cis: Cis, town: Town) -> None:
        person, account = town.customer()
        command = update_of(person, MARRIED, PHONE, identifier("CANARY-77"), MailingChange(CABIN, (account,)))
        cis.send(command, key=a_key())
        held: Any = cis.read("person", person)["customer_contacts"]  # type: ignore[index]
        texts = [each["text"] for each in held if each["request_reference"] == command.request_reference]
        assert len(texts) == len(command.changes)
        for value in ("Achterberg", "5550171", "CANARY", "Lake"):
            assert not any(value in text for text in texts)

    def test_what_cannot_be_carried_out_is_refused_with_its_reason(self, cis: Cis, town: Town) -> None:
        person, account = town.customer()
        other, others = town.customer()
        cis.send(update_of(other, identifier("TAKEN-1")), key=a_key())
        refused: list[tuple[str, str, tuple[Change, ...]]] = [
            ("unknown_person", "no-such-person", (PHONE,)),
            ("no_changes", person, ()),
            ("identifier_in_use", person, (identifier("taken 1"),)),
            ("incomplete_change", person, (NameChange("primary"),)),
            ("incomplete_change", person, (ContactChange("phone"),)),
            ("incomplete_change", person, (MailingChange(CABIN, (account,), LATER, LATER - timedelta(1)),)),
        ]
        for ref, code in (("no-such-account", "unknown_account"), (others, "not_their_account")):
            refused += [
                (code, person, (MailingChange(CABIN, (account, ref)),)),
                (code, person, (RoleChange(ref, *HELPER),)),
                (code, person, (DetailChange("paperless", "yes", account_ref=ref),)),
            ]
        before = [file_on(cis, person, account), file_on(cis, other, others)]
        for code, who, changes in refused:
            key = a_key()
            with pytest.raises(Rejected) as no:
                cis.send(update_of(who, *changes), key=key)
            assert no.value.code == code
            assert cis.find(key) is None
        assert [file_on(cis, person, account), file_on(cis, other, others)] == before

    def test_one_change_that_is_refused_leaves_all_of_them_undone(self, cis: Cis, town: Town) -> None:
        person, account = town.customer()
        other, _ = town.customer()
        cis.send(update_of(other, identifier("TAKEN-2")), key=a_key())
        before = file_on(cis, person, account)
        several = (MARRIED, PHONE, MailingChange(CABIN, (account,)), RoleChange(account, *HELPER))
        with pytest.raises(Rejected, match="identifier_in_use"):
            cis.send(update_of(person, *several, identifier("TAKEN-2")), key=a_key())
        assert file_on(cis, person, account) == before

    def test_what_is_so_already_is_no_error_and_changes_nothing(self, cis: Cis, town: Town) -> None:
        person, account = town.customer()
        several = everything(account)
        cis.send(update_of(person, *several), key=a_key())
        before = file_on(cis, person, account)
        assert cis.send(update_of(person, *several), key=a_key()).person_ref == person
        gone = ContactChange("phone", replaces="+12025550199")
        nobody = RoleChange(account, "Nobody", "nobody@example.org", ends=True)
        cis.send(update_of(person, gone, nobody), key=a_key())
        assert file_on(cis, person, account) == before

    # Once under a key, whatever goes wrong on the way

    def test_an_update_under_a_known_key_is_not_carried_out_again(self, cis: Cis, town: Town) -> None:
        person, account = town.customer()
        command, key = update_of(person, PHONE, DetailChange("language", "es")), a_key()
        first = cis.send(command, key=key)
        cis.send(update_of(person, ContactChange("phone", replaces=PHONE.value)), key=a_key())
        before = file_on(cis, person, account)
        assert cis.send(command, key=key) == replace(first, repeated=True)
        assert file_on(cis, person, account) == before
        assert cis.find(key) == replace(first, repeated=True)

    def test_another_update_under_a_known_key_is_refused(self, cis: Cis, town: Town) -> None:
        person, _ = town.customer()
        other, _ = town.customer()
        command, key = update_of(person, PHONE), a_key()
        cis.send(command, key=key)
        others = replace(command, changes=(replace(PHONE, value="+12025550174"),)), replace(command, person_ref=other)
        for each in (*others, newcomer_at(town.vacant(), request_reference=command.request_reference)):
            with pytest.raises(Rejected, match="key_reused"):
                cis.send(each, key=key)
        assert contacts(cis, person, "phone") == [PHONE.value]
        assert contacts(cis, other, "phone") == []

    @pytest.mark.parametrize("fault", PASSING)
    def test_one_update_through(self, cis: Cis, town: Town, fault: Fault) -> None:
        person, account = town.customer()
        faulty = FaultyCis(cis, plan_of(fault))
        command, key = update_of(person, *everything(account)), a_key()
        answer = deliver(GuardedCis(faulty), command, key=key)
        faulty.deliver_late()
        assert answer.fits(command)
        assert GuardedCis(cis).find(key) == replace(answer, repeated=True)
        held: Any = cis.read("person", person)["customer_contacts"]  # type: ignore[index]
        told = [each for each in held if each["request_reference"] == command.request_reference]
        assert len(told) == len(command.changes)
        assert len(on_account(cis, account)) == 1

    def test_a_late_update_does_not_bring_back_what_has_been_changed_since(self, cis: Cis, town: Town) -> None:
        person, _ = town.customer()
        faulty = FaultyCis(cis, Plan({"script": [{"fault": "late"}], "seconds": 600.0}))
        command, key = update_of(person, PHONE), a_key()
        with pytest.raises(InDoubt):
            faulty.send(command, key=key)
        faulty.send(command, key=key)
        cis.send(update_of(person, replace(OTHER_PHONE, replaces=PHONE.value)), key=a_key())
        faulty.deliver_late()
        assert contacts(cis, person, "phone") == [OTHER_PHONE.value]


def everything(account: str) -> tuple[Change, ...]:
    """One change of each kind."""
    return (
        MARRIED,
        NameChange("alias", given_name="Adele", family_name="Lind"),
        PHONE,
        replace(OTHER_PHONE, is_primary=True),
        identifier(f"ID-{account}"),
        MailingChange(MAILING, (account,)),
        MailingChange(CABIN, (account,), season=WINTER),
        DetailChange("date_of_birth", "1984-02-29"),
        DetailChange("paperless", "yes", account_ref=account),
        RoleChange(account, *HELPER),
    )
