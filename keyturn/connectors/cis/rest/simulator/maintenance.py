"""Which changes of a person does the simulated CIS take, in its own words?"""

from collections.abc import Callable, Mapping
from typing import Any

from keyturn.connectors.cis.rest.simulator.words import CHANNELS, NAMES, Malformed, address_of, day, text, texts
from keyturn.terms.change import (
    Change,
    ContactChange,
    DetailChange,
    IdentifierChange,
    MailingChange,
    NameChange,
    RoleChange,
)
from keyturn.terms.person import Identifier

Row = Mapping[str, Any]


def changes_of(said: Row) -> tuple[Change, ...]:
    """Raises Malformed."""
    items = said.get("changes") or []
    if not isinstance(items, list):
        raise Malformed("changes")
    return tuple(_change(each) for each in items)


def _change(item: Any) -> Change:
    if not isinstance(item, dict) or item.get("kind") not in _KINDS:
        raise Malformed("kind")
    return _KINDS[item["kind"]](item)


def _name(item: Row) -> Change:
    return NameChange(
        _word(NAMES, item, "nameType"),
        given_name=text(item, "first"),
        middle_name=text(item, "middle"),
        family_name=text(item, "last"),
        suffix=text(item, "suffix"),
        organisation_name=text(item, "organization"),
        from_day=day(item, "fromDate"),
    )


def _contact(item: Row) -> Change:
    return ContactChange(
        _word(CHANNELS, item, "channel"),
        text(item, "value"),
        contact_type=text(item, "use"),
        replaces=text(item, "replaces"),
        is_primary=bool(item.get("preferred")),
    )


def _mailing(item: Row) -> Change:
    return MailingChange(
        address_of(item.get("address")),
        texts(item, "accountIds"),
        day(item, "fromDate"),
        day(item, "toDate"),
        _season(item.get("season")),
    )


def _season(said: Any) -> tuple[tuple[int, int], tuple[int, int]] | None:
    if said is None:
        return None
    try:
        return (int(said["fromMonth"]), int(said["fromDay"])), (int(said["toMonth"]), int(said["toDay"]))
    except (KeyError, TypeError, ValueError):
        raise Malformed("season") from None


def _identifier(item: Row) -> Change:
    return IdentifierChange(Identifier(text(item, "identifierType"), text(item, "number")))


def _attribute(item: Row) -> Change:
    return DetailChange(text(item, "name"), text(item, "value"), text(item, "accountId"), day(item, "untilDate"))


def _relation(item: Row) -> Change:
    return RoleChange(
        text(item, "accountId"),
        text(item, "name"),
        text(item, "email"),
        text(item, "role") or "delegate",
        bool(item.get("ends")),
    )


def _word(table: Mapping[str, str], item: Row, name: str) -> str:
    try:
        return table[text(item, name)]
    except KeyError:
        raise Malformed(name) from None


_KINDS: dict[str, Callable[[Row], Change]] = {
    "NAME": _name,
    "CONTACT": _contact,
    "MAILING": _mailing,
    "IDENTIFIER": _identifier,
    "ATTRIBUTE": _attribute,
    "RELATION": _relation,
}
