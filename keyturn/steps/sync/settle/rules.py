"""What may staff say became of a delivery, and what must be so before it is believed?"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from keyturn.terms.cis import Answer, Command, EstablishService
from keyturn.terms.finding import Finding, rule

Shown = Mapping[str, Any] | None


def is_looked_at_there(*, approves: bool, findings: Sequence[Finding]) -> Iterator[Finding]:
    """S-10: to approve what nobody has looked for would send it again."""
    if approves and any(found.rule == "S-10" for found in findings):
        yield Finding("S-10", "decision", params=next(found.params for found in findings if found.rule == "S-10"))


@rule("S-14", "Whoever settles a delivery by hand says why")
def has_a_reason(reason: str) -> Iterator[Finding]:
    if len(reason.strip()) < 10:
        yield Finding("S-14", "reason")


@rule("S-11", "What staff say is in the CIS is looked up there before it is believed")
def is_there(
    command: Command, said: Answer, *, person: Shown, account: Shown, elsewhere: Collection[str] = ()
) -> Iterator[Finding]:
    """`person` and `account` are as the CIS shows them now, None where it shows none. A finding names its field.

    `elsewhere`: those of the references that stand on somebody else's file here.
    """
    if not said.person_ref or person is None or said.person_ref in elsewhere or _contradicts(command, said):
        yield Finding("S-11", "person_ref")
    if not isinstance(command, EstablishService):
        return
    on_it = {str(each.get("person_ref")) for each in (account or {}).get("persons", ())}
    is_theirs = said.account_ref and account is not None and (not on_it or said.person_ref in on_it)
    if not is_theirs or said.account_ref in elsewhere or command.account_ref not in ("", said.account_ref):
        yield Finding("S-11", "account_ref")
    shown = (account or {}).get("agreements")  # None: this CIS shows none with an account
    there = {str(each.get("ref")): each for each in shown or ()}
    for service in command.services:
        ref = said.agreement_refs.get(service, "")
        if (
            not ref
            or ref in elsewhere
            or (shown is not None and not _is_for(there.get(ref), service, command.premise_ref))
        ):
            yield Finding("S-11", f"agreement_{service}")


def is_what_was_done(said: Answer, done: Answer | None) -> Iterator[Finding]:
    """S-11: where the CIS did something under our key (`done`), that and nothing else is what it did: to name what
    somebody entered there besides would leave two (I3)."""
    if done is None:
        return
    if done.person_ref not in ("", said.person_ref):
        yield Finding("S-11", "person_ref")
    if done.account_ref not in ("", said.account_ref):
        yield Finding("S-11", "account_ref")
    for service, ref in done.agreement_refs.items():
        if said.agreement_refs.get(service) != ref:
            yield Finding("S-11", f"agreement_{service}")


@rule(
    "S-17",
    "What an earlier try did in the CIS after staff had settled it by hand is looked for, and shown to them where it is not"
    " what they named",
)
def did_something_else(said: Answer, done: Answer) -> bool:
    """`said` is what staff named, `done` what the CIS has done under our key since."""
    return any(True for _found in is_what_was_done(said, done))


def _is_for(agreement: Shown, service: str, premise_ref: str) -> bool:
    """Is it about this service at this place, as far as the CIS says about which it is?"""
    if agreement is None:
        return False
    meant = {"service": str(service), "premise_ref": premise_ref}
    return all(str(agreement.get(name) or value) == value for name, value in meant.items())


def _contradicts(command: Command, said: Answer) -> bool:
    """It names somebody else than the command was about."""
    meant = getattr(command, "person_ref", "") or getattr(command, "survivor_ref", "")
    return meant not in ("", said.person_ref)


@rule("S-15", "That it is the person whom the CIS has is said of one whom staff were shown")
def was_shown(ref: str, findings: list[Mapping[str, Any]]) -> Iterator[Finding]:
    shown = [row["params"].get("refs", "") for row in findings if row["rule"] == "S-12"]
    if not ref or all(ref not in each.split(", ") for each in shown):
        yield Finding("S-15", "person_ref")
