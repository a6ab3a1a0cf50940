"""Which two persons on file do staff look at, and how many such pairs at a time?"""

from typing import Final

from keyturn.terms.finding import rule
from keyturn.terms.policy import Policy

UNDECIDED: Final = ("held", "open")
DECIDED: Final = ("merged", "not_same")


@rule("K-20", "Two persons on file who may be one are shown to staff once", implements=("BR-04", "ER-13"))
def may_be_one(zone: str, *, likely: bool) -> bool:
    """By the matcher's own word, as if one of them came today: the same model at every door. Who is on file already and
    only related to somebody (a twin, a room-mate with one telephone) is nobody's work."""
    return zone in ("link", "review") and likely


@rule("K-21", "What staff said of two persons stands: no search asks them again", implements=("ER-13",))
def still_a_question(state: str, *, said_not_same: bool) -> bool:
    """`state` is that of the pair as it is kept, "" where it is new. A better model changes nobody's word."""
    return state not in DECIDED and not said_not_same


@rule("K-22", "Of all pairs staff see the likeliest first, and no more at once than the utility has set")
def room(open_now: int, policy: Policy) -> int:
    """How many more may open."""
    return max(policy.duplicates_open_most - open_now, 0)
