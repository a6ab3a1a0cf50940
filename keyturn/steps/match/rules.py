"""Do we already know this person, this premise, and may the machine say so alone?

Who is alike is `matching`'s work; here stands what follows from it.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from keyturn.matching.contacts import normal_email, normal_phone
from keyturn.matching.decide import Decision
from keyturn.matching.identifiers import PARTIAL_TYPES, normal_identifier
from keyturn.terms.finding import Effect, Finding, rule
from keyturn.terms.person import PersonDetails


@dataclass(frozen=True, slots=True)
class Proof:
    """One piece of evidence: `kind` is email, phone or identity; `subject` the digest of what was proved."""

    kind: str
    subject: str


@rule(
    "M-01",
    "A person is searched for before one is added, even if the applicant says that they are new",
    implements=("BR-04", "BR-07"),
)
def zone(decision: Decision, staff: Mapping[str, Any]) -> str:
    """Link, review or new: staff's word where they have spoken, else the matcher's."""
    if staff.get("same"):
        return "link"
    if "new" in staff:
        return "new" if nobody_unseen(decision) else "review"
    return decision.zone


@rule("M-02", "One who may be somebody on file, and may not be, is looked at by staff", implements=("ER-13", "BR-61"))
def person_is_clear(outcome: str) -> Iterator[Finding]:
    if outcome == "review":
        yield Finding("M-02", effect=Effect.REFER)


@rule("M-03", "Staff who said “new person” had seen everybody who comes into question now", implements=("ER-13",))
def nobody_unseen(decision: Decision) -> bool:
    """The matcher was told whom staff have ruled out. Whoever is left was entered since: staff must look again."""
    return decision.zone == "new"


@rule(
    "M-04",
    "An identifier that can be one person's only is not on another person's file",
    implements=("BR-08", "ER-12", "BR-61"),
)
def identifier_is_free(holders: Iterable[str], *, person_id: str | None) -> Iterator[Finding]:
    """`holders` are the persons on file with the same unique identifier; `person_id` is whom the request is linked to."""
    if set(holders) - {person_id}:
        yield Finding("M-04", "id_value", Effect.REFER)


@rule("M-05", "The service address is one premise on file", implements=("ER-03",))
def premise_is_known(found: bool) -> Iterator[Finding]:
    """An address inside the territory that is not on file goes to staff as an exception (step 3.4)."""
    if not found:
        yield Finding("M-05", "service_address", Effect.REFER)


@rule(
    "M-06",
    "What counts as verified is what was proved in this request, about these very answers",
    implements=("BR-61",),
)
def verified(details: PersonDetails, proofs: Iterable[Proof], *, digest: Any) -> frozenset[tuple[str, str]]:
    """The proofs as the matcher reads them. An answer changed after its proof is proved no more."""
    known = {(proof.kind, proof.subject) for proof in proofs}
    pairs: set[tuple[str, str]] = set()
    for email in map(normal_email, details.emails):
        if ("email", digest("email", email)) in known:
            pairs.add(("email", email))
    for phone in map(normal_phone, details.phones):
        if ("phone", digest("phone", phone)) in known:
            pairs.add(("phone", phone))
    for each in details.identifiers:
        value = digest(each.id_type, normal_identifier(each.value))
        if ("identity", value) in known and each.id_type not in PARTIAL_TYPES:
            pairs.add(("identifier", f"{each.id_type}:{value}"))
    return frozenset(pairs)
