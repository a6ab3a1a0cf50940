"""How is a file that a stranger sent made anew, without its opening being able to hurt us?

Decoding happens in a short-lived process of its own (`inside.py`) that knows no setting, may write no file, and has an
end to its time and memory. What comes back are new pixels or rewritten pages, never a byte-for-byte copy.
"""

import json
import subprocess
import sys
import threading
from pathlib import Path

from keyturn.terms.document import Bounds, NotMade, Remade
from keyturn.terms.errors import Unavailable

ROOT = Path(__file__).resolve().parents[3]
AT_ONCE = threading.BoundedSemaphore(2)
"""How many such processes one of ours may have: each may take as much memory as `inside.MEMORY` says."""

WAIT_SECONDS = 15.0
GRACE_SECONDS = 8.0  # beyond the processor time that is allowed: the machine may be busy


def remake(data: bytes, media_type: str, bounds: Bounds) -> Remade:
    """The same picture or pages in a new file. Raises NotMade, or Unavailable where too many are being made now."""
    if not AT_ONCE.acquire(timeout=WAIT_SECONDS):
        raise Unavailable("file_making_busy")
    try:
        return _answer(*_run(_question(data, media_type, bounds), bounds))
    finally:
        AT_ONCE.release()


def _question(data: bytes, media_type: str, bounds: Bounds) -> bytes:
    said = {
        "media_type": media_type, "max_pixels": bounds.max_pixels, "max_pages": bounds.max_pages,
        "max_bytes": bounds.max_bytes, "seconds": bounds.seconds,
    }  # fmt: skip
    return json.dumps(said).encode() + b"\n" + data


def _run(question: bytes, bounds: Bounds) -> tuple[int, bytes]:
    """Exit code and output. Of the output no more is read than can be right."""
    child = subprocess.Popen(
        [sys.executable, "-B", "-m", "keyturn.connectors.file_making.inside"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd=ROOT, env={},
    )  # fmt: skip
    assert child.stdin and child.stdout
    alarm = threading.Timer(bounds.seconds + GRACE_SECONDS, child.kill)
    alarm.start()
    try:
        try:
            child.stdin.write(question)
            child.stdin.close()
        except BrokenPipeError:
            pass
        output = child.stdout.read(bounds.max_bytes + 1000)
        child.stdout.close()
        return child.wait(), output
    finally:
        alarm.cancel()
        child.kill()
        child.wait()


def _answer(code: int, output: bytes) -> Remade:
    head, _line, content = output.partition(b"\n")
    try:
        said = json.loads(head)
    except ValueError:  # it was ended: by its bounds, by our alarm, or by a fault in a decoder
        raise NotMade("too_demanding") from None
    if code or "problem" in said:
        raise NotMade(said.get("problem", "too_demanding"))
    return Remade(said["media_type"], content)
