"""What is an address, as somebody wrote it?"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Address:
    """An address as typed; normalising is `matching.addresses`' work and never replaces the raw text (BR-26, C.5).

    `country` is an ISO 3166-1 alpha-2 code. Every other field may be empty.
    """

    line1: str = ""
    line2: str = ""
    city: str = ""
    state: str = ""
    postal_code: str = ""
    country: str = "US"

    @classmethod
    def from_mapping(cls, row: Mapping[str, Any]) -> "Address":
        """Read the six address columns out of a larger mapping; missing ones are empty."""
        return cls(
            **{name: str(row.get(name) or "").strip() for name in cls.__slots__ if name != "country"},
            country=str(row.get("country") or "US").strip().upper(),
        )

    def as_json(self) -> dict[str, str]:
        return asdict(self)

    def lines(self) -> list[str]:
        """The lines as they would stand on an envelope, empty ones left out."""
        place = " ".join(part for part in (f"{self.city}," if self.city else "", self.state, self.postal_code) if part)
        country = "" if self.country in ("", "US") else self.country
        return [line for line in (self.line1, self.line2, place, country) if line]

    def __bool__(self) -> bool:
        return bool(self.line1 or self.city or self.postal_code)
