"""In which words does the data map speak: what a column holds, whose it is, why we have it, and what an erasure does?"""

from dataclasses import dataclass
from enum import StrEnum


class Category(StrEnum):
    """What a column says about somebody. NONE: nothing about anybody (a place, a setting)."""

    IDENTITY = "identity"
    CONTACT = "contact"
    ADDRESS = "address"
    ACCOUNT = "account"
    EVIDENCE = "evidence"
    SECURITY = "security"
    HISTORY = "history"
    TECHNICAL = "technical"
    NONE = "none"


class Erasure(StrEnum):
    """What an erasure does with a row that is somebody's."""

    DELETE = "delete"  # the row goes
    BLANK = "blank"  # the row stays, its columns are emptied unless they say why they stay
    KEEP = "keep"  # nothing changes; the table says why


class Hold(StrEnum):
    """How much of somebody an erasure must leave. Each leaves what the one before it leaves, and more."""

    NONE = "none"
    BOOKS = "books"  # accounts that ended not long ago must be kept: name and billing address stay with them
    SERVED = "served"  # is served, owes something or has asked for something: what that needs stays


@dataclass(frozen=True, slots=True)
class Use:
    """Why a group of columns is held. `purpose`, `ground` and `kept` are sentences for customers, still to be translated.

    `stays` says why such a column outlives an erasure; "" where it does not.
    """

    category: Category
    purpose: str
    ground: str
    kept: str
    stays: str = ""


@dataclass(frozen=True, slots=True)
class Columns:
    """Some columns of one table, by name, with the same use.

    `stays`: why an erasure leaves them; "": it does not. `served` and `books`: they stay while somebody is served, or
    while an account must be kept for the books. `becomes`: what is written instead of nothing ("{id}" is the row's key).
    `secret`: checks what somebody types or carries; a copy says that it is there and does not show it.
    """

    use: Use
    names: tuple[str, ...]
    stays: str = ""
    served: bool = False
    books: bool = False
    becomes: str = ""
    secret: bool = False


@dataclass(frozen=True, slots=True)
class Link:
    """How a row leads to somebody: `column` (or an expression) equals `takes` of a row of table `of` that is theirs.

    `only` is a condition on the row. The path ends at "person" or "staff_user" (a login); "~email" is the blind index
    of their own e-mail addresses, which no table lists.
    """

    of: str
    column: str
    takes: str = "id"
    only: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """One table. `served` and `books` are conditions on rows that stay while somebody is served, or for the books; "{now}" in
    them is the moment of the erasure.

    `because` says why its rows outlive an erasure, or why nobody's name leads to them. `withheld`: why a copy counts its
    rows without showing them. `queue` and `cis`: the table stands in the queue's schema, or is the CIS's own.
    """

    name: str
    label: str
    columns: tuple[Columns, ...]
    whose: tuple[Link, ...] = ()
    erasure: Erasure = Erasure.DELETE
    because: str = ""
    served: str = ""
    books: str = ""
    withheld: str = ""
    key: str = "id"
    place: str = "utility"  # utility, queue, cis

    def of(self, column: str) -> Columns:
        """The classification of one column. KeyError for one that is not classified."""
        for each in self.columns:
            if column in each.names:
                return each
        raise KeyError(f"{self.name}.{column}")

    @property
    def names(self) -> tuple[str, ...]:
        """Every column that is classified, in the map's order."""
        return tuple(name for each in self.columns for name in each.names)


def col(use: Use, names: str, stays: str = "", **more: object) -> Columns:
    """Columns named in one text, separated by spaces."""
    return Columns(use, tuple(names.split()), stays or use.stays, **more)  # type: ignore[arg-type]
