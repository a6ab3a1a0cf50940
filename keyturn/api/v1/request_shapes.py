"""Which shape have requests on the wire?"""

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, Field

from keyturn.api.v1.asked import Asked, Word
from keyturn.api.v1.match_shapes import CandidateOut

Status = Literal[
    "draft", "processing", "needs_customer", "in_review", "waiting", "completed", "refused", "withdrawn", "stuck"
]
Action = Literal["answer", "prove_email", "submit", "reply", "wait", "none"]


class NewRequest(Asked):
    journey: Word = Field(description="A journey's name: see GET /journeys.")
    answers: dict[str, Any] = Field(
        default_factory=dict,
        description="Answers by question name: the JSON Schema of GET /journeys/{name} describes them.",
    )
    submit: bool = Field(False, strict=True, description="Send it in at once.")
    attested: list[Literal["email", "phone", "identity"]] = Field(
        default_factory=list,
        max_length=3,
        description="What you vouch for because it was proved to you. Needs the scope requests:attest.",
    )


class MoreAnswers(Asked):
    answers: dict[str, Any] = Field(
        description="Merged into the answers: each replaces the one before as a whole, addresses too; null removes it."
    )


class Reply(Asked):
    text: str = Field(max_length=4000, description="What the customer says to the question that staff asked.")


class Review(Asked):
    decision: Literal["same_person", "new_person", "approve", "refuse", "ask"]
    person_id: Word | None = Field(None, description="With same_person: one of the request's candidates.")
    reason: str = Field("", max_length=4000, description="With refuse and ask: words that the customer will read.")


class RequestQuery(BaseModel):
    status: Status | None = Field(None, description="Only requests with this status.")
    reference: Word | None = Field(None, description="Only the request with this reference, as people type it.")
    limit: int = Field(50, ge=1, le=200, description="How many on a page.")
    after: Word = Field("", description="`next` of the page before.")


class FindingOut(BaseModel):
    rule: str = Field(description="The number of the rule, such as V-03; “shape” where the schema was not kept.")
    field: str = Field(description="The question's name; empty for the request as a whole.")
    message: str = Field(description="What to do, in the language of Accept-Language.")


class NextOut(BaseModel):
    action: Action = Field(description="What the caller should do.")
    missing: list[str] = Field(description="With “answer”: the questions to answer or mend.")


class RequestOut(BaseModel):
    id: str
    reference: str = Field(description="What the customer is told, such as KT-7QX4-M2ZP.")
    journey: str
    status: Status
    version: int = Field(description="Rises with every move; also the ETag.")
    findings: list[FindingOut]
    next: NextOut


class TimelineOut(BaseModel):
    at: datetime
    what: str = Field(description="begun, answered, submitted, referred, reviewed, established, completed, …")
    by: Literal["customer", "staff", "partner", "machine"]
    status: Status


class MessageOut(BaseModel):
    at: datetime
    kind: Literal["question", "reply", "reason"]
    text: str


class CisOut(BaseModel):
    person_ref: str | None
    account_ref: str | None
    agreement_refs: dict[str, str] = Field(description="By service.")


class ReviewOut(BaseModel):
    promised_at: datetime | None = Field(description="By when staff mean to have decided.")
    zone: Literal["link", "review", "new", ""]
    candidates: list[CandidateOut]
    model: str = Field(description="Version of the model that compared them.")


class WholeRequestOut(RequestOut):
    channel: Literal["portal", "api", "console"]
    created_at: datetime
    submitted_at: datetime | None
    expires_at: datetime | None = Field(description="When a draft, or a question to the customer, lapses.")
    ended_at: datetime | None
    timeline: list[TimelineOut]
    messages: list[MessageOut] = Field(description="What staff asked or gave as reason, and the replies.")
    person_id: str | None = Field(description="Once completed.")
    account_id: str | None = Field(description="Once completed.")
    cis: CisOut | None = Field(description="Once completed: the CIS's own references.")
    review: ReviewOut | None = Field(description="With the scope review:write, while staff must decide.")


class RequestRowOut(BaseModel):
    id: str
    reference: str
    journey: str
    status: Status
    version: int
    channel: Literal["portal", "api", "console"]
    created_at: datetime
    submitted_at: datetime | None


class RequestPage(BaseModel):
    items: list[RequestRowOut]
    next: str | None = Field(description="Send it as `after` for the next page; null on the last.")
