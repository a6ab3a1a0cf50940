"""Which moves are there? The life cycle as one table: who may make each move, from where, to where.

`moves.record` refuses a move that is not here, and `docs/process.md` is drawn from it, so the table, the code and the
picture cannot part.
"""

from dataclasses import dataclass

from keyturn.terms.request import Outcome, Role, Standing, Step


@dataclass(frozen=True, slots=True)
class Place:
    """Where a request can stand. `outcome` is set once nobody need act any more."""

    step: Step
    standing: Standing
    outcome: Outcome = Outcome.NONE


@dataclass(frozen=True, slots=True)
class Move:
    """A row of the table. An empty `to` leaves the request where it is."""

    by: tuple[Role, ...]
    sources: tuple[Place, ...]
    targets: tuple[Place, ...]


ASKERS = (Role.CUSTOMER, Role.PARTNER, Role.STAFF)
DECIDERS = (Role.STAFF, Role.PARTNER)
WORKER = (Role.MACHINE,)

DRAFT = Place(Step.GATHER, Standing.CUSTOMER)
PROOF_WANTED = Place(Step.VERIFY, Standing.CUSTOMER)
QUESTION_ASKED = Place(Step.REVIEW, Standing.CUSTOMER)
SUBMITTED = Place(Step.MATCH, Standing.MACHINE)
CHECK_UNDER_WAY = Place(Step.VERIFY, Standing.MACHINE)
RESTING = Place(Step.DECIDE, Standing.CALENDAR)
IN_REVIEW = Place(Step.REVIEW, Standing.STAFF)
ESTABLISHED = Place(Step.ESTABLISH, Standing.MACHINE)
WITH_THE_CIS = Place(Step.SYNC, Standing.MACHINE)
CIS_SAID_NO = Place(Step.SYNC, Standing.STAFF)
DONE = Place(Step.CONFIRM, Standing.NOBODY, Outcome.COMPLETED)

ANYWHERE_OPEN = (DRAFT, PROOF_WANTED, QUESTION_ASKED)
ANYWHERE_MACHINE = (SUBMITTED, CHECK_UNDER_WAY, ESTABLISHED, WITH_THE_CIS)


def _over(outcome: Outcome, *places: Place) -> tuple[Place, ...]:
    return tuple(Place(place.step, Standing.NOBODY, outcome) for place in places)


STUCK = tuple(Place(place.step, Standing.ENGINEER) for place in ANYWHERE_MACHINE)
STUCK_UNWRITTEN = tuple(Place(place.step, Standing.ENGINEER) for place in (SUBMITTED, CHECK_UNDER_WAY))

STUCK_AT_THE_CIS = Place(Step.SYNC, Standing.ENGINEER)
AT_THE_CIS = (WITH_THE_CIS, CIS_SAID_NO, STUCK_AT_THE_CIS)

OVER_UNSERVED = (
    *_over(Outcome.REFUSED, IN_REVIEW, CIS_SAID_NO, RESTING),
    *_over(Outcome.EXPIRED, QUESTION_ASKED, PROOF_WANTED),
    *_over(Outcome.WITHDRAWN, QUESTION_ASKED, PROOF_WANTED, SUBMITTED, IN_REVIEW),
)
"""Where a request ends that was written down, and may be with the CIS."""

