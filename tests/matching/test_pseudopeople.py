"""How well are people known again in a simulated town, ten years later?

pseudopeople's census of 2030 is on file and some of the people of 2040 come: moved, married, misspelled, with
nothing but name, birth date and address. Tuned on these years; `bench/matching` measures on others.
"""

from collections import Counter, defaultdict
from datetime import date
from typing import Any

import pytest

from keyturn.matching import Features, blocking_keys, decide, features_of, load
from keyturn.terms.address import Address
from keyturn.terms.person import PersonDetails
from keyturn.terms.policy import Policy

SEED = 7
EVERY = 12
"""Only one person in so many is followed, so that this takes seconds; all are on file."""


def text(value: Any) -> str:
    return "" if value != value or value is None else str(value).strip()  # NaN differs from itself


def day(value: Any) -> date | None:
    try:
        month, day_of_month, year = map(int, text(value).split("/"))
        return date(year, month, day_of_month)
    except ValueError:
        return None


def features(row: dict[str, Any]) -> Features:
    row = {name: text(value) for name, value in row.items()}
    street = f"{row['street_number']} {row['street_name']}".strip()
    details = PersonDetails(
        given_name=row["first_name"],
        middle_name=row["middle_initial"],
        family_name=row["last_name"],
        date_of_birth=day(row["date_of_birth"]),
        addresses=(Address(street, row["unit_number"], row["city"], row["state"], row["zipcode"]),),
    )
    return features_of(details, digest=lambda _type, value: value)


@pytest.fixture(scope="module")
def zones() -> Counter[tuple[str, str, bool]]:
    """(known or nobody, zone, whether the best is the person) -> how many."""
    pseudopeople = pytest.importorskip("pseudopeople")
    census = pseudopeople.generate_decennial_census
    before = census(seed=SEED, year=2030, verbose=False).to_dict("records")
    after = census(seed=SEED + 500, year=2040, verbose=False).to_dict("records")
    on_file, who, index = {}, defaultdict(set), defaultdict(list)
    for number, row in enumerate(before):
        ident = str(number)
        on_file[ident] = features(row)
        who[row["simulant_id"]].add(ident)
        for key in blocking_keys(on_file[ident]):
            index[key].append(ident)
    found: Counter[tuple[str, str, bool]] = Counter()
    for row in after[::EVERY]:
        probe, themselves = features(row), who[row["simulant_id"]]
        shared = Counter(ident for key in blocking_keys(probe) for ident in index.get(key, ()))
        candidates = {ident: on_file[ident] for ident, _ in shared.most_common(60)}
        decision = decide(probe, candidates, model=load(), verified=frozenset(), policy=Policy())
        right = bool(decision.best and decision.best.person_id in themselves)
        found["known" if themselves else "nobody", decision.matcher_zone, right] += 1
    return found


def test_nobody_is_taken_for_somebody_else(zones: Counter[tuple[str, str, bool]]) -> None:
    assert sum(count for (_, zone, right), count in zones.items() if zone == "link" and not right) == 0
    assert zones["known", "link", True] > 450


def test_few_are_left_to_a_human(zones: Counter[tuple[str, str, bool]]) -> None:
    reviews = sum(count for (_, zone, _right), count in zones.items() if zone == "review")
    assert reviews <= 0.08 * zones.total()


def test_hardly_anybody_on_file_is_taken_for_somebody_new(zones: Counter[tuple[str, str, bool]]) -> None:
    known = sum(count for (who, _zone, _right), count in zones.items() if who == "known")
    missed = sum(count for (who, zone, _right), count in zones.items() if (who, zone) == ("known", "new"))
    assert missed <= 0.008 * known
