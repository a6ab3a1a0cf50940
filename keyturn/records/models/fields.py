"""Which column shapes do several tables share?"""

from typing import Any, TypeVar

from django.db import models

from keyturn.records import crypto, ids
from keyturn.terms.address import Address

M = TypeVar("M", bound=models.Model)


class Row(models.Model):
    """A row with an id made by us."""

    id = models.UUIDField(primary_key=True, default=ids.new_id, editable=False)

    class Meta:
        abstract = True


class AddressColumns(models.Model):
    """The six parts of an address, as typed."""

    line1 = models.CharField(max_length=200, blank=True)
    line2 = models.CharField(max_length=200, blank=True)
    city = models.CharField(max_length=100, blank=True)
    state = models.CharField(max_length=50, blank=True)
    postal_code = models.CharField(max_length=20, blank=True)
    country = models.CharField(max_length=2, default="US")

    class Meta:
        abstract = True

    @property
    def address(self) -> Address:
        return Address(self.line1, self.line2, self.city, self.state, self.postal_code, self.country)


class Sealed:
    """An attribute that is encrypted in the column `sealed_<name>`: `answers = Sealed(dict)`.

    It reads and writes JSON values; the row's id and the column's name are bound into the ciphertext.
    """

    def __init__(self, empty: type) -> None:
        self.empty = empty

    def __set_name__(self, owner: type, name: str) -> None:
        self.column = f"sealed_{name}"

    def __get__(self, row: Any, owner: type | None = None) -> Any:
        if row is None:
            return self
        return crypto.unseal(getattr(row, self.column), place=self._place(row), empty=self.empty())

    def __set__(self, row: Any, value: Any) -> None:
        setattr(row, self.column, crypto.seal(value, place=self._place(row)))

    def _place(self, row: models.Model) -> str:
        return f"{row._meta.db_table}:{row.pk}:{self.column}"


def sealed_column() -> models.BinaryField:
    """The column behind a `Sealed` attribute."""
    return models.BinaryField(null=True, editable=False)
