"""Which columns of a person does the bulk search compare, and in which files do they lie?

They come from the matcher's own normal form (`Features`); nothing is normalised anew. Files hold names and contacts in
the open, so their folder is its owner's alone and is emptied at the end.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from datetime import date
from math import ceil, log2
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from keyturn.matching.contacts import mailbox
from keyturn.matching.features import Features
from keyturn.matching.identifiers import PARTIAL_TYPES
from keyturn.matching.model import Model
from keyturn.matching.names import core_family, first_given, is_no_name, nickname_groups, phonetic
from keyturn.matching.text import squeezed

STEP: Final = 2
"""Names are put into buckets by how rare they are, so many bits wide."""

TEXT: Final = ["g1", "g", "m", "f", "fc", "s", "o", "b", "e1", "p1", "zip", "city"]
NUMBERS: Final = ["n", "gb", "fb", "bd", "gx", "fx", "en", "pn", "an"]
LISTS: Final = ["nick", "fw", "ax", "num", "ex", "px", "ix", "ip", "it"]
"""g1: first given name, g: all of it, m: middle, f: family, fc: without particles, s: suffix, o: organisation, b: birth
date, e1 and p1: first mailbox and phone, zip and city: of the first address. gb and fb: how rare the names are, in bits;
bd: the birth date as a day's number; gx and fx: 1 where a name is an initial, or no name ("occupant"); en, pn, an: how many mailboxes, phones and addresses. nick: the names that
the given name is short for, fw: the words of the surname, ax: whole addresses, num: house numbers, ex and px: mailboxes
and phones, ix and ip: whole and partial identifiers, it: their types. `n` numbers the persons, `id` is theirs."""


def bucket(share: float) -> int:
    """How rare a name is, in bits, rounded up."""
    return STEP * ceil(max(-log2(share), 1e-9) / STEP)


def row_of(number: int, person_id: Any, form: Features, keys: Iterable[int], model: Model) -> dict[str, Any]:
    """One person as the files have them. What is not there is None."""
    first = form.addresses[0] if form.addresses else None
    boxes = [mailbox(each) for each in form.emails]
    row = {
        "n": number, "id": str(person_id), "keys": list(keys),
        **(_names(form, model) if form.is_person else {"o": form.organisation}),
        "e1": boxes[0] if boxes else None, "en": len(boxes) or None, "ex": boxes or None,
        "p1": form.phones[0] if form.phones else None, "pn": len(form.phones) or None, "px": list(form.phones) or None,
        "zip": first.postal if first else None, "city": first.city if first else None,
        "an": len(form.addresses) or None,
        "ax": [_whole(each) for each in form.addresses] or None,
        "num": sorted({token for each in form.addresses for token in _houses(each)}) or None,
        "ix": _identifiers(form, partial=False), "ip": _identifiers(form, partial=True),
        "it": sorted({kind for kind, _digest in form.identifiers}) or None,
    }  # fmt: skip
    return {name: value if value != "" else None for name, value in row.items()}


def _names(form: Features, model: Model) -> dict[str, Any]:
    given = first_given(form.given)
    core = core_family(form.family)
    return {
        "g1": given, "g": squeezed(form.given), "m": form.middle, "f": squeezed(form.family), "fc": "".join(core),
        "s": form.suffix, "b": form.birth_date, "bd": _day(form.birth_date),
        "gb": bucket(model.share("given", form.given)) if given else None,
        "fb": bucket(model.share("family", form.family)) if core else None,
        "gx": int(len(given) == 1 or is_no_name(form.given)), "fx": int(len(squeezed(form.family)) == 1 or is_no_name(form.family)),
        "nick": sorted(map(str, nickname_groups(given))) or None,
        "fw": sorted({*core, *(f"~{phonetic(each)}" for each in (squeezed(form.family),) if len(each) > 3)}) or None,
    }  # fmt: skip


def _day(born: str) -> int | None:
    return date.fromisoformat(born).toordinal() if born else None


def _whole(address: Any) -> str:
    return f"{address.country}|{address.postal}|{address.number}|{address.street}|{address.unit}"


def _houses(address: Any) -> Iterator[str]:
    """What two addresses share that may be one house, whatever slips the street has."""
    if address.number:
        yield address.number
    if address.building:
        yield "building"


def _identifiers(form: Features, *, partial: bool) -> list[str] | None:
    return [f"{kind}:{digest}" for kind, digest in form.identifiers if (kind in PARTIAL_TYPES) is partial] or None


def schema() -> Any:
    """The columns of the files, as pyarrow has them."""
    import pyarrow as pa

    return pa.schema([
        *((name, pa.int64()) for name in NUMBERS),
        ("id", pa.string()),
        ("keys", pa.list_(pa.int64())),
        *((name, pa.string()) for name in TEXT),
        *((name, pa.list_(pa.string())) for name in LISTS),
    ])  # fmt: skip


def write_part(
    path: Path,
    persons: Sequence[tuple[UUID, Features, Collection[int]]],
    *,
    first: int,
    hot: Collection[int],
    model: Model,
    told: Callable[[int], None] | None = None,
) -> None:
    """One file of persons, numbered from `first` on; it appears when it is whole. Keys in `hot` are left out."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    rows = [
        row_of(number, person_id, form, [key for key in keys if key not in hot], model)
        for number, (person_id, form, keys) in enumerate(persons, start=first)
    ]
    partial = path.with_suffix(".partial")
    pq.write_table(pa.Table.from_pylist(rows, schema=schema()), partial, compression="zstd")
    partial.replace(path)
    if told:
        told(len(rows))