MOVES: dict[str, Move] = {
    "begun": Move(ASKERS, (), (DRAFT,)),
    "answered": Move(ASKERS, ANYWHERE_OPEN, ()),
    "attested": Move(DECIDERS, ANYWHERE_OPEN, ()),
    "document_added": Move(ASKERS, ANYWHERE_OPEN, ()),
    "document_removed": Move(ASKERS, ANYWHERE_OPEN, ()),
    "document_refused": Move(ASKERS, ANYWHERE_OPEN, ()),
    "email_proved": Move((Role.CUSTOMER,), ANYWHERE_OPEN, ()),
    "resumed": Move((Role.CUSTOMER,), (DRAFT,), ()),
    "submitted": Move(ASKERS, ANYWHERE_OPEN, (SUBMITTED,)),
    "claim_sent": Move((Role.CUSTOMER,), (DRAFT, PROOF_WANTED), (PROOF_WANTED,)),
    "looked_for": Move(WORKER, (PROOF_WANTED,), ()),
    "guessed": Move((Role.CUSTOMER,), ANYWHERE_OPEN, ()),
    "proved_again": Move((Role.CUSTOMER,), ANYWHERE_OPEN, ()),
    "kept_mine": Move((Role.CUSTOMER,), ANYWHERE_OPEN, ()),
    "kept_theirs": Move((Role.CUSTOMER,), ANYWHERE_OPEN, ()),
    "rested": Move(WORKER, (SUBMITTED, CHECK_UNDER_WAY), (RESTING,)),
    "woken": Move(WORKER, (RESTING,), (SUBMITTED,)),
    "stopped": Move((Role.CUSTOMER,), (RESTING,), _over(Outcome.REFUSED, RESTING)),
    "accepted": Move((Role.CUSTOMER,), (RESTING,), (SUBMITTED,)),
    "declined": Move((Role.CUSTOMER,), (RESTING,), (SUBMITTED,)),
    "check_asked": Move(WORKER, (SUBMITTED, CHECK_UNDER_WAY), (CHECK_UNDER_WAY,)),
    "asked": Move(WORKER, (SUBMITTED, CHECK_UNDER_WAY), (PROOF_WANTED,)),
    "referred": Move(WORKER, (SUBMITTED, CHECK_UNDER_WAY), (IN_REVIEW,)),
    "refused": Move(WORKER, (SUBMITTED, CHECK_UNDER_WAY), (Place(Step.DECIDE, Standing.NOBODY, Outcome.REFUSED),)),
    "established": Move(WORKER, (SUBMITTED, CHECK_UNDER_WAY), (ESTABLISHED,)),
    "handed_to_cis": Move(WORKER, (ESTABLISHED, WITH_THE_CIS), (WITH_THE_CIS,)),
    "completed": Move(WORKER, (WITH_THE_CIS,), (DONE,)),
    "cis_rejected": Move(WORKER, (WITH_THE_CIS,), (CIS_SAID_NO,)),
    "undone_in_cis": Move(WORKER, OVER_UNSERVED, ()),
    "left_in_cis": Move(WORKER, (*OVER_UNSERVED, DONE), ()),
    "cleared_in_cis": Move((Role.STAFF,), (*OVER_UNSERVED, DONE), ()),
    "sent_anew": Move((Role.STAFF,), (CIS_SAID_NO, IN_REVIEW, STUCK_AT_THE_CIS), (WITH_THE_CIS,)),
    "sent_back": Move((Role.STAFF,), (CIS_SAID_NO, IN_REVIEW), (QUESTION_ASKED,)),
    "corrected": Move((Role.STAFF,), (CIS_SAID_NO, IN_REVIEW), (SUBMITTED,)),
    "settled": Move((Role.STAFF,), (*AT_THE_CIS, IN_REVIEW), (DONE,)),
    "discarded": Move((Role.STAFF,), (*AT_THE_CIS, IN_REVIEW), _over(Outcome.REFUSED, CIS_SAID_NO, IN_REVIEW)),
    "gave_up": Move(WORKER, ANYWHERE_MACHINE, STUCK),
    "retried": Move((Role.STAFF,), (*STUCK, WITH_THE_CIS), (SUBMITTED, WITH_THE_CIS)),
    "reviewed": Move(
        DECIDERS,
        (IN_REVIEW, CIS_SAID_NO),
        (SUBMITTED, WITH_THE_CIS, QUESTION_ASKED, *_over(Outcome.REFUSED, IN_REVIEW, CIS_SAID_NO)),
    ),
    "looked_again": Move((Role.STAFF,), (IN_REVIEW,), (SUBMITTED,)),
    "replied": Move(ASKERS, (PROOF_WANTED, QUESTION_ASKED), (IN_REVIEW,)),
    "withdrawn": Move(
        ASKERS,
        (*ANYWHERE_OPEN, SUBMITTED, CHECK_UNDER_WAY, RESTING, IN_REVIEW, *STUCK_UNWRITTEN),
        _over(Outcome.WITHDRAWN, *ANYWHERE_OPEN, SUBMITTED, RESTING, IN_REVIEW),
    ),
    "clock_extended": Move((Role.STAFF,), (*ANYWHERE_OPEN, SUBMITTED, IN_REVIEW, CIS_SAID_NO, *STUCK), ()),
    "expired": Move(WORKER, ANYWHERE_OPEN, _over(Outcome.EXPIRED, *ANYWHERE_OPEN)),
}


class NotInTheTable(Exception):
    """A move that the life cycle does not know: a bug, and the transaction is given up."""


def check(what: str, *, role: Role, before: Place | None, after: Place) -> None:
    """Raise NotInTheTable unless this move, by this role, from and to these places, is in the table."""
    move = MOVES.get(what)
    if move is None or role not in move.by:
        raise NotInTheTable(f"{what} by {role}")
    if before is not None and before not in move.sources:
        raise NotInTheTable(f"{what} from {before.step}/{before.standing}")
    if after != before if not move.targets else after not in move.targets:
        raise NotInTheTable(f"{what} to {after.step}/{after.standing}/{after.outcome}")
