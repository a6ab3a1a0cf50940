"""How is a person found again, and how do two writers of one new person keep out of each other's way?

Keys lie in a plain b-tree table; whoever wants to decide "nobody on file" first takes the advisory locks of the
identity, in a fixed order, and holds them until commit (quality.md section 2: 592 duplicates without, 0 with).
"""

import json
from collections.abc import Iterable
from dataclasses import replace
from time import monotonic
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Model

from keyturn.matching.features import MOST, Features, features_of
from keyturn.matching.identifiers import digests_of
from keyturn.matching.keys import KEYS_VERSION, blocking_keys, identity_lock_keys
from keyturn.matching.model import Model as WeightModel
from keyturn.matching.model import load
from keyturn.records import deciding
from keyturn.records.crypto import digest
from keyturn.records.models import MatchKey, PersonFeatures
from keyturn.records.prepared import Asked, at_once
from keyturn.terms.person import PersonDetails
from keyturn.terms.policy import Policy

CANDIDATES_READ = 30
"""How many persons are read and scored: those who share the rarest keys. Who is meant is the first of them in 998 of
1,000 searches among a million (docs/results/matching.md)."""

HOLDERS_READ = 200
"""A key that more persons hold (the call centre's own telephone number, say) is read no further, and counts for little."""

POPULATION_AT_LEAST = 10_000
"""A registry counts for no less: it is young, or nobody has counted it yet."""

POPULATION_SECONDS = 300.0


def features(details: PersonDetails) -> Features:
    """The matcher's normal form; identifiers appear as their blind index."""
    return features_of(details, digest=digest)


def digests(details: PersonDetails) -> tuple[tuple[str, str], ...]:
    """Of `features` the identifiers alone."""
    return digests_of(details.identifiers[:MOST], digest)


def lock(probe: Features, premise_id: UUID | None = None) -> None:
    """Wait until nobody else is deciding about the same identity or premise; the locks end with the transaction.

    All of them in one order, so that two who decide never wait for each other. That we decide shows, too, as long as
    we do (`deciding`): an import waits for that.
    """
    at_once(*locks(probe, premise_id))


def locks(probe: Features, premise_id: UUID | None = None) -> list[Asked[Any]]:
    """What takes them when it is asked."""
    premise = {int.from_bytes(premise_id.bytes[8:], "big", signed=True)} if premise_id else set()
    keys = sorted(premise.union(identity_lock_keys(probe)))
    in_order = "SELECT pg_advisory_xact_lock(key) FROM unnest(%s::bigint[]) WITH ORDINALITY AS k(key, n) ORDER BY n"
    shows = Asked("SELECT pg_advisory_xact_lock_shared(%s, %s)", deciding.DECIDES, list)
    return [shows, Asked(in_order, [keys], list)]


def search_under_locks(
    probe: Features, premise_id: UUID | None, *also: Asked[Any]
) -> tuple[dict[str, Features], list[Any]]:
    """`lock`, then `candidates`, and the answers to what else is asked under the locks: in one trip."""
    taking = locks(probe, premise_id)
    found, *answers = at_once(*taking, _finding(probe, CANDIDATES_READ), *also)[len(taking) :]
    return found, answers


def candidates(probe: Features, *, limit: int = CANDIDATES_READ) -> dict[str, Features]:
    """Persons on file who share at least one blocking key with the probe, those who share most and rarest keys first.

    Seen in the transaction that writes them. Who was merged into another is not among them.
    """
    found: dict[str, Features] = at_once(_finding(probe, limit))[0]
    return found


def _finding(probe: Features, limit: int) -> Asked[dict[str, Features]]:
    return Asked(
        _CANDIDATES,
        [list(blocking_keys(probe)), HOLDERS_READ, limit],
        lambda rows: {str(person_id): read(row, flags) for person_id, row, flags in rows},
    )


# Each key counts as one, shared out among its holders: two hundred who live in one dormitory do not crowd out the one
# who shares a single key that nobody else has, and whoever does so is read, as long as the probe has no more keys than
# persons are read. Only the index of match_key is read; the inner LIMIT keeps a key that everybody has from costing more.
_CANDIDATES = """
    SELECT found.person_id, form.features, form.flags
      FROM (SELECT held.person_id, sum(held.rarity) AS weight
              FROM unnest(%s::bigint[]) AS asked(key)
             CROSS JOIN LATERAL (
                   SELECT few.person_id, 1::float8 / count(*) OVER () AS rarity
                     FROM (SELECT person_id FROM match_key WHERE match_key.key = asked.key LIMIT %s) AS few) AS held
             GROUP BY held.person_id ORDER BY weight DESC, held.person_id LIMIT %s) AS found
     CROSS JOIN LATERAL (
           SELECT pf.features, p.flags FROM person_features pf JOIN person p ON p.id = pf.person_id
            WHERE pf.person_id = found.person_id AND p.redirect_to_id IS NULL) AS form
     ORDER BY found.weight DESC, found.person_id
"""


def population() -> int:
    """About how many persons are on file, as PostgreSQL last estimated; asked for every five minutes at most."""
    asked, known = _population.get(connection.alias, (None, 0))
    if asked is None or monotonic() - asked > POPULATION_SECONDS:
        with connection.cursor() as cursor:
            cursor.execute("SELECT reltuples FROM pg_class WHERE oid = 'person'::regclass")
            known = max(POPULATION_AT_LEAST, int(cursor.fetchone()[0]))
        _population[connection.alias] = monotonic(), known
    return known


_population: dict[str, tuple[float, int]] = {}


def model(policy: Policy) -> WeightModel:
    """The profile's model for a registry of this size: the same at every door."""
    return load(policy.match_profile).sized(population())


def of_person(person_id: UUID) -> Features | None:
    """A person on file as the matcher sees them; None who is not there, or was merged into another."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pf.features, p.flags FROM person_features pf JOIN person p ON p.id = pf.person_id"
            " WHERE p.id = %s AND p.redirect_to_id IS NULL",
            [person_id],
        )
        found = cursor.fetchone()
    return read(*found) if found else None


def read(row: Any, flags: Iterable[str]) -> Features:
    """A row of `person_features`, with the flags of its person."""
    data = json.loads(row) if isinstance(row, str) else row
    found = Features.from_json(data)
    return replace(found, flags=frozenset(flags)) if flags else found


def entries(person_id: object, form: Features) -> list[Model]:
    """The rows by which a new person is found, to be written in the transaction that writes them."""
    return [
        PersonFeatures(person_id=person_id, features=form.as_json(), keys_version=KEYS_VERSION),
        *(MatchKey(key=key, person_id=person_id) for key in sorted(blocking_keys(form))),
    ]
