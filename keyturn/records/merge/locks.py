"""How does nobody else decide anything about two persons while they become one, or two again?"""

from typing import Any
from uuid import UUID

from django.db import connection, transaction

from keyturn.records import dated
from keyturn.records.models import AccountPerson, MatchKey, Request
from keyturn.terms.errors import NotAllowed

TRIES = 5


class _MoreCame(Exception):
    """A request was decided for one of the two while we waited."""


def hold_both(one_id: UUID, other_id: UUID) -> None:
    """Lock everything that somebody else could decide about these two, in the order in which everybody takes it.

    Their open requests (each mover of a request holds it first), the identities (who decides "nobody on file" holds
    these), the persons, their accounts. Whoever linked a request to one of them meanwhile is waited for: then all is
    given back and taken again. NotAllowed("try_again") where that does not end.
    """
    who = [one_id, other_id]
    for _ in range(TRIES):
        try:
            with transaction.atomic():  # what is locked in here is given back where it fails
                seen = _requests(who, hold=True)
                _identities(who)
                dated.hold(persons=who)
                accounts = AccountPerson.objects.filter(person_id__in=who).values_list("account_id", flat=True)
                dated.hold(accounts=set(accounts))
                if _requests(who) - seen:
                    raise _MoreCame
                return
        except _MoreCame:
            continue
    raise NotAllowed("try_again")


def _requests(who: list[UUID], *, hold: bool = False) -> set[Any]:
    open_ones = Request.objects.filter(person_id__in=who, ended_at=None).order_by("pk")
    return set((open_ones.select_for_update() if hold else open_ones).values_list("pk", flat=True))


def _identities(who: list[UUID]) -> None:
    """Those of every key that they are found by: whoever could find one of them waits (`person_index.lock`)."""
    keys = sorted(set(MatchKey.objects.filter(person_id__in=who).values_list("key", flat=True)))
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(key) FROM unnest(%s::bigint[]) WITH ORDINALITY AS k(key, n) ORDER BY n",
            [keys],
        )
