"""Did a request make somebody while an import wrote the same person, so that neither could see the other?"""

from collections.abc import Collection
from uuid import UUID

from keyturn.matching.model import Model
from keyturn.records import deciding, person_index
from keyturn.steps.maintain.duplicates.step import Found, alike
from keyturn.terms.policy import Policy


def unseen(written: Collection[UUID], *, since: UUID, model: Model, policy: Policy) -> list[Found]:
    """Pairs of one of `written`, who are committed, and one whom a request made since `since` (`deciding.mark`).

    Costs some milliseconds for each of those that requests made, nothing where there are none.
    """
    if not written:
        return []
    deciding.wait_until_done()
    found: list[Found] = []
    for ident in deciding.made_by_requests_since(since):
        form = person_index.of_person(ident)
        if form is not None:
            near = person_index.candidates(form)
            others = {other: features for other, features in near.items() if UUID(other) in written}
            found += alike(ident, form, others, model=model, policy=policy)
    return found
