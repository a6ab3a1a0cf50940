"""Which files do the tests send? Photos, PDFs, and what people with bad intentions make of them.

Made here, so that none of them lies in the repository.
"""

import zlib
from collections.abc import Callable
from io import BytesIO
from typing import Any

from PIL import Image

from keyturn.terms.document import EICAR

CAMERA = "Secret Camera 3000"
SCRIPT = b"<script>alert(document.domain)</script>"


def a_photo(*, size: tuple[int, int] = (120, 80), colour: str = "teal", exif: bool = False, **options: Any) -> bytes:
    """A JPEG; with `exif` as a phone writes it: lying on its side, with camera and place."""
    out, picture = BytesIO(), Image.new("RGB", size, colour)
    if exif:
        kept = Image.Exif()
        kept[0x010F], kept[0x0112] = CAMERA, 6  # maker; turn by 90 degrees
        kept.get_ifd(0x8825).update({1: "N", 2: (44.0, 3.0, 0.0), 3: "W", 4: (121.0, 18.0, 0.0)})  # GPS
        options |= {"exif": kept, "comment": b"taken at home"}
    picture.save(out, "JPEG", **options)
    return out.getvalue()


def a_picture(*, size: tuple[int, int] = (60, 40), mode: str = "RGBA") -> bytes:
    """A PNG, with a transparent corner where it can have one."""
    out, picture = BytesIO(), Image.new(mode, size)
    picture.save(out, "PNG")
    return out.getvalue()


def a_pdf(*, text: str = "Marriage certificate", pages: int = 1, tail: bytes = b"") -> bytes:
    """Pages with a line of text, and nothing that does anything."""
    content = f"BT /F1 20 Tf 20 200 Td ({text}) Tj ET".encode()
    kids = " ".join(f"{4 + 2 * n} 0 R" for n in range(pages))
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        f"<</Type/Pages/Kids[{kids}]/Count {pages}>>".encode(),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    ]
    for n in range(pages):
        resources = f"/Resources<</Font<</F1 3 0 R>>>>/Contents {5 + 2 * n} 0 R"
        objects += [f"<</Type/Page/Parent 2 0 R/MediaBox[0 0 300 300]{resources}>>".encode(), stream(content)]
    return document(objects, tail=tail)


def a_scanned_pdf(*, packed: bool) -> bytes:
    """A page that is a photo, with all that the camera said; `packed` once more, as some scanners do."""
    photo, filters = a_photo(size=(100, 80), exif=True), b"/Filter/DCTDecode"
    if packed:
        photo, filters = zlib.compress(photo), b"/Filter[/FlateDecode/DCTDecode]/DecodeParms[null null]"
    head = b"/Type/XObject/Subtype/Image/Width 100/Height 80/ColorSpace/DeviceRGB/BitsPerComponent 8"
    page = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 100 80]/Resources<</XObject<</I 4 0 R>>>>/Contents 5 0 R>>"
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        page,
        stream(photo, head + filters),
    ]
    return document([*objects, stream(b"q 100 0 0 80 0 0 cm /I Do Q")])


def an_armed_pdf() -> bytes:
    """Everything that a PDF can do, and a form that was filled in."""
    act = b"<</Type/Action/S/JavaScript/JS(app.alert\\(1\\))>>"
    page = (
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 300 300]/Resources<</Font<</A 5 0 R>>/XObject<</JS 6 0 R>>>>"
        b"/Contents 4 0 R/AA<</O " + act + b">>/Metadata 12 0 R/Annots[7 0 R 9 0 R]>>"
    )
    return document(
        [
            b"<</Type/Catalog/Pages 2 0 R/OpenAction " + act + b"/Names<</EmbeddedFiles<</Names[(evil.exe) 8 0 R]>>>>"
            b"/AcroForm<</XFA(xfa-secret)/Fields[7 0 R]>>/Metadata 12 0 R>>",
            b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
            page,
            stream(b"BT /A 20 Tf 20 200 Td (Hello) Tj ET q 100 0 0 80 20 20 cm /JS Do Q % " + SCRIPT),
            b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
            stream(
                a_photo(size=(100, 80), exif=True),
                b"/Type/XObject/Subtype/Image/Width 100/Height 80/ColorSpace/DeviceRGB/BitsPerComponent 8/Filter/DCTDecode",
            ),
            b"<</Type/Annot/Subtype/Widget/FT/Tx/T(who)/V(Zelenko)/Rect[20 100 200 130]/AP<</N 10 0 R>>/A "
            + act
            + b">>",
            b"<</Type/Filespec/F(evil.exe)/EF<</F 11 0 R>>>>",
            b"<</Type/Annot/Subtype/Link/Rect[0 0 300 300]/A<</S/URI/URI(https://evil.example)>>>>",
            stream(
                b"BT /F 12 Tf 5 5 Td (Filled in) Tj ET",
                b"/Type/XObject/Subtype/Form/BBox[0 0 180 30]/Resources<</Font<</F 5 0 R>>>>",
            ),
            stream(b"MZ-evil", b"/Type/EmbeddedFile"),
            stream(b"<x:xmpmeta>made by Ana</x:xmpmeta>", b"/Type/Metadata/Subtype/XML"),
        ],
        tail=b"<html>" + SCRIPT,
    )


