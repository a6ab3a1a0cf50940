"""What does a form's token cost, drawn sign by sign as Django does and in one draw as we do, alone and beside a busy thread?

Time on the clock, median of 200: what is measured is how long the interpreter's lock is waited for.

    python -m bench.drawing
"""

import threading
import time
from collections.abc import Callable
from statistics import median

from django.middleware import csrf
from django.utils.crypto import get_random_string

from keyturn.records import ids

TIMES = 200
HALF = (csrf.CSRF_SECRET_LENGTH, csrf.CSRF_ALLOWED_CHARS)  # a secret, and what hides it


def _took(draw: Callable[..., str]) -> float:
    """Milliseconds of both halves of a token."""
    times = []
    for _ in range(TIMES):
        began = time.perf_counter()
        draw(*HALF)
        draw(*HALF)
        times.append((time.perf_counter() - began) * 1000)
    return median(times)


def _beside_a_busy_thread(draw: Callable[..., str]) -> float:
    over = threading.Event()

    def busy() -> None:
        while not over.is_set():
            sum(range(20_000))

    thread = threading.Thread(target=busy)
    thread.start()
    try:
        return _took(draw)
    finally:
        over.set()
        thread.join()


def main() -> None:
    print("| a token, ms (median) | alone | beside a busy thread |\n|---|---|---|")
    for name, draw in (("Django's, sign by sign", get_random_string), ("in one draw", ids.drawn)):
        print(f"| {name} | {_took(draw):.3f} | {_beside_a_busy_thread(draw):.3f} |")


if __name__ == "__main__":
    main()
