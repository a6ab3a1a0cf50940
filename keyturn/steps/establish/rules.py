"""What is written down about a person, and in which account does the service go?"""

from dataclasses import dataclass

from keyturn.matching.contacts import normal_email, normal_phone
from keyturn.terms.finding import rule
from keyturn.terms.person import Kind, PersonDetails
from keyturn.terms.policy import Policy


@dataclass(frozen=True, slots=True)
class Contact:
    channel: str
    value: str
    normalised: str


@rule(
    "E-01",
    "A new person has one primary contact for each channel, and at most one primary identifier",
    implements=("BR-09", "BR-10", "BR-15"),
)
def contacts_of(details: PersonDetails, *, country: str) -> list[Contact]:
    """The contacts to write, the first of each channel being primary. What cannot be normalised is kept as typed."""
    found = [Contact("email", each, normal_email(each) or each.casefold()) for each in details.emails]
    found += [Contact("phone", each, normal_phone(each, country=country) or each) for each in details.phones]
    return found


@rule("E-02", "A new account has one main customer, who is responsible", implements=("BR-19", "BR-20"))
def main_customer() -> dict[str, object]:
    return {"is_main": True, "is_responsible": True, "is_guarantor": False, "relationship": "main"}


@rule("E-03", "A person on file is never overwritten by an application", implements=("BR-07",))
def may_write_person(*, is_new: bool) -> bool:
    """I4: what a known person says differently becomes a proposal beside the file."""
    return is_new


@rule("E-04", "The customer class follows from the kind of customer", implements=("BR-02",))
def customer_class(kind: Kind, policy: Policy) -> str:
    return policy.customer_class_organisation if kind is Kind.ORGANISATION else policy.customer_class_person


@rule("E-05", "A link and a person made by a request can be told apart and taken back")
def link_is_automatic(person_decision: dict[str, object]) -> bool:
    """I6: automatic where no word of staff about the person stands."""
    return "by" not in person_decision


@rule("E-40", "Of the links that the machine makes a share is looked at again, and nobody can choose which")
def is_looked_at_again(mark: str, *, share: float) -> bool:
    """`mark` is a keyed digest of the request's id, in hexadecimal: who does not know the key can neither foresee nor
    arrange what it says, and a job that is run again says the same."""
    return int(mark[:13], 16) < share * 16**13
