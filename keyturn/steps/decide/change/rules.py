"""Which risk does a change bear, and what follows: at once, after a pause, or staff first?

A stolen bill and an open session are all that a take-over needs (BR-61, BR-62): it changes the contact, then the mailing
address, then the name. So each kind of value has a risk in the utility's policy, and the pattern is looked for.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from keyturn.terms.finding import Effect, Finding, rule
from keyturn.terms.policy import Policy


@dataclass(frozen=True, slots=True)
class Facts:
    """What the rules need to know. Families are kinds of values ("mailing"); no value is here."""

    now: datetime
    families: tuple[str, ...]
    may_act: bool = True
    conflicts: tuple[str, ...] = ()  # families of values that somebody else changed meanwhile
    missing: tuple[str, ...] = ()  # families of values that are not on file (any more)
    overlapping_season: bool = False
    rested_since: datetime | None = None  # when a pause for this change began
    name_changes_today: int = 0
    identifier_elsewhere: bool = False
    flags: frozenset[str] = frozenset()
    access_since: datetime | None = None
    contact_changed_at: datetime | None = None


@rule("D-20", "Who asks for a change may still change it when it is written", implements=("BR-32",))
def still_allowed(facts: Facts, policy: Policy) -> Iterator[Finding]:
    """Access that was taken back meanwhile takes what it asked for with it."""
    if not facts.may_act:
        yield Finding("D-20", "", Effect.REFUSE)


@rule("D-21", "What somebody else changed meanwhile is shown and asked, never overwritten", implements=("ER-25",))
def nobody_changed_it(facts: Facts, policy: Policy) -> Iterator[Finding]:
    for family in dict.fromkeys((*facts.conflicts, *facts.missing)):
        yield Finding("D-21", family, Effect.ASK)


@rule("D-22", "Two seasons never hold on one day", implements=("BR-22",))
def seasons_do_not_overlap(facts: Facts, policy: Policy) -> Iterator[Finding]:
    if facts.overlapping_season:
        yield Finding("D-22", "season_from", Effect.ASK)


@rule("D-23", "The utility's risk policy says which changes staff look at first", implements=("ER-26",))
def risk_is_low(facts: Facts, policy: Policy) -> Iterator[Finding]:
    for family in dict.fromkeys(facts.families):
        if policy.change_risk.get(family, "propose") == "propose":
            yield Finding("D-23", family, Effect.REFER)


@rule("D-24", "A name changes at most once a day", implements=("BR-61",))
def name_is_not_swapped(facts: Facts, policy: Policy) -> Iterator[Finding]:
    """People hand an account to the next tenant that way (quality.md section 4)."""
    if "name" in facts.families and facts.name_changes_today:
        yield Finding("D-24", "name", Effect.REFER)


@rule("D-25", "A document stands on one person's file only", implements=("BR-08", "ER-12"))
def identifier_is_theirs(facts: Facts, policy: Policy) -> Iterator[Finding]:
    if facts.identifier_elsewhere:
        yield Finding("D-25", "id_value", Effect.REFER)


@rule("D-26", "New access or a new e-mail, and then the letters elsewhere: staff look first", implements=("BR-61",))
def is_no_take_over(facts: Facts, policy: Policy) -> Iterator[Finding]:
    fresh = facts.now - timedelta(days=policy.fresh_contact_days)
    signs = [at for at in (facts.access_since, facts.contact_changed_at) if at and at > fresh]
    if signs and {"mailing", "season", "name"} & set(facts.families):
        yield Finding("D-26", "", Effect.REFER)


@rule("D-27", "Nothing is changed by machine for somebody on file with a warning", implements=("BR-61",))
def no_warning(facts: Facts, policy: Policy) -> Iterator[Finding]:
    for flag in sorted(facts.flags):
        yield Finding("D-27", "", Effect.REFER, {"flag": flag})


@rule("D-28", "A change that needs a pause rests, so that its owner can stop it", implements=("BR-62",))
def pause_is_over(facts: Facts, policy: Policy) -> Iterator[Finding]:
    """The old and the new contact are told when the pause begins."""
    if not any(policy.change_risk.get(each) == "cool_off" for each in facts.families):
        return
    begun = facts.rested_since or facts.now
    until = begun + timedelta(hours=policy.cooling_off_hours)
    if facts.rested_since is None or until > facts.now:
        yield Finding("D-28", "", Effect.WAIT, {"until": until.isoformat()})


RULES: tuple[Callable[[Facts, Policy], Iterator[Finding]], ...] = (
    still_allowed, nobody_changed_it, seasons_do_not_overlap, risk_is_low, name_is_not_swapped, identifier_is_theirs,
    is_no_take_over, no_warning, pause_is_over,
)  # fmt: skip

FLAGGING = frozenset({"D-24", "D-25", "D-26"})
"""Findings that leave a red-flag case (BR-60)."""

FOR_THE_CUSTOMER = frozenset({"D-21", "D-22"})
"""Findings that the customer can settle, and is told of before the change is sent."""


def check(facts: Facts, policy: Policy) -> tuple[Finding, ...]:
    """Every rule's findings. With staff due to look there is no pause as well: they decide."""
    found = tuple(finding for each in RULES for finding in each(facts, policy))
    if any(each.effect is Effect.REFER for each in found):
        return tuple(each for each in found if each.rule != "D-28")
    return found
