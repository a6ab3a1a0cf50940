"""Which ids does the simulated CC&B give: ten digits, at random, never twice (C.1, C.7)?"""

from keyturn.connectors.cis.reference.connection import Cursor
from keyturn.connectors.cis.reference.numbers import number

RESERVED = "KTKEY"
"""The type of identifiers and of account numbers that is kept for what stands outside for a person or an account."""

_SEED = 271_828_182


def new_number(cursor: Cursor) -> str:
    cursor.execute("SELECT nextval('number_seq') AS n")
    return number(int((cursor.fetchone() or {})["n"]), seed=_SEED)
