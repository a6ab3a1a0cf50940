"""At which contacts is a customer told that something on file changes?"""

from collections.abc import Collection, Mapping
from typing import Any

from keyturn.steps.confirm.rules import News
from keyturn.terms.finding import rule
from keyturn.terms.slots import ALL, Slots, Wish

TO_WHAT_WAS_TYPED = frozenset({News.EMAIL_CODE, News.STATUS_CODE, News.RESUME_LINK})
"""News that prove an address which is not on file yet; everything else goes to where the customer is known to be."""


@rule("C-10", "A change is told at the old and at the new contact", implements=("BR-62",))
def emails_to_tell(seen: Slots, wishes: Collection[Wish], replaced: Collection[str] = ()) -> list[str]:
    """Every e-mail address that was on file, and the new one: whoever takes an account over cannot take the notice along.

    `replaced`: those that gave way lately, so that a second change does not go by unseen either.
    """
    old = [_email(value) for name, value in seen.items() if name.startswith("contact.")]
    new = [_email(wish.value) for wish in wishes if wish.slot.startswith("contact.")]
    return list(dict.fromkeys(each for each in (*old, *new, *replaced) if each))


def _email(value: Any) -> str:
    return str(value["value"]) if isinstance(value, Mapping) and value.get("channel") == "email" else ""


@rule(
    "C-11",
    "Where no e-mail address is on file, or letters go elsewhere, the old address gets a letter",
    implements=("BR-62", "BR-51"),
)
def letter_goes_to(
    seen: Slots, wishes: Collection[Wish], service_address: Mapping[str, Any] | None
) -> Mapping[str, Any] | None:
    """The address as it was: None where no letter is needed, or none can be sent."""
    moves = [each for each in wishes if each.family in ("mailing", "season")]
    known = any(name.startswith("contact.") and _email(value) for name, value in seen.items())
    if known and not moves:
        return None
    scope = moves[0].slot.split(".")[1] if moves else ALL
    address: Mapping[str, Any] | None = seen.get(f"mailing.{scope}") or seen.get(f"mailing.{ALL}") or service_address
    return address
