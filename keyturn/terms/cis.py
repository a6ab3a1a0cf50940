"""What do we say to a customer information system, and what may it answer?

A connector (`keyturn/connectors/cis`) implements `Cis`. Every `send` carries a key that the CIS or the connector
remembers: the same key never has a second effect (I3). A connector raises `Unavailable` (nothing happened), `InDoubt`
(perhaps something did: call `find` before sending again) or `Rejected` (a person must look; nothing was written).

The codes of `Rejected`, the same for every connector where the CIS tells them apart:
    no_person, no_services, no_changes, incomplete_change   the command itself is incomplete
    unknown_person, unknown_account, unknown_premise   the CIS has none under that reference
    not_their_account           `account_ref` belongs to somebody else
    no_service_point            the premise does not have one of the services
    premise_occupied            somebody else is served there and has not asked to stop (ER-05)
    already_served              this person has a pending or active agreement there (BR-43, ER-06)
    nothing_to_cancel, already_active   what a CancelService found
    identifier_in_use           it stands on another person there (BR-08)
    overlapping_season          two seasonal addresses would hold on one day
    not_portal_owned            staff have taken that person on the account over: theirs to remove (BR-21, ER-27)
    cannot_merge                the CIS has no way to make two persons one, or two again: its staff must do it
    cannot_tell                 `find`: the CIS has no way to say what became of a key: staff must look there
    names_another               `read`: what it shows under a reference names another, or nobody
    already_merged, not_merged  what a MergePersons, or an UnmergePersons, found
    key_reused                  the key has been used for another command
    against_the_rules, unreadable_value   anything else that the CIS refused
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from types import MappingProxyType
from typing import Any, Final, Protocol

from keyturn.terms.address import Address
from keyturn.terms.change import Change
from keyturn.terms.errors import InDoubt, KeyturnError, Rejected, Unavailable
from keyturn.terms.person import PersonDetails
from keyturn.terms.premise import Service


@dataclass(frozen=True, slots=True)
class EstablishService:
    """Write what one approved request amounts to: person (new or known), account, link, agreements, contact note.

    Exactly one of `person_ref` (known in the CIS) and `person` (to be created) is set. `account_ref` names an existing
    account of that person to add the service to, or is empty: a new one. `premise_ref` is the CIS's own. The customer
    contact (BR-39) is written with the rest, so that the CIS's own staff see what happened. `paperless`: bills by e-mail
    were chosen for a new account, which says then what a `DetailChange("paperless", "yes")` would make it say; None says
    nothing of bills.

    With `person_ref` or `account_ref` nothing that stands there changes (I4): a `mailing_address` becomes a new
    account's own, and is left aside for an existing one, as `paperless` is. A landlord's agreement gives way and ends the day before
    `start_date`; a later stop that another customer has asked for is pulled back to that day (BR-41).
    """

    request_reference: str
    premise_ref: str
    services: tuple[Service, ...]
    start_date: date
    customer_class: str
    division: str
    language: str
    person_ref: str = ""
    person: PersonDetails | None = None
    mailing_address: Address | None = None
    account_ref: str = ""
    origin: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    paperless: bool | None = None


@dataclass(frozen=True, slots=True)
class CancelService:
    """Undo pending agreements that a request made (compensation of a withdrawn request), and what gave way to them."""

    request_reference: str
    account_ref: str


@dataclass(frozen=True, slots=True)
class UpdateCustomer:
    """Bring up to date what the CIS holds of one person it knows: all of `changes`, or none (process phase 10).

    A customer contact is written with them (BR-39). What the CIS holds already is no error: it changes nothing.
    """

    request_reference: str
    person_ref: str
    changes: tuple[Change, ...]
    origin: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True)
class MergePersons:
    """Two persons that the CIS holds are one: `loser_ref` leads to `survivor_ref` from now on.

    The loser's parts in accounts become the survivor's; where both stand on one account the stronger part stays. Nothing
    is deleted: the loser's own names, contacts and identifiers stay with that record, so that it can be undone.
    """

    request_reference: str
    survivor_ref: str
    loser_ref: str
    origin: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True)
class UnmergePersons:
    """They were two after all: undo what `MergePersons` did for the request `merge_reference`.

    `loser_account_refs` are the accounts that are the loser's now, those that came since among them; whatever else the
    survivor stands on stays with the survivor.
    """

    request_reference: str
    merge_reference: str
    survivor_ref: str
    loser_ref: str
    loser_account_refs: tuple[str, ...] = ()
    origin: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


Command = EstablishService | CancelService | UpdateCustomer | MergePersons | UnmergePersons
ABOUT_PERSONS = (UpdateCustomer, MergePersons, UnmergePersons)
"""Commands whose answer names a person and no account."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the CIS did: its own references for what was established.

    `agreement_refs` maps a service to the pending agreement. `repeated` says that the key was known and nothing new
    happened.
    """

    person_ref: str = ""
    account_ref: str = ""
    agreement_refs: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    repeated: bool = False

    def fits(self, command: Command) -> bool:
        """Does it name everything that `command` asked for? One that does not is no answer: the effect is in doubt."""
        if not self.names_what(command):
            return False
        if isinstance(command, UpdateCustomer):
            return self.person_ref == command.person_ref
        if isinstance(command, MergePersons | UnmergePersons):
            return self.person_ref == command.survivor_ref
        if isinstance(command, CancelService):
            return self.account_ref == command.account_ref
        return (
            not self.lacks(command)
            and command.person_ref in ("", self.person_ref)
            and command.account_ref in ("", self.account_ref)
        )

    def lacks(self, command: Command) -> list[str]:
        """The services that `command` asked for and that it names no agreement of."""
        wanted = command.services if isinstance(command, EstablishService) else ()
        return [service for service in wanted if not self.agreement_refs.get(service)]

    def others_than(self, command: Command) -> dict[str, str]:
        """What it names where `command` named somebody or something else: "person_ref" and "account_ref" to the answer's."""
        asked = {name: getattr(command, name, "") for name in ("person_ref", "account_ref")}
        said = {name: str(getattr(self, name)) for name in asked}
        return {name: said[name] for name, ref in asked.items() if ref and said[name] not in ("", ref)}

    def names_what(self, command: Command) -> bool:
        """Does it name a person, and an account where `command` is about one? `fits` asks for more."""
        return bool(self.person_ref and (self.account_ref or isinstance(command, ABOUT_PERSONS)))


