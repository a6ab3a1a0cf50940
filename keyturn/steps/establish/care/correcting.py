"""What does it write when staff say that the file was wrong all the time?

The value is believed from where the wrong one began; that the wrong one was believed stays on record.
"""

from datetime import datetime

from keyturn.matching.contacts import normal_email, normal_phone
from keyturn.records import dated
from keyturn.records.dated import Changes
from keyturn.records.models import PersonAddress, PersonContact, PersonName, Request
from keyturn.records.queries import on_file
from keyturn.steps.establish.change import step as change
from keyturn.terms.address import Address
from keyturn.terms.policy import Policy
from keyturn.terms.request import Verdict
from keyturn.terms.slots import ALL, Wish


def run(request: Request, wishes: tuple[Wish, ...], *, now: datetime, policy: Policy) -> Verdict:
    """Correct names, contacts and the mailing address; what knows no history is simply written."""
    assert request.person
    rest = []
    with dated.changing(person=request.person, now=now, source=f"request:{request.pk}") as file:
        _name(file, [each for each in wishes if each.family == "name"])
        for wish in wishes:
            if wish.family != "name" and not _corrected(file, wish, policy):
                rest.append(wish)
    verdict = change.run(request, tuple(rest), now=now, policy=policy)
    request.written = [each.as_json() for each in wishes]
    return Verdict(data={**verdict.data, "families": sorted({each.family for each in wishes}), "corrected": True})


def _name(file: Changes, wishes: list[Wish]) -> None:
    if wishes:
        held = file.holding(PersonName, name_type="primary")[0]
        file.correct(held, **{each.slot.partition(".")[2]: each.value for each in wishes})


def _corrected(file: Changes, wish: Wish, policy: Policy) -> bool:
    """Whether there was a row to correct."""
    if wish.slot.startswith("contact."):
        return _contact(file, wish, policy)
    if wish.slot == f"mailing.{ALL}" and wish.value:
        rows = file.holding(PersonAddress, purpose="mailing", account_id=None, season_from=None)
        for row in rows:
            file.correct(row, **Address.from_mapping(wish.value).as_json())
        return bool(rows)
    return False


def _contact(file: Changes, wish: Wish, policy: Policy) -> bool:
    key = wish.slot.partition(".")[2]
    rows = [r for r in file.holding(PersonContact) if on_file.contact_key(r.channel, r.normalised) == key]
    if not rows or (wish.value is None and rows[0].is_primary):
        return False  # another takes the first place: that is a change of its own
    if wish.value is None:
        file.withdraw(rows[0])
        return True
    value = str(wish.value["value"])
    normal = normal_email(value) if rows[0].channel == "email" else normal_phone(value, country=policy.country)
    file.correct(
        rows[0], value=value, normalised=normal or value.casefold(), contact_type=wish.value["contact_type"],
        status="pending", verified_at=None,
    )  # fmt: skip
    return True
