"""T-04, uploads: the disk that holds what customers send in is full: does the form say so and keep what was typed?

Documents lie in a table, which a utility may put on a disk of its own (a tablespace); here it is a tmpfs. By chance it is
full or has room while somebody types and adds a file. What was taken must be there, whole; what was not must have left
nothing; what was typed beside it is kept each time; and with room again nobody does anything else. Needs root and the
tests' own PostgreSQL. UPLOADS and UPLOADS_SEED set size and chance.
"""

import os
import random
from collections.abc import Iterator
from io import BytesIO

import psycopg
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from PIL import Image

from keyturn.flow import documents
from keyturn.local.postgres import Cluster
from keyturn.records import history
from keyturn.records.documents import content_of
from keyturn.records.models import Document
from tests.durability import bound
from tests.durability.disks import SmallDisk, a_small_disk, missing
from tests.flow.conftest import cis_installed, town  # noqa: F401
from tests.portal.conftest import a_page_that_asks_for_a_lease, visitor  # noqa: F401
from tests.portal.visitor import Visitor

UPLOADS = int(os.environ.get("UPLOADS", "5"))
SEED = int(os.environ.get("UPLOADS_SEED", "0")) or random.SystemRandom().randrange(10**6)
SPACE = f"uploads_{os.getpid()}"
MEGABYTES = 8 + UPLOADS // 5
LATER = "We cannot take files right now. Everything else is kept"
HELD = 10  # so many at most one request may have

pytestmark = [
    pytest.mark.skipif(bool(missing()), reason=f"T-04, uploads, {missing()}"),
    pytest.mark.usefixtures("a_page_that_asks_for_a_lease"),
]


@pytest.fixture
def space(own_server: Cluster) -> Iterator[SmallDisk]:
    """A disk of its own that PostgreSQL knows. To be asked for before the database, which must have left it at the end."""
    with a_small_disk(MEGABYTES) as disk, psycopg.connect(own_server.admin_url, autocommit=True) as admin:
        if own_server.owner:
            os.chown(disk.mounted, *own_server.owner)
        admin.execute(f"CREATE TABLESPACE {SPACE} OWNER keyturn LOCATION '{disk.mounted}'")
        yield disk
        admin.execute(f"DROP TABLESPACE {SPACE}")


@pytest.fixture
def disk(space: SmallDisk, db: None) -> SmallDisk:
    """The same, with the documents on it until the test's transaction is undone."""
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE document SET TABLESPACE {SPACE}")
    return space


def a_scan(chance: random.Random) -> SimpleUploadedFile:
    """Another each time, and too large for a page that is there already."""
    out, noise = BytesIO(), chance.randbytes(200 * 200 * 3)
    Image.frombytes("RGB", (200, 200), noise).save(out, "JPEG")
    return SimpleUploadedFile("lease.jpg", out.getvalue(), "image/jpeg")


def adds(visitor: Visitor, called: str, scan: SimpleUploadedFile) -> bool:  # noqa: F811
    """Type a name and add a file; whether it was taken. What is shown, and kept of what was typed, is looked at."""
    visitor.sends(called=called, lease=scan, upload="lease")
    if visitor.status == 200:
        return True
    assert visitor.status == 422, visitor.text
    visitor.sees("Let’s fix this first", LATER)
    assert f'value="{called}"' in visitor.html
    return False


def test_an_upload_onto_a_full_disk_is_asked_for_again_and_loses_nothing(disk: SmallDisk, visitor: Visitor) -> None:  # noqa: F811
    chance, taken, refused, held = random.Random(SEED), 0, 0, 0
    full = [True, False, *(chance.random() < 0.5 for _ in range(UPLOADS - 3)), False]
    for number, is_full in enumerate(full):
        if held % HELD == 0:
            visitor.client.cookies.clear()
            visitor.begins().opens("/start/lease")
            held = 0
        if is_full:
            disk.fill()
        was_taken = adds(visitor, f"House {number}", a_scan(chance))
        if is_full:
            disk.has_room_again()
        assert was_taken == (not is_full)
        assert visitor.request.answers["called"] == f"House {number}"
        taken, refused, held = taken + was_taken, refused + is_full, held + was_taken
        assert len(visitor.request.answers.get("lease", ())) == held
    whole = [content_of(each) for each in Document.objects.all()]
    assert all(Image.open(BytesIO(each)).size == (200, 200) for each in whole)
    bound.tell(
        "T-04", __doc__,
        f"seed {SEED}: uploads onto a disk of their own, {taken:,} taken and {refused:,} asked for again while it was full",
        bound.of(taken - len(whole), taken, "that were taken lost"),
        bound.of(0, refused, "refused ones with a trace, or with a loss of what was typed"),
    )  # fmt: skip
    assert len(whole) == taken
    assert list(history.broken_chains()) == []


def test_negative_control_where_nobody_minds_the_disk_what_was_typed_is_lost(
    disk: SmallDisk,
    visitor: Visitor,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(documents, "DiskFull", ZeroDivisionError)
    visitor.begins().opens("/start/lease")
    disk.fill()
    visitor.sends(called="Rose Cottage", lease=a_scan(random.Random(SEED)), upload="lease")
    disk.has_room_again()
    assert visitor.status == 503
    assert "called" not in visitor.request.answers, "this test could not see a loss"
