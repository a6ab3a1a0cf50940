"""How do staff read that somebody was said to be another person?"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from keyturn.console.templatetags.console import moment
from keyturn.console.vocabulary import RELATIONS, say
from keyturn.records.queries import console, told_apart
from keyturn.records.queries.told_apart import Apart


def sentences(person_id: Any, *, at: datetime, among: Iterable[Any] | None = None) -> list[str]:
    """ "Not the same person as Eva Weiss (perhaps twins): rosa, 11/22/2026, 10:35 a.m." """
    rows = told_apart.of_person(person_id, at=at, among=among)
    who = names(rows)
    return [
        (_("Not the same person as %(name)s (%(relation)s): %(who)s, %(when)s.") if each.relation
         else _("Not the same person as %(name)s: %(who)s, %(when)s."))
        % {"name": each.name or "?", "relation": say(RELATIONS, each.relation).lower(), "who": who[each.said_by],
           "when": moment(each.said_at)}
        for each in rows
    ]  # fmt: skip


def names(rows: Iterable[Apart]) -> dict[str, str]:
    """What to call those who said so."""
    return called({each.said_by for each in rows})


def called(actors: Iterable[str]) -> dict[str, str]:
    """ "role:ident" to what colleagues call them."""
    wanted = {each: tuple(each.partition(":")[::2]) for each in actors if each}
    found = console.names_of(wanted.values())
    return {
        each: found.get(pair) or (_("Keyturn") if pair[0] == "machine" else pair[1]) for each, pair in wanted.items()
    }
