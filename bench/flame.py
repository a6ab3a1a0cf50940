"""Where does the CPU time of this process go? Samples of the stack while it runs, and a flame graph of them as one still SVG."""

import signal
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from html import escape
from types import FrameType

Stack = tuple[str, ...]

EVERY_SECONDS = 0.004  # of CPU time, not of the clock: what waits is not seen
WIDTH, ROW, NARROWEST = 1600, 18, 0.004
COLOURS = {"keyturn": "#f4a261", "django": "#8ab17d", "psycopg": "#8fb8de", "procrastinate": "#c9a0dc"}


@contextmanager
def sampled(beneath: str) -> Iterator[Counter[Stack]]:
    """Count the stacks below the function of this name, while this goes on; in the main thread only."""
    found: Counter[Stack] = Counter()

    def look(_signal: int, frame: FrameType | None) -> None:
        names: list[str] = []
        while frame is not None and frame.f_code.co_name != beneath:
            names.append(_name(frame))
            frame = frame.f_back
        if frame is not None:
            found[tuple(reversed(names))] += 1

    before = signal.signal(signal.SIGPROF, look)
    signal.setitimer(signal.ITIMER_PROF, EVERY_SECONDS, EVERY_SECONDS)
    try:
        yield found
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def _name(frame: FrameType) -> str:
    path = frame.f_code.co_filename
    for package in COLOURS:
        if f"/{package}/" in path:
            path = f"{package}/{path.rpartition(f'/{package}/')[2]}"
            break
    else:
        path = path.rpartition("/")[2]
    return f"{path.removesuffix('.py')} {frame.f_code.co_qualname}"


def svg(stacks: Counter[Stack]) -> str:
    """Each box is a function, as wide as its share of all samples, above whoever called it."""
    total, depth = sum(stacks.values()) or 1, max(map(len, stacks), default=0)
    height = (depth + 1) * ROW
    boxes = [box for box in _boxes(sorted(stacks.items()), 0, 0) if box[2] / total >= NARROWEST]
    drawn = "\n".join(_drawn(*box, total=total, height=height) for box in boxes)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" font-family="monospace" font-size="11">\n'
        f'<rect width="{WIDTH}" height="{height}" fill="#fff"/>\n{drawn}\n</svg>\n'
    )


def _boxes(stacks: list[tuple[Stack, int]], level: int, left: int) -> Iterator[tuple[str, int, int, int]]:
    """(name, level, samples, samples to the left), callers first; `stacks` are sorted."""
    by_name: dict[str, list[tuple[Stack, int]]] = {}
    for stack, count in stacks:
        if len(stack) > level:
            by_name.setdefault(stack[level], []).append((stack, count))
    for name, above in by_name.items():
        samples = sum(count for _stack, count in above)
        yield name, level, samples, left
        yield from _boxes(above, level + 1, left)
        left += samples


def _drawn(name: str, level: int, samples: int, left: int, *, total: int, height: int) -> str:
    x, width, y = left / total * WIDTH, samples / total * WIDTH, height - (level + 1) * ROW
    colour = COLOURS.get(name.partition("/")[0], "#ddd")
    shown = name.rpartition("/")[2][: int(width / 6.7)]
    text = f'<text x="{x + 3:.1f}" y="{y + 13}">{escape(shown)}</text>' if len(shown) > 2 else ""
    told = f"<title>{escape(name)}: {samples / total:.1%}</title>"
    return f'<g>{told}<rect x="{x:.1f}" y="{y}" width="{width:.1f}" height="{ROW - 1}" fill="{colour}"/>{text}</g>'
