"""Which shape has a candidate on the wire: somebody on file whom a description, or an applicant, may be?"""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, Field

from keyturn.api.v1.asked import Asked, Word


class FieldOut(BaseModel):
    field: str
    level: str = Field(description="How well the two agree: exact, similar, different, …")
    weight: float = Field(description="In bits; negative speaks against.")


class MissingOut(BaseModel):
    field: str
    where: Literal["probe", "on_file", "both", "other_kind", ""] = Field(
        description="Who lacks it: the description, the file, both, or nobody: each has one of another kind."
        " Empty where that was not kept."
    )


class WordsOut(BaseModel):
    field: str = Field(description="Beside which field it belongs; empty: about the two as a whole.")
    side: Literal["for", "against", "neutral"] = Field(description="Whether it speaks for one person.")
    text: str = Field(description="A sentence in the language of Accept-Language. It may change; the codes stay.")


class CandidateOut(BaseModel):
    person_id: str
    ref: str | None = Field(description="The CIS's own id.")
    weight: float = Field(description="log2 of the odds that the two are one person.")
    probability: float
    margin: float | None = Field(
        description="How many bits it is ahead of the strongest other candidate; negative: behind; null: there is none."
    )
    linkable: bool = Field(description="Whether nothing stands in the way of a link without a human.")
    fields: list[FieldOut]
    missing: list[MissingOut] = Field(description="Fields that could not be compared.")
    vetoes: list[str] = Field(description="What forbids to link without a human.")
    why: list[str] = Field(description="Everything that stands in the way of a link without a human, vetoes included.")
    relation: list[str] = Field(description="How the two seem to belong together if they are two: household, twin, …")
    words: list[WordsOut] = Field(description="All of that as a reviewer reads it, the weightiest first.")


class Pair(Asked):
    one: Word = Field(description="A person's id.")
    other: Word = Field(description="The other's.")
    reason: Word = Field("", description="That there was one is kept with both persons.")


class NotSame(Pair):
    relation: Literal[
        "", "household", "twin", "parent_child", "shared_contact", "shared_identifier", "same_door", "namesake"
    ] = Field("", description="How they belong together, if they do.")


class ToldApartOut(BaseModel):
    one: str = Field(description="The smaller of the two ids.")
    other: str
    relation: str
    said_at: datetime
