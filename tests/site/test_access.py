"""Does everybody get at each address what the table says, and what is not theirs as if it did not exist (T-31)?

The table is `matrix.txt`, the addresses come from the URL map: a new one without rows fails. The console and the API
have tables of their own (tests/console/test_permissions.py, tests/api/test_scopes.py).
"""

import re
from pathlib import Path

import pytest
from django.db import transaction

from tests.flow.town import Town
from tests.site import matrix
from tests.site.matrix import ROLES, Town31

TABLE = {
    (name, method): tuple(cells)
    for method, name, *cells in (
        line.split()
        for line in (Path(__file__).parent / "matrix.txt").read_text().splitlines()
        if line.strip() and not line.startswith("#")
    )
}
OUTSIDERS = ("anonymous", "stranger", "foreign", "reviewer")
"""Who has no access to anything of Ana's."""


@pytest.fixture
def world(town: Town) -> Town31:
    return matrix.build(town)


def test_every_address_has_its_rows_and_no_row_is_left_over() -> None:
    assert set(TABLE) == {(name, method) for name in matrix.routes() for method in ("GET", "POST")}
    assert all(len(cells) == len(ROLES) for cells in TABLE.values())


@pytest.mark.parametrize("role", ROLES)
def test_each_role_gets_what_the_table_says_and_outsiders_read_nothing_of_hers(role: str, world: Town31) -> None:
    wrong, leaking = [], []
    for (name, method), cells in TABLE.items():
        address = matrix.address_of(world, name, matrix.routes()[name])
        with transaction.atomic():
            got, response = matrix.cell(world, role, method, address)
            transaction.set_rollback(True)
        if got.replace("sent on", "on") != cells[ROLES.index(role)]:
            wrong.append((method, name, got, cells[ROLES.index(role)]))
        text = b"".join(response.streaming_content) if response.streaming else response.content
        shown = [each for each in matrix.canaries(world) if each and each.encode() in text]
        if role in OUTSIDERS and shown:
            leaking.append((method, name, shown))
    assert wrong == []
    assert leaking == []


@pytest.mark.parametrize("role", ["stranger", "foreign", "reviewer"])
def test_what_is_not_theirs_looks_like_what_does_not_exist(role: str, world: Town31) -> None:
    """Same status, same words, same length: nobody learns that somebody else has one (I7)."""
    for (name, method), cells in TABLE.items():
        route = matrix.routes()[name]
        if cells[ROLES.index(role)] != "404" or "<" not in route:
            continue
        answers = []
        for nobodys in (False, True):
            with transaction.atomic():
                got, response = matrix.cell(world, role, method, matrix.address_of(world, name, route, nobodys=nobodys))
                transaction.set_rollback(True)
            answers.append((got, _without_tokens(response.content)))
        assert answers[0] == answers[1], (method, name)


def _without_tokens(page: bytes) -> bytes:
    """What differs between any two answers: the form's token and the request's id, both of one length."""
    page = re.sub(rb'csrfmiddlewaretoken" value="[^"]+"', b"", page)
    page = re.sub(rb'name="next" value="[^"]*"', b"", page)
    return re.sub(rb"[0-9a-f]{8}-[0-9a-f-]{27}|KT-[0-9A-Z]{4}-[0-9A-Z]{4}", b"", page)
