"""What may an address check answer?"""

from dataclasses import dataclass, field
from typing import Protocol

from keyturn.terms.address import Address


@dataclass(frozen=True, slots=True)
class AddressAnswer:
    """`ok`: nothing speaks against using the address. `problems` pair an `Address` field with a code.

    Codes are "required" (missing where that country needs it), "invalid" (not of that country's form) and "unknown"
    (no such country). `normalised` is what the check would write; the raw address stays what the customer typed.
    `checked` is False where the check itself could not be made: keep the address as typed and look later (ER-29).
    """

    ok: bool
    normalised: Address = field(repr=False)
    problems: tuple[tuple[str, str], ...] = ()
    checked: bool = True


class AddressCheck(Protocol):
    name: str

    def check(self, address: Address) -> AddressAnswer:
        """Check one address. Never raises, whatever was typed."""
        ...
