"""Which version of a thing does the caller hold? ETag out, If-Match in (RFC 9110)."""

import re

from django.http import HttpRequest

from keyturn.api.v1.problems import Problem

ANY = "*"
_ETAG = re.compile(r'(?:W/)?"([0-9]{1,9})"|([0-9]{1,9})')


def etag(version: int) -> str:
    return f'"{version}"'


def asked_for(request: HttpRequest) -> int | None:
    """The version that If-Match names; None where there is none, or any will do ("*")."""
    header = request.headers.get("If-Match", ANY)
    if header == ANY:
        return None
    found = _ETAG.fullmatch(header)
    if found is None:
        raise Problem("bad_if_match")
    return int(found[1] or found[2])


def is_current(request: HttpRequest, version: int) -> None:
    """412 where If-Match names another version."""
    asked = asked_for(request)
    if asked is not None and asked != version:
        raise stale(version)


def stale(current: int) -> Problem:
    return Problem("stale_version", more={"version": current}, headers={"ETag": etag(current)})
