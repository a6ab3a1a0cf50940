"""Which single values can a customer change, how is each named, and what follows when two people change at once?

A *slot* is one value on file under a name: "name.family_name", "contact.<id>", "mailing.<account>". What a customer
asks for is a *wish*: another value for a slot. Wishes are merged with the file slot by slot (three-way: what the
customer saw, what they want, what is there now), so that changes that do not touch each other all hold (ER-25).

    name.<part>                    given_name, middle_name, family_name, suffix, organisation_name
    alias.<id>                     {"name_type", "given_name", ...}; alias.new adds one
    contact.<id>                   {"channel", "value", "contact_type", "is_primary"}; contact.new adds one, None ends it
    mailing.<account>              an address as JSON, None: the service address; account "all": the person's own
    season.<account>.<from>-<to>   an address that holds each year between two days, MMDD
    proof.<id>                     of a contact on file: "verified", or what it is before that
    identifier.<type>              the blind index of the value on file; as a wish, the value itself
    detail.<name>                  language, formats, date_of_birth
    paperless.<account>            true or false
    preference.<topic>.<channel>   "on" or "off"
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

ALL = "all"
Slots = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Wish:
    """One value that a customer wants in one slot, from a day on (None: at once), perhaps until another."""

    slot: str
    value: Any = field(repr=False)
    from_day: str = ""  # ISO 8601
    to_day: str = ""
    kind: str = ""  # of a contact that goes: its channel, which its value does not say any more

    @property
    def family(self) -> str:
        """The kind of value, by which the utility's risk policy speaks: name, email, phone, mailing, ..."""
        return self.kind or family(self.slot, self.value)

    def as_json(self) -> dict[str, Any]:
        return {
            "slot": self.slot,
            "value": self.value,
            "from_day": self.from_day,
            "to_day": self.to_day,
            "kind": self.kind,
        }


@dataclass(frozen=True, slots=True)
class Conflict:
    """Somebody else changed the same value meanwhile: what the customer saw, what is there now, what they want."""

    slot: str
    seen: Any = field(repr=False)
    now: Any = field(repr=False)
    wish: Any = field(repr=False)


@dataclass(frozen=True, slots=True)
class Merged:
    """`wishes` can be written; `conflicts` must be shown and asked; `done` are on file already."""

    wishes: tuple[Wish, ...] = ()
    conflicts: tuple[Conflict, ...] = ()
    done: tuple[str, ...] = ()


def family(slot: str, value: Any = None) -> str:
    """Which kind of value a slot holds; a contact's kind is its channel."""
    first, _, rest = slot.partition(".")
    if first == "contact":
        return str((value or {}).get("channel") or "contact")
    return rest if first == "detail" else first


def merge(seen: Slots, wishes: Collection[Wish], now: Slots, *, same: Mapping[str, bool] | None = None) -> Merged:
    """Three-way merge, slot by slot. `same` says for slots whose wish cannot be compared (identifiers) that it is on file."""
    equal = same or {}
    to_write, conflicts, done = [], [], []
    for wish in wishes:
        there = now.get(wish.slot)
        if equal.get(wish.slot, there == wish.value and not wish.from_day):
            done.append(wish.slot)
        elif there == seen.get(wish.slot):
            to_write.append(wish)
        else:
            conflicts.append(Conflict(wish.slot, seen.get(wish.slot), there, wish.value))
    return Merged(tuple(to_write), tuple(conflicts), tuple(done))
