"""How is a new row, or a new reference, named?"""

import secrets
from uuid import UUID

from uuid_utils.compat import uuid7

ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"  # no 0/O, 1/I/L, U: read aloud and typed without mistakes


def new_id() -> UUID:
    """A time-ordered id made by us: SQL's own uuidv7 exists only from PostgreSQL 18 on."""
    return uuid7()


def new_reference() -> str:
    """A request's public reference, such as "KT-7QX4-M2ZP": 39 random bits, without look-alike characters."""
    body = drawn(8)
    return f"KT-{body[:4]}-{body[4:]}"


def new_code() -> str:
    """A six-character one-time code (29 bits; quality.md asks for at least 20)."""
    return drawn(6)


def drawn(length: int, alphabet: str = ALPHABET) -> str:
    """So many of these signs, each as likely as the others (but for one in 2**64).

    In one draw: each lets go of the interpreter's lock, and waits until a busy thread gives it back.
    """
    number, signs = secrets.randbits(length * len(alphabet).bit_length() + 64), []
    for _ in range(length):
        number, sign = divmod(number, len(alphabet))
        signs.append(alphabet[sign])
    return "".join(signs)


def new_secret() -> str:
    """An unguessable token for a link or a key (256 bits)."""
    return secrets.token_urlsafe(32)
