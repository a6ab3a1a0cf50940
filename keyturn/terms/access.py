"""What may the holder of an API key do, and what does each level of access to an account allow?

Four levels, each with what the one below may do (field.md 1.11; domain.md D.1). Who a *person* is (name, documents,
contacts) is changed by that person only, or through staff.
"""

from enum import StrEnum

from keyturn.terms.words import gettext_noop as _

SCOPES = {
    "requests:write": _("Begin requests; change, send, answer and withdraw those that this key began; look up premises."),
    "requests:read": _("Read every request of the utility, whoever began it."),
    "requests:attest": _("Vouch that an e-mail, a phone or an identity was proved elsewhere."),
    "review:write": _("Decide requests that were referred to staff, and see the persons who come into question."),
    "persons:read": _("Read persons and accounts on file; identifiers show their last four characters only."),
    "messages:write": _("Have persons told of a topic, as far as they and the law allow."),
    "persons:match": _("Ask whom a description fits, with the weight of each field."),
    "accounts:read": _("Read accounts and their service agreements."),
    "premises:read": _("Look up premises and whether they are vacant."),
}  # fmt: skip
"""Every scope, with what it allows. The names are public: they stay."""


class Level(StrEnum):
    """From the least to the most."""

    VIEW = "view"  # sees account, premise and services
    PAY = "pay"  # sees what is owed, too
    MANAGE = "manage"  # changes where letters go, paperless bills, and asks for services
    OWNER = "owner"  # everything, and says who else may


ORDER = (Level.VIEW, Level.PAY, Level.MANAGE, Level.OWNER)


def allows(level: str, needed: Level) -> bool:
    """Whether somebody at `level` may do what `needed` names."""
    return level in ORDER and ORDER.index(Level(level)) >= ORDER.index(needed)


def highest(levels: list[str]) -> str:
    """The most that several grants allow together; "" where there is none."""
    known = [each for each in ORDER if each in levels]
    return str(known[-1]) if known else ""
