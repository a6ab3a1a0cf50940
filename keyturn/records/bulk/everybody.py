"""Who is on file, portion by portion, as the matcher sees them and under which keys they are found?"""

from collections.abc import Iterable, Iterator
from uuid import UUID

from django.db import connection

from keyturn.matching.features import Features
from keyturn.records import person_index

AT_ONCE = 20_000
NOBODY = UUID(int=0)


def keyed(*, after: UUID = NOBODY, most: int = AT_ONCE) -> list[tuple[UUID, Features, list[int]]]:
    """The next persons behind an id, by id, with their blocking keys; who was merged into another is left out."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT few.person_id, few.features, few.flags,
                   ARRAY(SELECT key FROM match_key WHERE match_key.person_id = few.person_id)
              FROM (SELECT pf.person_id, pf.features, p.flags FROM person_features pf JOIN person p ON p.id = pf.person_id
                     WHERE pf.person_id > %s AND p.redirect_to_id IS NULL ORDER BY pf.person_id LIMIT %s) AS few
             ORDER BY few.person_id
            """,
            [after, most],
        )
        rows = cursor.fetchall()
    return [(ident, person_index.read(form, flags), keys) for ident, form, flags, keys in rows]


def hot_keys() -> frozenset[int]:
    """Keys that more persons hold than a search reads (`person_index.HOLDERS_READ`)."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT key FROM match_key GROUP BY key HAVING count(*) > %s", [person_index.HOLDERS_READ])
        return frozenset(row[0] for row in cursor.fetchall())


def forms(person_ids: Iterable[UUID | str]) -> dict[str, tuple[Features, str]]:
    """Id -> how the matcher sees them, and the CIS's reference (the id where it has given none); nobody who was merged."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT p.id, pf.features, p.flags, p.ref FROM person p JOIN person_features pf ON pf.person_id = p.id"
            " WHERE p.id = ANY(%s::uuid[]) AND p.redirect_to_id IS NULL",
            [[str(each) for each in person_ids]],
        )
        rows = cursor.fetchall()
    return {str(ident): (person_index.read(form, flags), ref or str(ident)) for ident, form, flags, ref in rows}


def said_to_be_two(pairs: Iterable[tuple[str, str]]) -> set[tuple[str, str]]:
    """Of these pairs (the smaller id first), those of whom staff have said that they are not one."""
    wanted = list(pairs)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT one_id, other_id FROM not_same_person JOIN unnest(%s::uuid[], %s::uuid[]) AS w(one, other)"
            " ON one_id = w.one AND other_id = w.other WHERE withdrawn_at IS NULL",
            [[one for one, _ in wanted], [other for _, other in wanted]],
        )
        return {(str(one), str(other)) for one, other in cursor.fetchall()}


def how_many() -> int:
    """How many persons are on file, counted."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM person WHERE redirect_to_id IS NULL")
        return int(cursor.fetchone()[0])


def everybody(*, after: UUID = NOBODY) -> Iterator[list[tuple[UUID, Features, list[int]]]]:
    """All persons behind an id, in portions."""
    while some := keyed(after=after):
        yield some
        after = some[-1][0]
