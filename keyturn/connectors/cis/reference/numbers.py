"""Which numbers do persons, accounts, service points and agreements bear?"""

# A Feistel network over two halves of five digits: every n below ten thousand million gives another number, so none
# is drawn twice and none tells how many came before it (C.1, C.7). It hides the order; it is no secret.
_HALF = 100_000
_PRIME = 2_147_483_647
_ROUNDS = 4


def number(n: int, *, seed: int) -> str:
    """The `n`-th number as ten digits. The same `seed` for ever, or numbers would repeat."""
    left, right = divmod(n % (_HALF * _HALF), _HALF)
    for turn in range(_ROUNDS):
        key = (seed + turn * 618_033_989) % (_PRIME - _HALF)
        left, right = right, (left + (right + key) ** 2 % _PRIME) % _HALF
    return f"{left:05d}{right:05d}"


def plain(n: int) -> str:
    """A service point's or an agreement's number as others see it: ten digits (C.9)."""
    return f"{n:010d}"
