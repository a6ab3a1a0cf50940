"""What happens inside the process that opens a stranger's file? Read it, make it anew, write it, end.

    python -m keyturn.connectors.file_making.inside

In: a line of JSON (type and bounds), then the file. Out: a line of JSON, then the new file.
"""

import contextlib
import json
import os
import resource
import sys

from keyturn.terms.document import Bounds, NotMade

MEMORY = 900 * 1024 * 1024  # bytes of address space, libraries included
OPEN_FILES = 32


def main() -> int:
    """0 where a new file was written, 1 where a line says why not."""
    head, _line, data = sys.stdin.buffer.read().partition(b"\n")
    said = json.loads(head)
    kind = said.pop("media_type")
    bounds = Bounds(**said)
    limit(bounds)
    try:
        content = made(data, kind, bounds)
    except NotMade as problem:
        return say({"problem": problem.code})
    except (MemoryError, RecursionError):
        return say({"problem": "too_demanding"})
    except Exception:  # a decoder may trip over a broken file in any way
        return say({"problem": "damaged"})
    if len(content) > bounds.max_bytes:
        return say({"problem": "too_demanding"})
    return say({"media_type": kind}, content)


def limit(bounds: Bounds) -> None:
    """From here on no new process, no file written, and an end to time and memory."""
    limits = {
        resource.RLIMIT_CPU: bounds.seconds, resource.RLIMIT_AS: MEMORY, resource.RLIMIT_FSIZE: 0,
        resource.RLIMIT_CORE: 0, resource.RLIMIT_NOFILE: OPEN_FILES, resource.RLIMIT_NPROC: 0,
    }  # fmt: skip
    for what, most in limits.items():
        with contextlib.suppress(ValueError, OSError):  # the machine's own limit is lower already
            resource.setrlimit(what, (most, most))


def made(data: bytes, kind: str, bounds: Bounds) -> bytes:
    """The new file. Only the decoder that is needed is loaded."""
    if kind == "application/pdf":
        from keyturn.connectors.file_making import pages

        return pages.rewritten(data, bounds)
    from keyturn.connectors.file_making import pictures

    return pictures.redrawn(data, kind, bounds)


def say(head: dict[str, str], content: bytes = b"") -> int:
    """Write the answer. What a hostile file has left in memory is not cleaned up: the process just ends."""
    sys.stdout.buffer.write(json.dumps(head).encode() + b"\n" + content)
    sys.stdout.buffer.flush()
    return int("problem" in head)


if __name__ == "__main__":
    os._exit(main())
