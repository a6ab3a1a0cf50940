"""What may staff do with a request that was referred to them, and who may not?"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from keyturn.terms.finding import Effect, Finding, rule


class Decision(StrEnum):
    """Staff's five words (surface.md)."""

    SAME_PERSON = "same_person"
    NEW_PERSON = "new_person"
    APPROVE = "approve"
    REFUSE = "refuse"
    ASK = "ask"


HELD_FOR = timedelta(minutes=30)
"""How long a request is left to the colleague who took it."""

PERSON_RULES = frozenset({"M-02"})
"""Findings that only the words "same person" and "new person" settle."""

SETTLED_ELSEWHERE = PERSON_RULES | {"M-05", "D-04"}
"""Findings that no approval covers: who it is, a premise that is not on file (R-05), a service begun twice (R-09)."""

ABOUT_THE_PERSON = frozenset({"M-04", "D-05", "D-06", "D-07", "D-09", "Y-07"})
"""Findings that hang on whom the request is taken for: the same words about somebody else say something else."""


RELATIONS = ("twin", "parent_child", "shared_identifier", "household", "shared_contact", "same_door", "namesake")
"""How two belong together who are two (`matching.relations`, `matching.vetoes`): what tells most first."""


def relation_shown(codes: Collection[str]) -> str:
    """Of what staff were shown of a candidate, how the two belong together now that they are two; "" where nothing was."""
    return next((code for code in RELATIONS if code in codes), "")


@rule("R-01", "Nobody decides their own request")
def is_not_their_own(*, staff_origin: str, begun_by: str, staff_email_digest: str, email_digest: str) -> bool:
    """Own: begun under their login, or bearing their e-mail address."""
    return staff_origin != begun_by and not (email_digest and staff_email_digest == email_digest)


@rule(
    "R-02",
    "A refusal says why, in words that the applicant will read; a question asks something",
    implements=("BR-55",),
)
def words_are_given(decision: Decision, reason: str) -> Iterator[Finding]:
    if decision in (Decision.REFUSE, Decision.ASK) and len(reason.strip()) < 10:
        yield Finding("R-02", "reason", params={"why": str(decision)})


@rule("R-03", "“Same person” names somebody whom the reviewer was shown")
def person_was_shown(decision: Decision, person_id: str | None, shown: Collection[str]) -> Iterator[Finding]:
    if decision is Decision.SAME_PERSON and person_id not in shown:
        yield Finding("R-03", "person_id")


@rule("R-04", "Whether it is the same person is said before the request is approved", implements=("ER-13",))
def person_is_settled(decision: Decision, findings: Sequence[Finding]) -> Iterator[Finding]:
    if decision is Decision.APPROVE and any(found.rule in PERSON_RULES for found in findings):
        yield Finding("R-04", "decision")


@rule("R-05", "A request whose premise is not on file is not approved before the premise is", implements=("ER-03",))
def premise_is_settled(decision: Decision, findings: Sequence[Finding]) -> Iterator[Finding]:
    """The CIS can start service at a premise only: have it created, import it, then decide."""
    if decision in (Decision.APPROVE, Decision.SAME_PERSON, Decision.NEW_PERSON) and any(
        f.rule == "M-05" for f in findings
    ):
        yield Finding("R-05", "decision")


@rule("R-06", "What staff let pass is what they were shown: anything that turns up later is shown again")
def let_pass(findings: Sequence[Finding], approved: Sequence[Mapping[str, Any]]) -> list[Finding]:
    """The findings that still stand: without those that staff have seen, parameters included, and approved."""
    seen = [Finding.from_json(row) for row in approved]
    return [found for found in findings if found.effect is not Effect.REFER or found not in seen]


def can_be_let_pass(rows: Sequence[Mapping[str, Any]], *, of_another: bool = False) -> list[Mapping[str, Any]]:
    """The findings, as stored, that an approval covers; `of_another`: they were found about another person."""
    barred = SETTLED_ELSEWHERE | ABOUT_THE_PERSON if of_another else SETTLED_ELSEWHERE
    return [row for row in rows if row["effect"] == Effect.REFER and row["rule"] not in barred]


@rule("R-07", "An identifier is opened only for a reason, which is kept with who opened it and when")
def reading_has_a_reason(reason: str) -> Iterator[Finding]:
    if len(reason.strip()) < 5:
        yield Finding("R-07", "why")


@rule("R-08", "A request that a colleague has taken is left to them for half an hour")
def is_held(last: tuple[str, str, datetime] | None, *, by_other_than: str, now: datetime) -> bool:
    return holder(last, now=now) not in ("", by_other_than)


def holder(last: tuple[str, str, datetime] | None, *, now: datetime) -> str:
    """Who is looking at it; "" for nobody. `last` is the request's latest event: what, by whom, when. Anything done to it
    since ends the hold."""
    return last[1] if last and last[0] == "taken" and now - last[2] < HELD_FOR else ""


@rule(
    "R-09",
    "A service that the person has at the premise already is not begun there a second time",
    implements=("BR-43", "ER-06"),
)
def service_is_not_doubled(decision: Decision, findings: Sequence[Finding]) -> Iterator[Finding]:
    """Neither the registry nor a CIS can hold two live agreements of one person at one service point."""
    if decision is Decision.APPROVE and any(found.rule == "D-04" for found in findings):
        yield Finding("R-09", "decision")


@rule("R-11", "Whose file a change is about is settled: staff approve it, ask about it or refuse it")
def is_no_question_of_person(decision: Decision, *, starts_service: bool) -> Iterator[Finding]:
    if not starts_service and decision in (Decision.SAME_PERSON, Decision.NEW_PERSON):
        yield Finding("R-11", "decision")


@rule("R-20", "No account is given where the details name none")
def claim_names_somebody(findings: Sequence[Finding]) -> Iterator[Finding]:
    if any(found.rule == "M-23" for found in findings):
        yield Finding("R-20", "decision")


@rule("R-21", "At the desk an account is given by who has opened the customer's document", implements=("BR-60",))
def document_was_seen(*, at_desk: bool, seen: bool) -> Iterator[Finding]:
    if at_desk and not seen:
        yield Finding("R-21", "decision")


@rule("R-22", "Who gives somebody an account says why", implements=("BR-60",))
def approval_says_why(reason: str) -> Iterator[Finding]:
    if len(reason.strip()) < 10:
        yield Finding("R-22", "reason")


@rule(
    "R-12",
    "Staff's word on who the applicant is holds while the applicant says the same of themselves; "
    "and whom it ruled out, no machine links them to",
    implements=("ER-13", "BR-61"),
)
def still_holds(said: Mapping[str, Any], *, of: str) -> dict[str, Any]:
    """What is left of it when the request is sent again; `of` tells one description of an applicant from another."""
    if said.get("of") == of:
        return dict(said)
    ruled_out = sorted({*said.get("new", ()), *said.get("ruled_out", ())})
    return {"ruled_out": ruled_out} if ruled_out else {}


@rule("R-10", "Whom a request belongs to is said before it is written down")
def person_is_still_open(decision: Decision, *, is_established: bool) -> Iterator[Finding]:
    """Afterwards account and agreements stand in that person's name: only a refusal takes them back (I6)."""
    if is_established and decision in (Decision.SAME_PERSON, Decision.NEW_PERSON):
        yield Finding("R-10", "decision")
