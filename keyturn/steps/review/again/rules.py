"""Who looks at a link again, what may they say, and when must the machine stop making links (quality.md section 2, 6)?"""

from collections.abc import Iterator
from math import floor

from keyturn.terms.finding import Finding, rule

VERDICTS = ("same", "other", "unsure")


@rule("R-40", "A link is looked at again by somebody who had no part in the request", implements=("BR-60",))
def had_no_part(*, is_own: bool, acted: bool, saw_another_of_it: bool) -> bool:
    """`acted`: they did anything with the request before; `saw_another_of_it`: its applicant was shown to them beside
    somebody else. They are told neither what was decided nor whether anything was."""
    return not (is_own or acted or saw_another_of_it)


@rule("R-41", "A link that is looked at again is the same person, another, or unsure; all but the first say why")
def verdict_is_possible(verdict: str, reason: str) -> Iterator[Finding]:
    if verdict not in VERDICTS:
        yield Finding("R-41", "verdict", params={"why": "verdict"})
    elif verdict != "same" and len(reason.strip()) < 10:
        yield Finding("R-41", "reason", params={"why": "reason"})


@rule("R-42", "The machine makes links as long as those that were looked at again are right")
def precision_holds(*, right: int, wrong: int, floor: float) -> bool:
    """Who was unsure says nothing for or against. With few looked at, one wrong is enough: a false link hurts somebody,
    and a stop costs staff some work until a supervisor ends it."""
    return wrong == 0 or right >= floor * (right + wrong)


@rule("R-43", "A supervisor turns the machine's links on or off, and says why")
def switching_is_possible(*, is_supervisor: bool, reason: str) -> Iterator[Finding]:
    if not is_supervisor:
        yield Finding("R-43", "on", params={"why": "supervisor"})
    elif len(reason.strip()) < 10:
        yield Finding("R-43", "reason", params={"why": "reason"})


@rule("R-44", "Among the links that are looked at again are pairs whom nobody linked")
def decoys_wanted(*, links: int, decoys: int, share: float) -> int:
    """How many are missing, so that `share` of all that is shown was never linked and “same” is not always right."""
    return max(0, floor(links * share / (1 - share) + 0.5) - decoys)
