"""When may two persons on file be made one, when may that be undone, and which of two answers holds?"""

from collections.abc import Collection, Iterator, Mapping, Set

from keyturn.terms import merging
from keyturn.terms.finding import Effect, Finding, rule
from keyturn.terms.merging import FIELDS, Facts, Side


@rule("K-90", "Two files are made one only where nothing stands in the way", implements=("BR-08",))
def may_be_one(facts: Facts) -> Iterator[Finding]:
    """The codes are those of `NotAllowed`; what is only worth a second look is no obstacle."""
    for code in merging.obstacles(facts):
        yield Finding("K-90", "", Effect.REFUSE, {"why": code})


@rule("K-91", "A second member of staff agrees before two files become one")
def second_agrees(*, agreed: bool) -> Iterator[Finding]:
    """quality.md section 2, point 4. No ordinary approval covers it: there is a verb of its own."""
    if not agreed:
        yield Finding("K-91", "", Effect.REFER)


@rule("K-92", "Who proposes that two files become one is not who agrees")
def is_another(*, proposed_by: str, who: str) -> bool:
    return proposed_by != who


@rule("K-93", "Of two answers about the same wish or consent the one that allows less holds", implements=("BR-65",))
def stricter(one: str, other: str) -> str:
    return merging.stricter(one, other)


@rule("K-94", "What is chosen is a field that both files have, and one of the two")
def choices_are_known(choices: Mapping[str, str], known: Collection[str] = FIELDS) -> Iterator[Finding]:
    for name, side in choices.items():
        if name not in known or side not in list(Side):
            yield Finding("K-94", name if name in known else "", params={"why": "unknown"})


@rule("K-95", "A merge or its undoing has a reason")
def has_a_reason(reason: str) -> Iterator[Finding]:
    if len(reason.strip()) < 10:
        yield Finding("K-95", "reason")


@rule("K-96", "Merges are undone in the opposite order of their making")
def is_the_last(*, later: int) -> bool:
    """`later`: merges of either of the two that were made after this one and stand."""
    return later == 0


@rule(
    "K-97", "What was shown is what is agreed to: a file that changed since is looked at again", implements=("ER-21",)
)
def is_as_shown(shown: Mapping[str, int], now: Mapping[str, int]) -> bool:
    """Versions of both persons and of their accounts."""
    return dict(shown) == dict(now)


@rule("K-99", "A merge is undone by a supervisor")
def is_undone_by(*, is_supervisor: bool) -> bool:
    """One is enough: it gives back what was. But what came since is shared out by their word alone."""
    return is_supervisor


@rule("K-98", "A row about somebody who has become part of another file changes nothing")
def is_nobody_merged(ref: str, merged: Set[str]) -> Iterator[Finding]:
    """The CIS was told. Whoever they are part of has a row of their own, by which their file is kept up to date."""
    if ref in merged:
        yield Finding("K-98", "ref", Effect.NOTE)
