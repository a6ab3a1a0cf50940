"""Who is a person, as the process speaks of one: a human being or an organisation?"""

from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from keyturn.terms.address import Address


class Kind(StrEnum):
    """C.1: drives the name rule, the accepted identifiers and what is asked."""

    PERSON = "person"
    ORGANISATION = "organisation"


@dataclass(frozen=True, slots=True)
class Identifier:
    """A government or tax identifier. `value` is the plain text and lives in memory only (quality.md section 4)."""

    id_type: str
    value: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class PersonDetails:
    """What one source says about a person; any part may be missing.

    The same shape describes an applicant, a row of an import and a person on file, so that one matcher serves
    every door (quality.md section 2, point 8). `addresses` holds mailing, previous and service addresses alike.
    """

    kind: Kind = Kind.PERSON
    given_name: str = ""
    middle_name: str = ""
    family_name: str = ""
    suffix: str = ""
    organisation_name: str = ""
    date_of_birth: date | None = None
    emails: tuple[str, ...] = ()
    phones: tuple[str, ...] = ()
    identifiers: tuple[Identifier, ...] = ()
    addresses: tuple[Address, ...] = ()

    @property
    def display_name(self) -> str:
        """The name as it would be read out."""
        if self.kind is Kind.ORGANISATION:
            return self.organisation_name
        return " ".join(part for part in (self.given_name, self.middle_name, self.family_name, self.suffix) if part)
