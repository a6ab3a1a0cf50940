"""Who is asking, and may they vouch for a proof that Keyturn did not see?"""

from collections.abc import Iterable, Iterator

from keyturn.terms.finding import Finding, rule
from keyturn.terms.request import Actor, Role

ATTESTABLE = frozenset({"email", "phone", "identity"})


@rule("I-01", "Only a partner with the right to attest vouches for a proof made elsewhere", implements=("BR-46",))
def attestation_is_allowed(attested: Iterable[str], *, may_attest: bool) -> Iterator[Finding]:
    """A call centre has seen the caller's papers; a key without the scope `requests:attest` cannot say so."""
    wanted = list(attested)
    if wanted and not may_attest:
        yield Finding("I-01", "attested")


@rule("I-02", "What is attested is an e-mail, a phone or an identity")
def attestation_is_known(attested: Iterable[str]) -> Iterator[Finding]:
    if set(attested) - ATTESTABLE:
        yield Finding("I-02", "attested")


@rule("I-03", "A request keeps who began it, through which door", implements=("BR-46",))
@rule("I-04", "Only who began a draft, the login that follows it, or staff answers for it")
def may_touch(actor: Actor, begun_by: str, *, login: object = None) -> bool:
    """Portal drafts belong to the browser session or login that began them, API drafts to the key; a request whose
    sender made a `login` at its end, to that login, too."""
    if actor.role in (Role.STAFF, Role.MACHINE) or actor.origin == begun_by:
        return True
    return login is not None and actor.origin == Actor(Role.CUSTOMER, f"login:{login}").origin
