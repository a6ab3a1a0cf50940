"""What is written down about a person, and in which account? (E-01 to E-05)"""

import pytest

from keyturn.steps.establish import rules
from keyturn.terms.person import Kind, PersonDetails
from keyturn.terms.policy import Policy


@pytest.mark.rule("E-01")
def test_contacts_are_kept_as_typed_beside_their_normal_form() -> None:
    details = PersonDetails(emails=("Ana@Example.com",), phones=("(503) 555-0142",))
    assert rules.contacts_of(details, country="US") == [
        rules.Contact("email", "Ana@Example.com", "ana@example.com"),
        rules.Contact("phone", "(503) 555-0142", "+15035550142"),
    ]


@pytest.mark.rule("E-01")
def test_a_phone_number_is_read_as_in_the_utilitys_country() -> None:
    [contact] = rules.contacts_of(PersonDetails(phones=("612 345 678",)), country="ES")
    assert contact.normalised == "+34612345678"


@pytest.mark.rule("E-01")
def test_what_cannot_be_read_is_kept_as_it_is() -> None:
    [contact] = rules.contacts_of(PersonDetails(phones=("ask my mother",)), country="US")
    assert contact.normalised == "ask my mother"


@pytest.mark.rule("E-02")
def test_the_main_customer_is_responsible_and_no_guarantor() -> None:
    main = rules.main_customer()
    assert (main["is_main"], main["is_responsible"], main["is_guarantor"]) == (True, True, False)


@pytest.mark.rule("E-03")
def test_only_a_new_person_is_written() -> None:
    assert rules.may_write_person(is_new=True) and not rules.may_write_person(is_new=False)


@pytest.mark.rule("E-04")
def test_the_class_of_an_account_follows_from_who_it_is_for() -> None:
    policy = Policy(customer_class_person="home", customer_class_organisation="trade")
    assert rules.customer_class(Kind.PERSON, policy) == "home"
    assert rules.customer_class(Kind.ORGANISATION, policy) == "trade"


@pytest.mark.rule("E-05")
def test_a_link_is_automatic_where_staff_said_nothing() -> None:
    assert rules.link_is_automatic({}) and rules.link_is_automatic({"ruled_out": ["p1"]})
    assert not rules.link_is_automatic({"same": "p1", "by": "staff:7"})
