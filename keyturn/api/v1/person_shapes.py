"""Which shape have persons, accounts and premises on the wire?"""

import re
from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, Field

from keyturn.api.v1.asked import Asked, Word
from keyturn.api.v1.match_shapes import CandidateOut


def _iso_day(value: Any) -> Any:
    """Only YYYY-MM-DD: a number or a time of day is no birth date, though it could be read as one."""
    if value is not None and not (isinstance(value, str) and re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value)):
        raise ValueError("not a day")
    return value


def _iso_moment(value: Any) -> Any:
    """A day, a time and where on earth, as one text: without the last nobody knows which moment is meant."""
    if value is not None and not (isinstance(value, str) and re.fullmatch(_MOMENT, value)):
        raise ValueError("not a moment")
    return value


_MOMENT = r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(:[0-9]{2}([.][0-9]{1,6})?)?(Z|[+-][0-9]{2}:[0-9]{2})"


class AsOfQuery(BaseModel):
    as_of: Annotated[date | None, BeforeValidator(_iso_day)] = Field(
        None, description="What held at the end of this day, where the utility is. Without it: what holds now."
    )
    known_at: Annotated[datetime | None, BeforeValidator(_iso_moment)] = Field(
        None,
        description="As far as was known at this moment (ISO 8601 with a zone). Without it: as far as is known now.",
    )


class DatedOut(BaseModel):
    valid_from: datetime
    valid_to: datetime | None = Field(description="Until just before this moment; null: until further notice.")
    recorded_at: datetime = Field(description="Since when this has been on file in these words.")


class PersonRow(Asked):
    """A person as a row of an import: every field may be empty."""

    ref: Word = Field("", description="Your own key; it comes back with the answer.")
    kind: Literal["person", "organisation"] = "person"
    given_name: Word = ""
    middle_name: Word = ""
    family_name: Word = ""
    suffix: Word = ""
    organisation_name: Word = ""
    date_of_birth: Annotated[date | None, BeforeValidator(_iso_day)] = Field(None, description="ISO 8601.")
    email: Word = ""
    phone: Word = ""
    id_type: Word = Field("", description="driver_licence, state_id, passport, ssn_last4, tax_id, …")
    id_value: Word = ""
    line1: Word = ""
    line2: Word = ""
    city: Word = ""
    state: Word = ""
    postal_code: Word = ""
    country: Word = "US"


class MatchOut(BaseModel):
    ref: str = Field(description="The probe's own key.")
    zone: Literal["link", "review", "new"] = Field(
        description="The matcher's word. That a link in a request also needs something verified is not in it."
    )
    candidates: list[CandidateOut] = Field(description="The best first; at most ten.")
    model: str = Field(description="Version of the model that compared them.")


class PersonQuery(BaseModel):
    q: Word = Field("", description="Beginnings of names, an e-mail, a phone, or the CIS's id of a person or account.")
    ref: Word = Field("", description="Only the person with this id of the CIS.")
    limit: int = Field(50, ge=1, le=200)
    after: Word = Field("", description="`next` of the page before.")


class NameOut(DatedOut):
    name_type: str
    given_name: str
    middle_name: str
    family_name: str
    suffix: str
    organisation_name: str


class ContactOut(DatedOut):
    channel: Literal["email", "phone"]
    value: str
    status: str = Field(description="pending, verified or bounced.")
    is_primary: bool


class IdentifierOut(DatedOut):
    id_type: str
    masked: str = Field(description="The last four characters; the API never shows more.")
    is_primary: bool


class AddressOut(DatedOut):
    purpose: str
    account_id: str | None = Field(description="Only for letters about this account; null: for all of them.")
    season_from: str | None = Field(description="Each year from this day (MM-DD) on; null: all the year.")
    season_to: str | None = Field(description="Each year up to this day (MM-DD), which is included.")
    line1: str
    line2: str
    city: str
    state: str
    postal_code: str
    country: str


class PersonAccountOut(DatedOut):
    account_id: str
    ref: str | None
    relationship: str
    is_main: bool


class PersonOut(BaseModel):
    id: str = Field(description="Of a person who was merged into another: the id of that other one.")
    redirected_from: str | None = Field(
        None, description="The id that was asked for, where that person was merged into this one: use `id` from now on."
    )
    ref: str | None = Field(description="The CIS's own id.")
    kind: Literal["person", "organisation"]
    display_name: str
    date_of_birth: date | None
    language: str
    version: int
    names: list[NameOut]
    contacts: list[ContactOut]
    identifiers: list[IdentifierOut]
    addresses: list[AddressOut] = Field(description="Empty where `addresses_protected`.")
    addresses_protected: bool = Field(description="Where this person lives is kept secret; the API never shows it.")
    accounts: list[PersonAccountOut]


class PersonPage(BaseModel):
    items: list[PersonOut]
    next: str | None


class PageQuery(BaseModel):
    limit: int = Field(50, ge=1, le=200)
    after: Word = Field("", description="`next` of the page before.")


class HistoryOut(BaseModel):
    at: datetime = Field(description="When it was recorded.")
    what: str = Field(
        description="person_entered, name_entered, name_ended, name_corrected, name_withdrawn, contact_entered, …,"
        " role_entered, …, request_linked, link_undone."
    )
    detail: str = Field(description="Which kind of name, contact, identifier, address or role; empty for the others.")
    request_id: str | None
    valid_from: datetime | None = Field(description="From when on what was entered holds, or held.")
    valid_to: datetime | None = Field(description="Until just before when; null: until further notice.")
    source: str = Field(description="request, staff, import or cis; empty where nobody knows.")


class HistoryPage(BaseModel):
    items: list[HistoryOut]
    next: str | None


class AccountPersonOut(DatedOut):
    person_id: str
    relationship: str
    is_main: bool
    is_responsible: bool


class AgreementOut(BaseModel):
    ref: str | None = Field(description="The CIS's own id.")
    service: str
    premise_id: str
    status: str = Field(description="pending_start, active, pending_stop, stopped or cancelled.")
    start_date: date
    end_date: date | None


class AccountOut(BaseModel):
    id: str
    ref: str | None = Field(description="The CIS's own id.")
    division: str
    customer_class: str
    balance: str = Field(description="What is owed, as a decimal number in the utility's currency.")
    language: str
    paperless: bool
    version: int
    set_up_on: date
    people: list[AccountPersonOut]
    agreements: list[AgreementOut]


class PremiseQuery(BaseModel):
    q: Word = Field("", description="An address as people type it, units and abbreviations included.")
    ref: Word = Field("", description="Only the premise with this id of the CIS.")
    occupancy: Literal["vacant", "occupied"] | None = Field(None, description="Only such premises.")
    limit: int = Field(50, ge=1, le=1000)
    after: Word = Field("", description="`next` of the page before.")


class PostalOut(BaseModel):
    line1: str
    line2: str
    city: str
    state: str
    postal_code: str
    country: str


class PremiseOut(BaseModel):
    id: str
    ref: str = Field(description="The CIS's own id.")
    address: PostalOut
    services: list[str]
    occupancy: Literal["vacant", "occupied"] = Field(
        description="Vacant: nobody is, or is about to be, served there, but perhaps a landlord."
    )


class PremisePage(BaseModel):
    items: list[PremiseOut]
    next: str | None


MatchOut.model_rebuild()
