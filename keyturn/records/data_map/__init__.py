"""What personal data is there, column by column, whose is it, why do we hold it, and what does an erasure do with it?

Every column of every table of an installation is classified here; `tests/shape/test_data_map.py` fails for one that is
not, and for an entry without a column. A copy and an erasure are made from this map: nobody has to think of a new
table a second time. `docs/privacy.md` is made from it too.
"""

from keyturn.records.data_map.accounts import ACCOUNTS
from keyturn.records.data_map.inbound import INBOUND
from keyturn.records.data_map.logins import LOGINS
from keyturn.records.data_map.machinery import CIS_TABLES, FRAMEWORK, QUEUE_TABLES
from keyturn.records.data_map.persons import PERSONS
from keyturn.records.data_map.requests import REQUESTS
from keyturn.records.data_map.shape import Category, Columns, Erasure, Hold, Link, Table, Use

__all__ = ["CIS", "TABLES", "Category", "Columns", "Erasure", "Hold", "Link", "Table", "Use"]

TABLES: dict[str, Table] = {
    each.name: each for each in (*PERSONS, *ACCOUNTS, *REQUESTS, *INBOUND, *LOGINS, *FRAMEWORK, *QUEUE_TABLES)
}
"""Ours, the framework's and the queue's, by name. The order is that in which a copy shows them."""

CIS: dict[str, Table] = {each.name: each for each in CIS_TABLES}
"""What the reference CIS holds. Another CIS has its own; the map says how it is told."""
