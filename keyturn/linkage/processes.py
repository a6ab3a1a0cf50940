"""How is the same done to many portions by several processes, with results in order and few of them in memory?"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from multiprocessing import get_context
from typing import TypeVar

from django.db import connection

P = TypeVar("P")
R = TypeVar("R")

AHEAD = 4
"""So many portions may wait for each process: enough to keep it busy, few enough for a file of any length."""


def in_order(
    work: Callable[[P], R], portions: Iterable[P], *, jobs: int, begin: Callable[[], None] | None = None
) -> Iterator[R]:
    """`work` done to each portion. With several `jobs` it must be a module's function (or a `partial` of one); each new
    process calls `begin` first, which loads the settings."""
    if jobs <= 1:
        yield from map(work, portions)
        return
    connection.close()  # a process of its own has a connection of its own
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn"), initializer=begin) as pool:
        waiting: deque[Future[R]] = deque()
        for portion in portions:
            waiting.append(pool.submit(work, portion))
            if len(waiting) >= jobs * AHEAD:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
