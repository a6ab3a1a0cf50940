"""What is left of a file that was made anew (T-39), and what becomes of one that would hurt whoever opens it?"""

import os
import time
from io import BytesIO

import pytest
from PIL import Image
from pypdf import PdfReader, PdfWriter

from keyturn.connectors import file_making
from keyturn.connectors.file_making import remake
from keyturn.connectors.file_making.segments import without_metadata
from keyturn.terms.document import Bounds, NotMade
from tests.flow import papers

BOUNDS = Bounds(max_pixels=60_000_000, max_pages=50, max_bytes=30_000_000)


def picture(data: bytes, kind: str = "image/jpeg") -> Image.Image:
    return Image.open(BytesIO(remake(data, kind, BOUNDS).content))


def why_not(data: bytes, kind: str, bounds: Bounds = BOUNDS) -> str:
    with pytest.raises(NotMade) as problem:
        remake(data, kind, bounds)
    return problem.value.code


def test_a_photo_is_turned_upright_and_says_nothing_of_its_camera_or_place() -> None:
    sent = papers.a_photo(size=(120, 80), exif=True)
    assert papers.CAMERA.encode() in sent
    made = remake(sent, "image/jpeg", BOUNDS).content
    shown = Image.open(BytesIO(made))
    assert shown.size == (80, 120)
    assert dict(shown.getexif()) == {}
    assert {name for name in shown.info if name not in ("jfif", "jfif_version", "jfif_unit", "jfif_density")} == set()
    assert papers.CAMERA.encode() not in made
    assert b"taken at home" not in made


def test_a_large_photo_becomes_one_that_can_be_looked_at() -> None:
    assert picture(papers.a_photo(size=(9000, 5000))).size == (4000, 2222)


def test_what_is_transparent_lies_on_white() -> None:
    shown = picture(papers.a_picture(), "image/png")
    assert (shown.mode, shown.getpixel((0, 0))) == ("RGB", (255, 255, 255))


@pytest.mark.parametrize("mode", ["1", "L", "P", "LA", "I;16", "RGB"])
def test_every_kind_of_png_is_drawn(mode: str) -> None:
    assert picture(papers.a_picture(mode=mode), "image/png").mode in ("L", "RGB")


def test_cmyk_from_a_scanner_is_drawn() -> None:
    out = BytesIO()
    Image.new("CMYK", (30, 20)).save(out, "JPEG")
    assert picture(out.getvalue()).mode == "RGB"


def test_nothing_that_stood_behind_a_photo_is_kept() -> None:
    for sent in (papers.a_jpeg_with_a_zip(), papers.a_photo() + papers.SCRIPT):
        made = remake(sent, "image/jpeg", BOUNDS).content
        assert b"PK\x03\x04" not in made
        assert b"script" not in made


@pytest.mark.parametrize(
    ("flood", "kind"),
    [(papers.a_flood_of_pixels(), "image/png"), (papers.a_real_flood, "image/png"), (papers.a_flood_of_pixels(0, 9), "image/png")],
    ids=["header", "real", "nothing"],
)  # fmt: skip
def test_a_flood_of_pixels_is_not_opened(flood: papers.Paper, kind: str) -> None:
    flood = papers.made(flood)
    assert len(flood) < 60_000
    began = time.monotonic()
    assert why_not(flood, kind) in ("too_many_pixels", "damaged")
    assert time.monotonic() - began < 5


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (papers.a_photo(size=(900, 900))[:3000], "image/jpeg"),
        (papers.a_picture(size=(900, 900))[:200], "image/png"),
        (papers.a_pdf()[:200], "application/pdf"),
        (b"%PDF-1.7 " + b"[" * 500_000, "application/pdf"),
        (b"\xff\xd8\xff" + b"A" * 1000, "image/jpeg"),
        (papers.a_pdf(), "image/jpeg"),
    ],
    ids=["jpeg", "png", "pdf", "pdf-of-brackets", "not-a-jpeg", "another-type"],
)
def test_what_is_broken_off_is_damaged(data: bytes, kind: str) -> None:
    assert why_not(data, kind) == "damaged"


def test_a_pdf_keeps_what_is_seen_and_nothing_that_acts() -> None:
    made = remake(papers.an_armed_pdf(), "application/pdf", BOUNDS).content
    for word in (b"JavaScript", b"/AA", b"/OpenAction", b"evil", b"URI", b"EmbeddedFile", b"XFA", b"AcroForm", b"Metadata",
                 b"xmpmeta", b"Zelenko", b"script", b"<html", b"Producer", papers.CAMERA.encode()):  # fmt: skip
        assert word not in made, word
    page = PdfReader(BytesIO(made)).pages[0]
    assert "Hello" in page.extract_text()
    assert len(page.images) == 1
    (stamp,) = (each.get_object() for each in page["/Annots"])
    assert stamp["/Subtype"] == "/Stamp"
    assert b"Filled in" in stamp["/AP"]["/N"].get_data()