@dataclass(frozen=True, slots=True)
class Changed:
    """The CIS says that one "person", "account" or "premise" is not as it was.

    `key` is the idempotency key of our own command that changed it; "" where somebody else did.
    """

    noun: str
    ref: str
    key: str = ""


@dataclass(frozen=True, slots=True)
class Changes:
    """What changed since a cursor, in the order in which it did. `cursor` is where the next question begins, the CIS's own
    text; `more`: there is more already. What is told twice does no harm, what is left out is never heard of."""

    items: tuple[Changed, ...]
    cursor: str
    more: bool = False


class Cis(Protocol):
    """The CIS in our words (P27). `OPERATIONS` says of each call whether it may be repeated and what may go wrong.

    `offers` names those of "search", "check" and "changes" that this CIS has; the others are never called.
    """

    name: str
    offers: frozenset[str]

    def send(self, command: Command, *, key: str) -> Answer:
        """Carry out `command` once under `key`. Raises Unavailable, InDoubt or Rejected."""
        ...

    def find(self, key: str) -> Answer | None:
        """What happened to `key`? None: the CIS never saw it, sending is safe. Rejected("cannot_tell"): it cannot say."""
        ...

    def read(self, noun: str, ref: str) -> Mapping[str, Any] | None:
        """One "person", "account" or "premise" as the CIS holds it, by its own reference; None where there is none.

        A premise shows its services and who is served there; an account its persons: together with what a person
        shows, all that a verification policy may ask (C.14).
        """
        ...

    def search(self, wanted: PersonDetails) -> tuple[str, ...]:
        """References of persons who show one of `wanted`'s identifiers, or bear its name and birth date or a contact of it."""
        ...

    def check(self, command: EstablishService) -> tuple[str, ...]:
        """Eligibility: the codes for which `send` would reject `command` now; empty: it would be taken. Writes nothing.

        Besides those of `Rejected` staff have words for "debt" (unpaid bills), "disconnected" (cut off there) and
        "premise_not_served"; any other code in small letters is shown as it is. The gravest comes first.
        """
        ...

    def changes(self, since: str, *, limit: int) -> Changes:
        """What changed since the cursor `since` ("": everything that the CIS still knows of), at most `limit` items."""
        ...

    def ping(self) -> None:
        """Reach the CIS and do nothing (`keyturn doctor`)."""
        ...


@dataclass(frozen=True, slots=True)
class Operation:
    """How one call of `Cis` is repeated, what is done when nobody knows its outcome, and what it may raise."""

    repeat: str
    unknown: str
    raises: frozenset[type[KeyturnError]]


_ASKING = Operation("at any time", "ask again: it changes nothing", frozenset({Unavailable, Rejected}))

OPERATIONS: Final[Mapping[str, Operation]] = MappingProxyType(
    {
        "send": Operation(
            "with the same key, once `find` has said that the key is unknown",
            "`find` the key; where the CIS cannot tell, staff look",
            frozenset({Unavailable, InDoubt, Rejected}),
        ),
        "find": _ASKING,
        "read": _ASKING,
        "search": _ASKING,
        "check": _ASKING,
        "changes": Operation("at any time, from the same cursor", "ask again from the same cursor", _ASKING.raises),
        "ping": _ASKING,
    }
)
"""Every call, as `docs/howto/connect-a-cis.md` shows it and the contract tests it."""

OPTIONAL: Final = frozenset({"search", "check", "changes"})
