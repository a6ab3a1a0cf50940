"""How far did a search for duplicates come, so that one that was killed goes on?

The work folder holds names and contacts of everybody on file: nobody but its owner may look into it, and it is gone when
the search has ended well.
"""

import fcntl
import json
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from keyturn.terms.errors import NotAllowed

MANIFEST = "manifest.json"
PARTIAL = f"{MANIFEST}.partial"
LOCK = "lock"
FORMAT = 1


@dataclass(slots=True)
class Journal:
    """What is done. `model`, `keys` and `engine` say under which terms: under others it begins anew."""

    folder: Path
    model: str
    keys: int
    engine: str
    persons: int = 0
    last: str = ""  # the id of the last person that was read
    read: bool = False
    blocked: bool = False
    parts: int = 1
    scored: list[int] = field(default_factory=list)
    judged: list[int] = field(default_factory=list)

    @property
    def people(self) -> Path:
        return self.folder / "people"

    @property
    def pairs(self) -> Path:
        return self.folder / "blocked"

    def candidates(self, part: int) -> Path:
        return self.folder / "candidates" / f"{part:05d}"

    def verdicts(self, part: int) -> Path:
        return self.folder / "verdicts" / f"{part:05d}.jsonl"

    def keep(self) -> None:
        """Write it down, whole or not at all."""
        values = {name: value for name, value in asdict(self).items() if name != "folder"}
        _write(self.folder, {"format": FORMAT, **values})


@contextmanager
def opened(folder: Path, *, model: str, keys: int, engine: str, fresh: bool) -> Iterator[tuple[Journal, bool]]:
    """The journal of a work folder, and whether it goes on with what an earlier run has left.

    NotAllowed in a sentence where the folder is somebody else's, or another search is at work in it.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    known = _read(folder / MANIFEST)
    if known is None and any(each.name not in (LOCK, PARTIAL) for each in folder.iterdir()):
        raise NotAllowed("not_a_work_folder", f"{folder} holds other files: name a new folder with --work.")
    os.chmod(folder, 0o700)
    with _locked(folder):
        same = known is not None and (known["model"], known["keys"], known["engine"]) == (model, keys, engine)
        if same and not fresh and known is not None:
            yield Journal(folder, **known), True
        else:
            _empty(folder)
            journal = Journal(folder, model, keys, engine)
            for each in (journal.people, folder / "candidates", folder / "verdicts"):
                each.mkdir()
            journal.keep()
            yield journal, False


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    with (folder / LOCK).open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise NotAllowed(
                "busy", f"Another search is at work in {folder}: wait for it, or name another --work."
            ) from None
        yield


def _read(path: Path) -> dict[str, Any] | None:
    """The manifest's values; None where there is none, or one of another version."""
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
        return values if values.pop("format") == FORMAT else {"model": "", "keys": 0, "engine": ""}
    except FileNotFoundError:
        return None
    except (ValueError, KeyError):
        return {"model": "", "keys": 0, "engine": ""}


def _write(folder: Path, values: Mapping[str, Any]) -> None:
    partial = folder / PARTIAL
    partial.write_text(json.dumps(values), encoding="utf-8")
    partial.replace(folder / MANIFEST)


def _empty(folder: Path) -> None:
    """The manifest stays to the end, and says that nothing is done: who is killed here begins anew in the same folder."""
    _write(folder, {"format": 0})
    for each in folder.iterdir():
        if each.is_dir():
            shutil.rmtree(each)
        elif each.name not in (LOCK, MANIFEST):
            each.unlink()


def forget(folder: Path) -> None:
    """All of it: the search has ended well."""
    with suppress(OSError):
        _empty(folder)
    shutil.rmtree(folder, ignore_errors=True)
