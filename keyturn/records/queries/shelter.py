"""Whose address is kept secret, and from when until when (address confidentiality; C.20)?"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Q

from keyturn.records.models import Person, Protection
from keyturn.records.queries.as_of import PROTECTED


def protected(person_ids: Iterable[Any], *, at: datetime) -> frozenset[UUID]:
    """Those of these persons whose address nobody without the right may see: by a programme, or a flag of the CIS."""
    wanted = [each for each in person_ids if each]
    if not wanted:
        return frozenset()
    flagged = Person.objects.filter(pk__in=wanted, flags__contains=[PROTECTED]).values_list("pk", flat=True)
    rows = Protection.objects.filter(Q(ended_at=None) | Q(ended_at__gt=at), person_id__in=wanted, since__lte=at)
    return frozenset(flagged) | frozenset(rows.values_list("person_id", flat=True))


def is_protected(person_id: Any, *, at: datetime) -> bool:
    return bool(protected([person_id], at=at))


def protection_of(person_id: Any) -> Protection | None:
    """The programme that protects a person now; of whoever was merged into them, where they have none of their own."""
    rows = Protection.objects.filter(ended_at=None)
    own = rows.filter(person_id=person_id).first()
    return own or rows.filter(person__redirect_to=person_id).order_by("pk").first()
