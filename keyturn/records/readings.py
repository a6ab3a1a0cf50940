"""How is it written down that somebody looked at what not everybody may see? Append-only, before it is shown."""

from datetime import datetime

from keyturn.records.models import Person, Reading
from keyturn.terms.request import Actor


def note_reading(
    *, what: str, subject: str, person: Person | None, reason: str, actor: Actor, now: datetime
) -> Reading:
    """`what` is document, identifier, protected or export; `subject` its id; `reason` a code, never words."""
    return Reading.objects.create(
        at=now, role=str(actor.role), actor=actor.ident[:80], what=what, subject=subject[:60], person=person, reason=reason[:20]
    )  # fmt: skip
