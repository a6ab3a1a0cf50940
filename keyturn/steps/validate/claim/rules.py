"""Can an account be looked for with these details? Said before anything is looked up, so it tells nothing about anybody.

That a login has an account already is said too: only to that login, about its own.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from keyturn.terms import account_number, verification
from keyturn.terms.finding import Finding, rule
from keyturn.terms.policy import Policy


@dataclass(frozen=True, slots=True)
class Form:
    """The answers, and the references of the accounts that this login owns already."""

    answers: Mapping[str, Any]
    own_refs: frozenset[str]
    offered: tuple[str, ...]
    policy: Policy

    def text(self, name: str) -> str:
        return str(self.answers.get(name) or "").strip()


@rule("V-30", "An account number that was mistyped is seen by its check digit", implements=("BR-29",))
def number_is_well_typed(form: Form) -> Iterator[Finding]:
    if form.text("account_number") and account_number.is_mistyped(
        form.text("account_number"), digits=form.policy.account_number_digits
    ):
        yield Finding("V-30", "account_number")


@rule("V-31", "As many details are given as the utility's policy wants to agree", implements=("BR-28",))
def enough_is_said(form: Form) -> Iterator[Finding]:
    """One wrong detail of a group is no mistake yet, so more than are needed may be given."""
    for group in verification.groups(form.policy.verification, form.text("line_of_business")):
        given = [each for each in group.fields if form.text(each)]
        if len(given) < group.needed:
            missing = next(each for each in group.fields if each not in given)
            yield Finding("V-31", missing, params={"needed": group.needed})


@rule("V-32", "Four characters are four")
def last_four_are_four(form: Form) -> Iterator[Finding]:
    for name in ("phone_last4", "id_last4"):
        if form.text(name) and len(account_number.plain(form.text(name))) != 4:
            yield Finding("V-32", name)


@rule("V-33", "Who has the account already is told so, and nobody else is", implements=("ER-09",))
def is_not_theirs_already(form: Form) -> Iterator[Finding]:
    typed = account_number.ref_of(form.text("account_number"), digits=form.policy.account_number_digits)
    if typed and typed in form.own_refs:
        yield Finding("V-33", "account_number")


@rule("V-34", "The proof is one that the utility offers", implements=("BR-28",))
def proof_is_offered(form: Form) -> Iterator[Finding]:
    if form.text("proof") and form.text("proof") not in form.offered:
        yield Finding("V-34", "proof")


@rule("V-35", "The line of business has a verification policy", implements=("BR-28",))
def line_is_served(form: Form) -> Iterator[Finding]:
    line = form.text("line_of_business")
    if line and line not in verification.lines(form.policy.verification):
        yield Finding("V-35", "line_of_business")


RULES = (
    line_is_served, number_is_well_typed, enough_is_said, last_four_are_four, is_not_theirs_already, proof_is_offered,
)  # fmt: skip


def check(form: Form) -> list[Finding]:
    return [found for each in RULES for found in each(form)]


def offered(policy: Policy, *, has_federated: bool) -> tuple[str, ...]:
    """The proofs that this login can choose: nothing that depends on whether an account exists."""
    return tuple(
        each for each in policy.claim_proofs if each != "federated" or (has_federated and policy.federated_providers)
    )


def own(refs: Collection[str]) -> frozenset[str]:
    """References as account numbers are compared."""
    return frozenset(account_number.plain(each) for each in refs if each)
