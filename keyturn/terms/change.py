"""Which changes to a customer's information are there, each in the words of the process and of the CIS alike?

A maintenance request amounts to some of these. `from_day` is the first day on which the new value holds and `to_day`
the last, in the utility's own calendar; no `from_day`: at once, no `to_day`: until something else is said.
"""

from dataclasses import dataclass, field
from datetime import date

from keyturn.terms.address import Address
from keyturn.terms.person import Identifier


@dataclass(frozen=True, slots=True)
class NameChange:
    """Another name of one type (C.2): a new primary name turns the old one into a former name, on its day."""

    name_type: str  # primary, former, alias, dba, alternate
    given_name: str = ""
    middle_name: str = ""
    family_name: str = ""
    suffix: str = ""
    organisation_name: str = ""
    from_day: date | None = None


@dataclass(frozen=True, slots=True)
class ContactChange:
    """A phone number or e-mail address is added, takes another's place (`replaces`), or goes (`value` empty).

    One that takes another's place is the primary one where that was; `is_primary` makes it so in any case (BR-15). The
    first of its channel is primary anyway, and when the primary one goes the next becomes it.
    """

    channel: str  # email, phone
    value: str = field(default="", repr=False)
    contact_type: str = ""  # home, mobile, work
    replaces: str = field(default="", repr=False)
    is_primary: bool = False


@dataclass(frozen=True, slots=True)
class MailingChange:
    """Where bills and letters go (C.5, BR-22): those of `account_refs`, or without any the person's own address.

    The person's own is used for every account of which they are the main customer. `address` None: the service address.
    From `from_day` to `to_day` it holds in place of whatever held before; afterwards that holds again. A season holds
    each year between two days (month, day), both included, and goes before what has none; None ends that season.
    """

    address: Address | None
    account_refs: tuple[str, ...] = ()
    from_day: date | None = None
    to_day: date | None = None
    season: tuple[tuple[int, int], tuple[int, int]] | None = None


@dataclass(frozen=True, slots=True)
class IdentifierChange:
    """A document is added, or takes the place of the one of its type."""

    identifier: Identifier


@dataclass(frozen=True, slots=True)
class DetailChange:
    """Anything with one value: language, formats, paperless, date_of_birth, life_support, restricted, ...

    `name` is the word of the data dictionary (C.1, C.7), `value` its text ("" ends it; dates in ISO 8601); of one
    account where `account_ref` is set. `until` is the last day on which it holds, as of a claim of life support.
    """

    name: str
    value: str = field(default="", repr=False)
    account_ref: str = ""
    until: date | None = None


@dataclass(frozen=True, slots=True)
class RoleChange:
    """Another person on an account (C.8): a delegate, a representative, a designee; or no longer (`ends`).

    The row is the portal's (BR-19..21): it is entered under the relationship that the CIS keeps for it, and never
    makes anybody responsible for a bill (BR-64). Who is meant, the CIS tells by name and e-mail among those on the
    customer's accounts; nobody else on file is ever linked. A row that staff have taken over stays (ER-27).
    """

    account_ref: str
    name: str = field(repr=False)
    email: str = field(repr=False)
    relationship: str = "delegate"  # delegate, designee, representative, executor, member
    ends: bool = False


Change = NameChange | ContactChange | MailingChange | IdentifierChange | DetailChange | RoleChange
