"""What does a command of ours look like to a mapping's expressions, and what must come back to be ours again?

Everything plain: texts, lists and objects; days as "2026-12-01"; a season as [[11, 1], [3, 31]]. A change of an
`UpdateCustomer` names its kind: "name", "contact", "mailing", "identifier", "detail" or "role".
"""

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any, Final

from keyturn.connectors.cis.mapped.expressions import Unreadable
from keyturn.terms.change import (
    ContactChange,
    DetailChange,
    IdentifierChange,
    MailingChange,
    NameChange,
    RoleChange,
)
from keyturn.terms.cis import CancelService, EstablishService, MergePersons, UnmergePersons, UpdateCustomer

COMMANDS: Final = {
    each.__name__: each for each in (EstablishService, CancelService, UpdateCustomer, MergePersons, UnmergePersons)
}
KINDS: Final = {
    NameChange: "name",
    ContactChange: "contact",
    MailingChange: "mailing",
    IdentifierChange: "identifier",
    DetailChange: "detail",
    RoleChange: "role",
}

_DAYS = {"date_of_birth", "start_date", "end_date", "set_up_date", "valid_from", "valid_to", "until"}
_TIMES = {"at", "since", "ended_at"}
_AMOUNTS = {"balance"}


def plain(value: Any) -> Any:
    """`value` of ours (a command, details of a person, an address) as texts, lists and objects."""
    if is_dataclass(value) and not isinstance(value, type):
        row = {each.name: plain(getattr(value, each.name)) for each in fields(value)}
        return {"kind": KINDS[type(value)], **row} if type(value) in KINDS else row
    if isinstance(value, Mapping):
        return {str(name): plain(each) for name, each in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(each) for each in value]
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, date | datetime):
        return value.isoformat()
    return str(value) if isinstance(value, Decimal) else value


def without_nothing(value: Any) -> Any:
    """What is sent: whatever is null is left out, and objects and lists that are left empty by that stay empty."""
    if isinstance(value, Mapping):
        return {name: without_nothing(each) for name, each in value.items() if each is not None}
    if isinstance(value, list):
        return [without_nothing(each) for each in value if each is not None]
    return value


def ours(value: Any, name: str = "") -> Any:
    """What a `read` amounts to, with days, times and seasons as our own kinds. Raises Unreadable."""
    if isinstance(value, Mapping):
        return {str(each): ours(of, str(each)) for each, of in value.items()}
    if name == "season" and value:
        return _season(value)
    if isinstance(value, list):
        return [ours(each, name) for each in value]
    if name in _DAYS | _TIMES:
        return _moment(value, name)
    if name in _AMOUNTS and value is not None:
        return _amount(value)
    return value


def _moment(text: Any, name: str) -> date | datetime | None:
    if text is None or text == "":
        return None
    try:
        moment = datetime.fromisoformat(text)  # a number, such as seconds since 1970, is no text: TypeError
    except (TypeError, ValueError):
        raise Unreadable(name) from None
    return moment if name in _TIMES else moment.date()


def _amount(value: Any) -> Decimal:
    try:
        return Decimal(str(value))
    except ArithmeticError:
        raise Unreadable("amount") from None


def _season(value: Any) -> tuple[tuple[int, int], tuple[int, int]]:
    try:
        (first_month, first_day), (last_month, last_day) = value
        return (int(first_month), int(first_day)), (int(last_month), int(last_day))
    except (TypeError, ValueError):
        raise Unreadable("season") from None
