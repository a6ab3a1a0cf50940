"""Which account, and who on it, do these details name (2.9)? Whoever has a bill can name an account: it proves nothing."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from keyturn.matching.text import fold, squeezed
from keyturn.terms.finding import Effect, Finding, rule
from keyturn.terms.verification import NAMING, Group


@dataclass(frozen=True, slots=True)
class Known:
    """What is on file about one person on one account, as far as a policy may ask. Texts as they stand there."""

    person_id: str
    given_names: frozenset[str] = field(repr=False, default=frozenset())
    family_names: frozenset[str] = field(repr=False, default=frozenset())
    organisation_names: frozenset[str] = field(repr=False, default=frozenset())
    postal_codes: frozenset[str] = field(repr=False, default=frozenset())
    phones: frozenset[str] = field(repr=False, default=frozenset())
    identifiers_last4: frozenset[str] = field(repr=False, default=frozenset())
    date_of_birth: str = field(repr=False, default="")


@rule(
    "M-20",
    "Case, accents, blanks and punctuation do not count; of long numbers the last four do",
    implements=("BR-28",),
)
def agrees(name: str, typed: str, known: Known) -> bool:
    """Whether one detail is as it stands on file."""
    wanted = _plain(typed)
    if not wanted:
        return False
    match name:
        case "given_name":
            return wanted in map(_plain, known.given_names)
        case "family_name":
            return wanted in map(_plain, known.family_names)
        case "organisation_name":
            return wanted in map(_plain, known.organisation_names)
        case "postal_code":
            return _postal(typed) in map(_postal, known.postal_codes)
        case "phone_last4":
            return len(wanted) == 4 and wanted in {_plain(each)[-4:] for each in known.phones}
        case "id_last4":
            return len(wanted) == 4 and wanted in {_plain(each)[-4:] for each in known.identifiers_last4}
        case "date_of_birth":
            return bool(known.date_of_birth) and typed == known.date_of_birth
    return False


def _plain(text: str) -> str:
    return squeezed(fold(text))


def _postal(text: str) -> str:
    """ZIP+4 names a side of a street: the first five digits are enough."""
    plain = _plain(text)
    return plain[:5] if plain.isdigit() else plain


@rule("M-21", "In every group of the policy as many details agree as it wants", implements=("BR-28",))
def fits(groups: Iterable[Group], answers: Mapping[str, Any], known: Known) -> bool:
    """The account number agrees, or nobody would be compared."""
    return all(
        sum(each == NAMING or agrees(each, str(answers.get(each) or ""), known) for each in group.fields)
        >= group.needed
        for group in groups
    )


@rule("M-22", "The details name one person on the account, or nobody", implements=("BR-61",))
def the_one(fitting: Iterable[str]) -> str:
    """A father and a son of one name on one account: no machine tells which of them is asking."""
    found = list(dict.fromkeys(fitting))
    return found[0] if len(found) == 1 else ""


@rule("M-23", "An account and a person on it are found", implements=("ER-08",))
def is_found(person_id: str, *, by_staff: bool) -> Iterator[Finding]:
    """Staff at the desk see that nothing fits; a customer is only ever told what everybody is told."""
    if not person_id:
        yield Finding("M-23", "", Effect.REFER if by_staff else Effect.ASK)
