"""Which command tells the CIS of what a change wrote?"""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any
from uuid import UUID

from keyturn.records.models import Account, Delivery, Request
from keyturn.records.queries import on_file
from keyturn.steps.sync import step as sync
from keyturn.steps.sync.change import rules
from keyturn.steps.sync.change.standing import still_said, wishes_of
from keyturn.terms.address import Address
from keyturn.terms.change import Change, ContactChange, DetailChange, IdentifierChange, MailingChange, NameChange
from keyturn.terms.cis import Answer, UpdateCustomer
from keyturn.terms.days import day_of
from keyturn.terms.person import Identifier
from keyturn.terms.policy import Policy
from keyturn.terms.slots import ALL, Wish

run = sync.run
again = sync.again


def command_for(request: Request, policy: Policy) -> UpdateCustomer:
    """What was written and still stands, in the CIS's words; built when it is sent, because accounts may get their reference
    meanwhile."""
    assert request.person
    wishes = tuple(still_said(request))
    return UpdateCustomer(
        request_reference=request.reference,
        person_ref=request.person.ref or "",
        changes=tuple(changes(wishes, before=request.seen, refs=_refs(wishes), name=_name(request))),
        origin={"channel": request.channel},
    )


def turn_back(request: Request, *, now: datetime) -> tuple[UpdateCustomer | None, set[str]]:
    """The command that undoes what a change did in the CIS, and the families of what it does not undo (S-13).

    Asked once the registry was put back: what does not stand there as before has been changed since, or is no matter of
    one value, and is left to staff.
    """
    assert request.person
    there, before = on_file.slots(request.person, at=now), request.seen
    back, left = [], set()
    for wish in wishes_of(request):
        if wish.slot.startswith("proof."):
            continue  # that a contact was proved changes nothing there
        if rules.can_be_turned_back(wish, before=before.get(wish.slot), now=there.get(wish.slot)):
            back.append(wish)
        else:
            left.add(wish.family)
    if not back:
        return None, left
    inverse = [Wish(each.slot, before.get(each.slot) or NOTHING.get(each.slot.partition(".")[0])) for each in back]
    new = {each.slot: each.value for each in back}
    found = changes(
        inverse,
        before=new,
        refs=_refs(inverse),
        name={p: str(there.get(f"name.{p}") or "") for p in on_file.NAME_PARTS},
    )
    command = UpdateCustomer(
        request_reference=request.reference,
        person_ref=request.person.ref or "",
        changes=tuple(found),
        origin={"channel": request.channel},
    )
    return command, left


NOTHING = {"preference": "off", "detail": "", "paperless": False}
"""What a slot says that nothing stands in."""


def changes(
    wishes: Iterable[Wish], *, before: Any, refs: dict[str, str], name: dict[str, str] | None = None
) -> Iterator[Change]:
    """Slots in the words of the CIS. `before` is what stood there, `refs` the CIS's own of accounts, `name` the whole
    name as it now is."""
    renamed = [each for each in wishes if each.family == "name"]
    if renamed:
        yield NameChange("primary", **(name or {}), from_day=day_of(renamed[0].from_day))
    for wish in wishes:
        kind, _, rest = wish.slot.partition(".")
        match kind:
            case "alias":
                yield NameChange(**wish.value)
            case "contact":
                yield _contact(wish, before.get(wish.slot))
            case "proof":
                yield _contact(Wish(f"contact.{rest}", before[f"contact.{rest}"]), None)
            case "mailing" | "season":
                yield _mailing(wish, rest, refs)
            case "identifier":
                yield IdentifierChange(Identifier(rest, str(wish.value)))
            case "detail" | "preference":
                yield DetailChange(rest, _text(wish.value))
            case "paperless":
                yield DetailChange("paperless", _text(wish.value), _ref(rest, refs))


def _contact(wish: Wish, before: Any) -> ContactChange:
    old, new = before or {}, wish.value or {}
    return ContactChange(
        channel=new.get("channel") or old["channel"],
        value=new.get("value", ""),
        contact_type=new.get("contact_type", ""),
        replaces=old.get("value", ""),
        is_primary=bool(new.get("is_primary")),
    )


def _mailing(wish: Wish, rest: str, refs: dict[str, str]) -> MailingChange:
    scope, _, days = rest.partition(".")
    return MailingChange(
        address=Address.from_mapping(wish.value) if wish.value else None,
        account_refs=() if scope == ALL else (_ref(scope, refs),),
        from_day=day_of(wish.from_day),
        to_day=day_of(wish.to_day),
        season=_season(days) if days else None,
    )


def _ref(account_id: str, refs: dict[str, str]) -> str:
    """The CIS's own number of an account. Of one that it does not know yet, our id: it says so, and staff look; an empty
    one would mean the person."""
    return refs.get(account_id) or account_id


def _season(days: str) -> tuple[tuple[int, int], tuple[int, int]]:
    first, _, last = days.partition("-")
    return (int(first[:2]), int(first[2:])), (int(last[:2]), int(last[2:]))


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return ",".join(value) if isinstance(value, list) else str(value)


def _refs(wishes: Iterable[Wish]) -> dict[str, str]:
    scopes = {part for each in wishes for part in each.slot.split(".")[1:2]} - {ALL}
    ids = [scope for scope in scopes if _is_uuid(scope)]
    return {str(pk): ref or "" for pk, ref in Account.objects.filter(pk__in=ids).values_list("pk", "ref")}


def _is_uuid(text: str) -> bool:
    try:
        return bool(UUID(text))
    except ValueError:
        return False


def _name(request: Request) -> dict[str, str]:
    there = on_file.slots(request.person, at=request.updated_at)
    return {part: str(there.get(f"name.{part}") or "") for part in on_file.NAME_PARTS}


def keep_answer(request: Request, delivery: Delivery, answer: Answer, *, now: datetime) -> None:
    """The CIS has it. It gives no new references."""
    sync.close(delivery, answer, now=now)