def document(objects: list[bytes], *, tail: bytes = b"") -> bytes:
    """A PDF of these objects; the first is the catalogue."""
    out, places = b"%PDF-1.7\n", []
    for number, each in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n" % number + each + b"\nendobj\n"
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    end = b"trailer\n<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, len(out))
    return out + b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1) + table + end + tail


def stream(data: bytes, more: bytes = b"") -> bytes:
    return b"<</Length %d%s>>\nstream\n" % (len(data), more) + data + b"\nendstream"


# ---- what people with bad intentions make


Paper = bytes | Callable[[], bytes]
"""What takes a second to make is only named in a table of cases: every process of `-n 2` reads all the tables."""


def made(paper: Paper) -> bytes:
    return paper() if callable(paper) else paper


def a_flate_bomb(*, twice: bool = False) -> bytes:
    """A PDF whose page unpacks to 300 MB."""
    packed = zlib.compress(b"0" * 300_000_000, 9)
    filters = b"/Filter[/FlateDecode]"
    if twice:
        packed, filters = zlib.compress(packed, 9), b"/Filter[/FlateDecode/FlateDecode]"
    page = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 300 300]/Contents 4 0 R>>"
    return document(
        [b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[3 0 R]/Count 1>>", page, stream(packed, filters)]
    )


def many_small_bombs() -> bytes:
    """A page of four streams that unpack to 60 MB each: none is very much by itself."""
    packed = stream(zlib.compress(b" " * 60_000_000, 9), b"/Filter/FlateDecode")
    page = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 300 300]/Contents[4 0 R 5 0 R 6 0 R 7 0 R]>>"
    return document(
        [b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[3 0 R]/Count 1>>", page, packed, packed, packed, packed]
    )


def a_flood_of_pixels(width: int = 50_000, height: int = 50_000) -> bytes:
    """A PNG whose header says so, with little behind it."""
    head = width.to_bytes(4, "big") + height.to_bytes(4, "big") + b"\x08\x02\x00\x00\x00"
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(bytes(1000))) + chunk(b"IEND", b"")
    )


def a_real_flood() -> bytes:
    """20,000 x 20,000 pixels that are really there, in 50 KB."""
    out = BytesIO()
    Image.new("1", (20_000, 20_000)).save(out, "PNG")
    return out.getvalue()


def chunk(name: bytes, data: bytes) -> bytes:
    return len(data).to_bytes(4, "big") + name + data + zlib.crc32(name + data).to_bytes(4, "big")


def a_jpeg_with_a_zip() -> bytes:
    """A photo for who looks at it, an archive for who unpacks it."""
    import zipfile

    out = BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("run-me.bat", "del everything")
    return a_photo() + out.getvalue()


def a_zip_bomb() -> bytes:
    import zipfile

    out = BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("zeros", b"0" * 50_000_000)
    return out.getvalue()


A_GIF_SCRIPT = b"GIF89a/*" + bytes(20) + b"*/=1;alert(document.domain)"
AN_SVG = b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg">' + SCRIPT + b"</svg>"
A_PAGE = b"<!doctype html>" + SCRIPT
A_JPEG_WITH_EICAR = a_photo() + EICAR
