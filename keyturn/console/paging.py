"""Which part of a long list is on the page, and where are the others?"""

from dataclasses import dataclass
from urllib.parse import urlencode

from django.http import HttpRequest

from keyturn.console.queue import number_of_page

PAGE = 25


@dataclass(frozen=True, slots=True)
class Part:
    """One page of a list that has so many lines in all. `address` is the list's own, nothing personal in it."""

    address: str
    number: int
    total: int
    most: int

    @classmethod
    def of(cls, request: HttpRequest, address: str, *, total: int) -> "Part":
        """What is asked for; the last page where that one is empty by now."""
        last = max(1, -(-total // PAGE))
        return cls(address, min(number_of_page(request), last), total, PAGE)

    @property
    def start(self) -> int:
        return (self.number - 1) * self.most

    @property
    def first(self) -> int:
        return self.start + 1

    @property
    def last(self) -> int:
        return min(self.start + self.most, self.total)

    @property
    def before(self) -> str:
        return self._page(self.number - 1) if self.number > 1 else ""

    @property
    def after(self) -> str:
        return self._page(self.number + 1) if self.last < self.total else ""

    def _page(self, number: int) -> str:
        joint = "&" if "?" in self.address else "?"
        return self.address + (f"{joint}{urlencode({'page': number})}" if number > 1 else "")
