"""What may somebody do for an account: which levels are there, and what does each allow?

Four levels, each with what the one below may do (field.md 1.11; domain.md D.1). Who a *person* is (name, documents,
contacts) is changed by that person only, or through staff.
"""

from enum import StrEnum


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
