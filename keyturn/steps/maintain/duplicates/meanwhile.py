"""Did a request make somebody while an import wrote the same person, so that neither could see the other?"""

from collections.abc import Callable, Collection
from datetime import datetime
from uuid import UUID

from keyturn.matching.model import Model
from keyturn.records import deciding, person_index
from keyturn.records.models import Person
from keyturn.steps.maintain.duplicates.step import Found, alike
from keyturn.terms.policy import Policy


def unseen(
    written: Callable[[Collection[UUID]], Collection[UUID]], *, since: UUID, model: Model, policy: Policy
) -> list[Found]:
    """Pairs of one whom an import wrote, and is committed, and one whom a request made since `since` (`deciding.mark`).

    `written` says who of some the import wrote. Costs some milliseconds for each of those that requests made, nothing where
    there are none.
    """
    deciding.wait_until_done()
    found: list[Found] = []
    for ident in deciding.made_by_requests_since(since):
        form = person_index.of_person(ident)
        if form is not None:
            near = person_index.candidates(form)
            ours = written([UUID(other) for other in near])
            others = {other: features for other, features in near.items() if UUID(other) in ours}
            found += alike(ident, form, others, model=model, policy=policy)
    return found


def written_at(moment: datetime) -> Callable[[Collection[UUID]], Collection[UUID]]:
    """Whom the import that ran at that moment wrote, and nobody has changed since (who did was looked for)."""

    def ours(persons: Collection[UUID]) -> Collection[UUID]:
        return set(Person.objects.filter(pk__in=persons, updated_at=moment).values_list("pk", flat=True))

    return ours
