"""Which services go back to a landlord when a tenant leaves, and who may say so (C.11, BR-42)?

The CIS is not told: its contract (`terms/cis.py`) has no command for a landlord's agreement. What is agreed here is what
our own steps read; a utility whose CIS keeps it too, says it there.
"""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from django.db import transaction

from keyturn.flow.maintain import customer
from keyturn.records import acts
from keyturn.records.models import LandlordAgreement, User
from keyturn.records.queries import access, my_accounts
from keyturn.terms.errors import NotAllowed, StaleVersion
from keyturn.terms.levels import Level, allows


@transaction.atomic
def change_landlord(
    *, agreement_id: UUID, user: User, services: Collection[str], version: int, now: datetime
) -> LandlordAgreement:
    """From now on these services revert to the landlord's account when a tenant leaves this premise; none is allowed.

    NotAllowed("unknown_agreement") without the level "manage", ("unknown_service"); StaleVersion.
    """
    held = LandlordAgreement.objects.select_for_update(of=("self",)).select_related("premise").filter(
        pk=agreement_id, ended_on=None
    ).first()  # fmt: skip
    seen = access.to_account(user.pk, held.account_id, at=now) if held else None
    if held is None or seen is None or not allows(seen.level, Level.MANAGE):
        raise NotAllowed("unknown_agreement")
    if held.version != version:
        raise StaleVersion(held.version)
    if not set(services) <= set(held.premise.services):
        raise NotAllowed("unknown_service")
    chosen = [each for each in held.premise.services if each in services]
    before, held.services = held.services, chosen
    held.version += 1
    held.save(update_fields=["services", "version"])
    _name, main = my_accounts.holders_of([held.account_id], at=now).get(held.account_id, ("", None))
    actor = customer(user.pk, on_behalf_of="" if seen.is_own else f"person:{main}")
    acts.note(
        subject=f"account:{held.account_id}", what="landlord_changed", actor=actor, now=now,
        data={"agreement": str(held.pk), "before": sorted(before), "after": chosen},
    )  # fmt: skip
    return held
