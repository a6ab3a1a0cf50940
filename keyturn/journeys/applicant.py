"""How do the answers of a request describe a person?"""

from dataclasses import replace

from keyturn.journeys.journey import Answers
from keyturn.terms.address import Address
from keyturn.terms.days import day_of
from keyturn.terms.person import Identifier, Kind, PersonDetails


def applicant(answers: Answers) -> PersonDetails:
    """The person as they describe themselves. What cannot be read (a date that is none) is left out, never guessed."""
    organisation = answers.get("kind") == "organisation"
    return PersonDetails(
        kind=Kind.ORGANISATION if organisation else Kind.PERSON,
        given_name="" if organisation else answers.get("given_name", ""),
        middle_name="" if organisation else answers.get("middle_name", ""),
        family_name="" if organisation else answers.get("family_name", ""),
        suffix="" if organisation else answers.get("suffix", ""),
        organisation_name=answers.get("organisation_name", "") if organisation else "",
        date_of_birth=None if organisation else day_of(answers.get("date_of_birth")),
        emails=tuple(filter(None, [answers.get("email", "")])),
        phones=tuple(filter(None, [answers.get("phone", "")])),
        identifiers=tuple(filter(None, [identifier(answers)])),
        addresses=tuple(filter(None, [mailing_address(answers), _address(answers, "previous_address")])),
    )


def held_against_file(answers: Answers, served: Address | None) -> PersonDetails:
    """As they describe themselves, to be compared with somebody on file. The only address is where letters are to go, be it
    the place that will be `served`: where they lived before helps to find them, and is no news.
    """
    letters = served if answers.get("mail_elsewhere") is False else mailing_address(answers)
    return replace(applicant(answers), addresses=tuple(filter(None, [letters])))


def identifier(answers: Answers) -> Identifier | None:
    """The identifier given, if any."""
    kind, value = answers.get("id_type", ""), answers.get("id_value", "")
    return Identifier(kind, value) if kind and kind != "none" and value else None


def mailing_address(answers: Answers) -> Address | None:
    """Where letters go, when it is not the service address."""
    return None if answers.get("mail_elsewhere") is False else _address(answers, "mailing_address")


def service_address(answers: Answers) -> Address | None:
    """The service address as typed; None where a premise was chosen by its id."""
    return _address(answers, "service_address")


def _address(answers: Answers, name: str) -> Address | None:
    row = answers.get(name)
    address = Address.from_mapping(row) if isinstance(row, dict) else None
    return address or None
