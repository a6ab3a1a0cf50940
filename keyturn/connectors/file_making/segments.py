"""Which parts of a JPEG are needed to see it? The others are cut out; the picture itself is not decoded."""

KEPT = {0xE0, 0xEE}  # JFIF; Adobe's says how the colours are meant
START_OF_SCAN = 0xDA


def without_metadata(jpeg: bytes) -> bytes:
    """The same picture without EXIF, GPS, XMP, profiles and comments. ValueError where it is no JPEG."""
    if jpeg[:2] != b"\xff\xd8":
        raise ValueError("not a JPEG")
    out, at = bytearray(jpeg[:2]), 2
    while at + 4 <= len(jpeg):
        if jpeg[at] != 0xFF:
            raise ValueError("no marker")
        marker = jpeg[at + 1]
        if marker == START_OF_SCAN:
            end = jpeg.rfind(b"\xff\xd9")
            return bytes(out + (jpeg[at : end + 2] if end > at else jpeg[at:]))
        if marker == 0xFF:  # padding
            at += 1
            continue
        size = int.from_bytes(jpeg[at + 2 : at + 4], "big")
        if size < 2:
            raise ValueError("no length")
        if not (0xE0 <= marker <= 0xEF or marker == 0xFE) or marker in KEPT:
            out += jpeg[at : at + 2 + size]
        at += 2 + size
    raise ValueError("no picture")
