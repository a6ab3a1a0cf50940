"""Is each address well formed and possible, of the service and of the post, here and abroad? (V-08, V-12, V-15)"""

from datetime import UTC, datetime
from typing import Any

import pytest

from keyturn.steps.validate import rules, step
from keyturn.terms.policy import Policy
from tests.steps.form import form


class TestMailingAddresses:
    HOME = {"line1": "12 Elm Street", "city": "Salem", "state": "OR", "postal_code": "97301"}

    @pytest.mark.rule("V-08")
    @pytest.mark.parametrize(
        ("change", "fields"),
        [
            ({}, []),
            ({"postal_code": "97301-1234"}, []),
            ({"postal_code": "9730"}, ["mailing_address.postal_code"]),
            ({"postal_code": "٩٧٣٠١"}, ["mailing_address.postal_code"]),  # digits, but not ours
            ({"postal_code": ""}, ["mailing_address.postal_code"]),
            ({"line1": ""}, ["mailing_address.line1"]),
            ({"city": None}, ["mailing_address.city"]),
            ({"country": "PT", "postal_code": "1100-053"}, []),
            ({"country": "HK", "postal_code": "", "state": ""}, []),  # has no postal codes
            ({"country": "1!"}, ["mailing_address.country"]),
            ({"country": ""}, ["mailing_address.country", "mailing_address.postal_code"][:1]),
        ],
    )
    def test_say_enough_for_a_letter_to_arrive(self, change: dict[str, Any], fields: list[str]) -> None:
        found = rules.mailing_address_is_complete(form(mail_elsewhere=True, mailing_address={**self.HOME, **change}))
        assert [each.field for each in found] == fields

    @pytest.mark.rule("V-08")
    @pytest.mark.parametrize(
        ("elsewhere", "fields"), [(False, []), (None, []), (True, ["line1", "city", "postal_code"])]
    )
    def test_are_needed_only_where_letters_go_elsewhere(self, elsewhere: bool | None, fields: list[str]) -> None:
        found = rules.mailing_address_is_complete(form(mail_elsewhere=elsewhere))
        assert [each.field.removeprefix("mailing_address.") for each in found] == fields

    @pytest.mark.rule("V-08")
    def test_of_a_partner_are_taken_as_they_were_told(self) -> None:
        assert (
            list(rules.mailing_address_is_complete(form(strict=False, mailing_address={"line1": "12 Elm Street"})))
            == []
        )


class TestForeignAddresses:
    @pytest.mark.rule("V-15")
    def test_each_part_that_does_not_fit_is_named(self) -> None:
        found = list(rules.foreign_address_fits([("postal_code", "required"), ("city", "invalid")]))
        assert [(each.field, each.params["why"]) for each in found] == [
            ("mailing_address.postal_code", "required"),
            ("mailing_address.city", "invalid"),
        ]

    @pytest.mark.rule("V-15")
    @pytest.mark.parametrize(
        ("channel", "postal_code", "fields"),
        [("portal", "SW1A 1AA", []), ("portal", "12", ["mailing_address.postal_code"]), ("api", "12", [])],
    )
    def test_a_customer_is_told_and_a_partner_is_believed(
        self, channel: str, postal_code: str, fields: list[str]
    ) -> None:
        british = {"line1": "10 Downing Street", "city": "London", "postal_code": postal_code, "country": "GB"}
        answers = {"mail_elsewhere": True, "mailing_address": british}
        now = datetime(2026, 12, 7, 18, tzinfo=UTC)
        found = step.findings_for(answers, channel=channel, now=now, policy=Policy())
        assert [each.field for each in found if each.field.startswith("mailing_address")] == fields


class TestAPartnersMailingAddress:
    @pytest.mark.rule("V-08")
    @pytest.mark.parametrize(
        ("address", "fields"),
        [
            ({"city": "Millbrook"}, []),
            ({"line2": "Rose Cottage"}, []),
            ({"state": "OR"}, ["mailing_address.line1"]),
            ({"line1": ""}, ["mailing_address.line1"]),
        ],
    )
    def test_may_be_as_short_as_what_they_were_told(self, address: dict[str, str], fields: list[str]) -> None:
        found = rules.mailing_address_is_complete(form(strict=False, mailing_address=address))
        assert [each.field for each in found] == fields


class TestServiceAddresses:
    @pytest.mark.rule("V-12")
    @pytest.mark.parametrize(
        ("address", "fields"),
        [
            ({"premise_id": "p"}, []),
            ({"line1": "12 Elm Street", "city": "Salem"}, []),
            ({"line1": "12 Elm Street", "postal_code": "97301"}, []),
            ({"line1": "12 Elm Street"}, ["service_address.city"]),
            ({"city": "Salem"}, ["service_address.line1"]),
            ({}, ["service_address.line1", "service_address.city"]),
            ({"line1": "12 Elm Street", "postal_code": "97301-1234"}, []),
            ({"line1": "12 Elm Street", "postal_code": "9789"}, ["service_address.postal_code"]),
            ({"line1": "12 Elm Street", "postal_code": "abc"}, ["service_address.postal_code"]),
            ({"line1": "12 Elm Street", "postal_code": "K1A 0B1", "country": "CA"}, []),
        ],
    )
    def test_name_a_place(self, address: dict[str, str], fields: list[str]) -> None:
        assert [each.field for each in rules.service_address_is_usable(form(service_address=address))] == fields

    @pytest.mark.rule("V-12")
    def test_of_a_partner_are_taken_as_they_were_told(self) -> None:
        told = form(strict=False, service_address={"line1": "12 Elm Street", "postal_code": "9789"})
        assert list(rules.service_address_is_usable(told)) == []