@pytest.mark.parametrize("packed", [False, True], ids=["plain", "packed-once-more"])
def test_a_photo_in_a_pdf_loses_its_camera_and_place_too(packed: bool) -> None:
    made = remake(papers.a_scanned_pdf(packed=packed), "application/pdf", BOUNDS).content
    (image,) = PdfReader(BytesIO(made)).pages[0].images
    assert image.image is not None
    assert image.image.size == (100, 80)
    assert papers.CAMERA.encode() not in image.data
    assert papers.CAMERA.encode() not in made


def test_all_pages_stay_in_order() -> None:
    reader = PdfReader(BytesIO(remake(papers.a_pdf(pages=7), "application/pdf", BOUNDS).content))
    assert len(reader.pages) == 7
    assert reader.metadata is None


def test_a_pdf_that_opens_without_a_password_is_taken_and_a_locked_one_is_not() -> None:
    for password, taken in (("", True), ("secret", False)):
        writer, out = PdfWriter(PdfReader(BytesIO(papers.a_pdf()))), BytesIO()
        writer.encrypt(password, owner_password="owner", algorithm="AES-256")
        writer.write(out)
        if taken:
            assert (
                "Marriage"
                in PdfReader(BytesIO(remake(out.getvalue(), "application/pdf", BOUNDS).content)).pages[0].extract_text()
            )
        else:
            assert why_not(out.getvalue(), "application/pdf") == "locked"


@pytest.mark.parametrize("twice", [False, True], ids=["once", "twice"])
def test_a_pdf_that_unpacks_to_very_much_is_not_taken(twice: bool) -> None:
    bomb = papers.a_flate_bomb(twice=twice)
    assert len(bomb) < 400_000
    began = time.monotonic()
    assert why_not(bomb, "application/pdf") == "too_demanding"
    assert time.monotonic() - began < 15


def test_nor_is_one_whose_parts_together_do() -> None:
    assert why_not(papers.many_small_bombs(), "application/pdf") == "too_demanding"


def test_a_pdf_of_too_many_pages_is_not_taken() -> None:
    assert why_not(papers.a_pdf(pages=51), "application/pdf") == "too_many_pages"


def test_a_pdf_that_leads_in_circles_or_deep_down_is_not_followed() -> None:
    nested = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]/Resources<</Properties<</P 4 0 R>>>>>>"
    chain = [b"<</Next%d<</On %d 0 R>>>>" % (n, n + 1) for n in range(4, 300)]
    deep = papers.document(
        [b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[3 0 R]/Count 1>>", nested, *chain, b"<<>>"]
    )
    assert why_not(deep, "application/pdf") == "too_demanding"
    circle = papers.document(
        [b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[3 0 R]/Count 1>>", nested, b"<</Round 4 0 R>>"]
    )
    assert remake(circle, "application/pdf", BOUNDS).content.startswith(b"%PDF")


def test_an_image_in_a_pdf_is_measured_too() -> None:
    image = papers.stream(b"x", b"/Type/XObject/Subtype/Image/Width 50000/Height 50000/Filter/DCTDecode")
    page = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]/Resources<</XObject<</I 4 0 R>>>>>>"
    flood = papers.document([b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[3 0 R]/Count 1>>", page, image])
    assert why_not(flood, "application/pdf") == "too_many_pixels"


def test_whoever_takes_too_long_is_ended() -> None:
    """Its processor time is over before it is done: the process ends, ours does not."""
    bounds = Bounds(max_pixels=10**9, max_pages=50, max_bytes=30_000_000, seconds=0)
    assert why_not(papers.a_photo(size=(9000, 9000)), "image/jpeg", bounds) == "too_demanding"


def test_whoever_takes_too_much_memory_is_ended() -> None:
    bounds = Bounds(max_pixels=10**10, max_pages=50, max_bytes=30_000_000)
    assert why_not(papers.a_flood_of_pixels(40_000, 40_000), "image/png", bounds) == "too_demanding"


def test_the_process_knows_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: dict[str, object] = {}
    started = file_making.subprocess.Popen

    def watched(*arguments: object, **named: object) -> object:
        seen.update(named)
        return started(*arguments, **named)  # type: ignore[call-overload]

    monkeypatch.setattr(file_making.subprocess, "Popen", watched)
    assert "KEYTURN_FIELD_KEYS" in os.environ
    remake(papers.a_photo(), "image/jpeg", BOUNDS)
    assert seen["env"] == {}


def test_segments_of_a_photo_in_a_pdf_are_cut_out_without_touching_the_picture() -> None:
    sent = papers.a_photo(exif=True)
    bare = without_metadata(sent + b"behind the picture")
    assert papers.CAMERA.encode() not in bare
    assert b"behind" not in bare
    assert Image.open(BytesIO(bare)).tobytes() == Image.open(BytesIO(sent)).tobytes()
