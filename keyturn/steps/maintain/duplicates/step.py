"""How are pairs of persons who may be one kept, opened to staff and closed?

Each pair is one row, the smaller id first. Statements do for thousands of pairs what they do for one.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any
from uuid import UUID

from django.db import connection

from keyturn.matching.decide import Ranked
from keyturn.matching.features import Features
from keyturn.matching.model import Model
from keyturn.matching.pairs import weigh
from keyturn.records import ids, person_index
from keyturn.records.models import DuplicatePair
from keyturn.steps.maintain.duplicates import rules
from keyturn.terms.policy import Policy

AT_ONCE = 2_000
_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('keyturn duplicates', 0))"


@dataclass(frozen=True, slots=True)
class Found:
    """Two persons on file (ids) who may be one. `ranked` is the matcher's comparison of the two."""

    one: UUID
    other: UUID
    zone: str
    ranked: Ranked

    @property
    def ids(self) -> tuple[UUID, UUID]:
        """The smaller id first, as the pair is kept."""
        return (self.one, self.other) if self.one < self.other else (self.other, self.one)


def alike(
    person_id: UUID, form: Features, others: Mapping[str, Features], *, model: Model, policy: Policy
) -> list[Found]:
    """Which of `others` (id -> features) may be this person."""
    found = []
    for ident, features in others.items():
        if ident != str(person_id):
            pair = weigh(form, features, other_id=ident, model=model, policy=policy)
            if pair and rules.may_be_one(pair.zone, likely=pair.likely):
                found.append(Found(person_id, UUID(ident), pair.zone, pair.ranked))
    return found


def near(person_id: UUID, *, model: Model, policy: Policy) -> list[Found]:
    """Who else on file may be this person, of those whom the online matcher's search finds."""
    form = person_index.of_person(person_id)
    return alike(person_id, form, person_index.candidates(form), model=model, policy=policy) if form else []


def look(person_id: UUID, *, source: str, model: Model, now: datetime, policy: Policy) -> int:
    """Compare one person on file with everybody else whom the online matcher finds; how many pairs are kept.

    A pair that staff have not decided, and that is none any more, is gone.
    """
    found = near(person_id, model=model, policy=policy)
    kept = note(found, source=source, now=now)
    stays = {each.ids for each in found}
    gone = [pair.pk for pair in _undecided_of(person_id) if (pair.one_id, pair.other_id) not in stays]
    DuplicatePair.objects.filter(pk__in=gone, state__in=rules.UNDECIDED).update(state="gone")
    open_more(now=now, policy=policy)
    return kept


def _undecided_of(person_id: UUID) -> list[DuplicatePair]:
    rows = DuplicatePair.objects.filter(state__in=rules.UNDECIDED)
    return [*rows.filter(one_id=person_id), *rows.filter(other_id=person_id)]


_NOTE = """
    INSERT INTO duplicate_pair (id, one_id, other_id, source, weight, probability, zone, fields, missing, vetoes, why,
                                model_version, state, found_at, decided_by)
    SELECT f.id, f.one_id, f.other_id, %(source)s, f.weight, f.probability, f.zone, f.fields, f.missing, f.vetoes, f.why,
           f.model_version, 'held', %(now)s, ''
      FROM jsonb_to_recordset(%(rows)s::jsonb) AS f(id uuid, one_id uuid, other_id uuid, weight float8, probability float8,
           zone text, fields jsonb, missing varchar[], vetoes varchar[], why varchar[], model_version text)
      JOIN person a ON a.id = f.one_id AND a.redirect_to_id IS NULL
      JOIN person b ON b.id = f.other_id AND b.redirect_to_id IS NULL
     WHERE NOT EXISTS (SELECT 1 FROM not_same_person n
                        WHERE n.one_id = f.one_id AND n.other_id = f.other_id AND n.withdrawn_at IS NULL)
     ORDER BY f.one_id, f.other_id
    ON CONFLICT (one_id, other_id) DO UPDATE
       SET weight = excluded.weight, probability = excluded.probability, zone = excluded.zone, fields = excluded.fields,
           missing = excluded.missing, vetoes = excluded.vetoes, why = excluded.why,
           model_version = excluded.model_version,
           state = CASE duplicate_pair.state WHEN 'gone' THEN 'held' ELSE duplicate_pair.state END
     WHERE duplicate_pair.state <> ALL(%(decided)s)
    RETURNING 1
"""


def note(found: Iterable[Found], *, source: str, now: datetime) -> int:
    """Keep pairs, each once; how many are kept. What is undecided gets its new weight (K-21: nothing else is touched)."""
    kept, left = 0, iter(found)
    while some := list(islice(left, AT_ONCE)):
        rows = {each.ids: _row(each) for each in some}
        with connection.cursor() as cursor:
            values = {"rows": json.dumps(list(rows.values())), "source": source, "now": now}
            cursor.execute(_NOTE, {**values, "decided": list(rules.DECIDED)})
            kept += len(cursor.fetchall())
    return kept


def _row(found: Found) -> dict[str, Any]:
    one, other = found.ids
    scored = found.ranked.scored
    return {
        "id": str(ids.new_id()),
        "one_id": str(one),
        "other_id": str(other),
        "weight": scored.weight,
        "probability": scored.probability,
        "zone": found.zone,
        "fields": [{"field": f.field, "level": f.level, "weight": round(f.weight, 2)} for f in scored.fields],
        "missing": [field for field, _whose in found.ranked.missing],
        "vetoes": list(scored.vetoes),
        "why": [*found.ranked.why, *found.ranked.relation],
        "model_version": scored.model_version,
    }


def open_more(*, now: datetime, policy: Policy) -> int:
    """Open the likeliest pairs that are held, as far as there is room (K-22); how many."""
    with connection.cursor() as cursor:
        cursor.execute(_LOCK)  # two who open at once would open twice as many
    some = rules.room(DuplicatePair.objects.filter(state="open").count(), policy)
    if not some:
        return 0
    held = DuplicatePair.objects.filter(state="held", one__redirect_to=None, other__redirect_to=None)
    best = held.order_by("-weight", "id").values_list("pk", flat=True)[:some]
    return DuplicatePair.objects.filter(pk__in=list(best), state="held").update(state="open", opened_at=now)


def close(one: UUID, other: UUID, *, state: str, by: str, now: datetime) -> bool:
    """Keep what was decided about two persons; False where nobody asked."""
    first, second = sorted((one, other))
    rows = DuplicatePair.objects.filter(one_id=first, other_id=second)
    return bool(rows.update(state=state, decided_by=by[:80], decided_at=now))


def reopen(one: UUID, other: UUID) -> bool:
    """What was decided about two persons was taken back: it is a question again, held until there is room."""
    first, second = sorted((one, other))
    rows = DuplicatePair.objects.filter(one_id=first, other_id=second).exclude(state__in=rules.UNDECIDED)
    return bool(rows.update(state="held", decided_by="", decided_at=None, opened_at=None))


def give_up(person_ids: Sequence[UUID]) -> int:
    """These persons are on file no more as themselves (merged into somebody, forgotten): their open pairs are gone."""
    rows = DuplicatePair.objects.filter(state__in=rules.UNDECIDED)
    return rows.filter(one_id__in=person_ids).update(state="gone") + rows.filter(other_id__in=person_ids).update(
        state="gone"
    )
