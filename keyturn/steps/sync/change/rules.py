"""What of a change that came to nothing can be turned back in the CIS?"""

from typing import Any

from keyturn.terms.finding import rule
from keyturn.terms.slots import Wish

ADDED_FOR_GOOD = frozenset({"alias", "identifier"})
"""A name or a document that was added is somebody's word; a CIS takes neither back."""


@rule(
    "S-13",
    "A change that came to nothing is turned back in the CIS where nobody has changed it since",
)
def can_be_turned_back(wish: Wish, *, before: Any, now: Any) -> bool:
    """`before` is what stood on file when it was asked for, `now` what stands there after it was put back.

    What holds from or until a day is not one value: staff look there.
    """
    if wish.family in ADDED_FOR_GOOD or wish.from_day or wish.to_day:
        return False
    return bool((now or None) == (before or None))
