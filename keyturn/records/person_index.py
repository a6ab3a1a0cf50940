"""How is a person found again, and how do two writers of one new person keep out of each other's way?

Keys lie in a plain b-tree table; whoever wants to decide "nobody on file" first takes the advisory locks of the
identity, in a fixed order, and holds them until commit (quality.md section 2: 592 duplicates without, 0 with).
"""

import json
from collections.abc import Iterable
from dataclasses import replace
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Model

from keyturn.matching.features import Features, features_of
from keyturn.matching.keys import KEYS_VERSION, blocking_keys, identity_lock_keys
from keyturn.records.crypto import digest
from keyturn.records.models import MatchKey, PersonFeatures
from keyturn.terms.person import PersonDetails

CANDIDATES_READ = 100
"""How many persons sharing most keys are read and scored."""


def features(details: PersonDetails) -> Features:
    """The matcher's normal form; identifiers appear as their blind index."""
    return features_of(details, digest=digest)


def lock(probe: Features, premise_id: UUID | None = None) -> None:
    """Wait until nobody else is deciding about the same identity or premise; the locks end with the transaction.

    All of them in one order, so that two who decide never wait for each other.
    """
    premise = {int.from_bytes(premise_id.bytes[8:], "big", signed=True)} if premise_id else set()
    keys = sorted(premise.union(identity_lock_keys(probe)))
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(key) FROM unnest(%s::bigint[]) WITH ORDINALITY AS k(key, n) ORDER BY n",
            [keys],
        )


def candidates(probe: Features, *, limit: int = CANDIDATES_READ) -> dict[str, Features]:
    """Persons on file who share at least one blocking key with the probe, most shared keys first."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT shared.person_id, pf.features, p.flags
              FROM (SELECT person_id, count(*) AS n FROM match_key WHERE key = ANY(%s)
                     GROUP BY person_id ORDER BY n DESC, person_id LIMIT %s) AS shared
              JOIN person_features pf ON pf.person_id = shared.person_id
              JOIN person p ON p.id = shared.person_id
             WHERE p.redirect_to_id IS NULL
             ORDER BY shared.n DESC, shared.person_id
            """,
            [list(blocking_keys(probe)), limit],
        )
        rows = cursor.fetchall()
    return {str(person_id): _with_flags(row, flags) for person_id, row, flags in rows}


def _with_flags(row: Any, flags: Iterable[str]) -> Features:
    data = json.loads(row) if isinstance(row, str) else row
    found = Features.from_json(data)
    return replace(found, flags=frozenset(flags)) if flags else found


def entries(person_id: object, form: Features) -> list[Model]:
    """The rows by which a new person is found, to be written in the transaction that writes them."""
    return [
        PersonFeatures(person_id=person_id, features=form.as_json(), keys_version=KEYS_VERSION),
        *(MatchKey(key=key, person_id=person_id) for key in sorted(blocking_keys(form))),
    ]
