"""How is a photo made anew? Its pixels are drawn again, upright; everything else in the file stays behind.

Runs inside the process of `inside.py` only.
"""

import warnings
from io import BytesIO

from PIL import Image, ImageOps, UnidentifiedImageError

from keyturn.terms.document import Bounds, NotMade

FORMATS = {"image/jpeg": "JPEG", "image/png": "PNG"}
LONGEST_SIDE = 4000  # of the new picture: enough to read small print on a letter
QUALITY = 88


def redrawn(data: bytes, kind: str, bounds: Bounds) -> bytes:
    """The picture as a new file of the same type, without EXIF, GPS, comments, profiles, thumbnails or other frames."""
    warnings.simplefilter("error", Image.DecompressionBombWarning)
    Image.MAX_IMAGE_PIXELS = bounds.max_pixels
    try:
        with Image.open(BytesIO(data), formats=[FORMATS[kind]]) as found:
            if found.width * found.height > bounds.max_pixels or 0 in found.size:
                raise NotMade("too_many_pixels")
            found.draft("RGB", (LONGEST_SIDE, LONGEST_SIDE))  # a large JPEG is decoded at a half or a quarter
            upright = ImageOps.exif_transpose(found)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise NotMade("too_many_pixels") from None
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError):
        raise NotMade("damaged") from None
    return _written(_on_paper(upright), FORMATS[kind])


def _on_paper(picture: Image.Image) -> Image.Image:
    """Bare pixels: what is transparent lies on white, and nothing that came with them is kept."""
    picture.thumbnail((LONGEST_SIDE, LONGEST_SIDE), Image.Resampling.LANCZOS)
    if picture.mode.startswith("I"):  # 16 bits a pixel
        picture = picture.convert("I").point(lambda value: value * (1 / 256)).convert("L")
    if picture.mode in ("1", "L"):
        plain = picture.convert("L")
    elif picture.has_transparency_data:
        above = picture.convert("RGBA")
        plain = Image.new("RGB", above.size, "white")
        plain.paste(above, mask=above.getchannel("A"))
    else:
        plain = picture.convert("RGB")
    bare = Image.new(plain.mode, plain.size)
    bare.paste(plain)
    return bare


def _written(picture: Image.Image, form: str) -> bytes:
    out = BytesIO()
    picture.save(out, form, **({"quality": QUALITY} if form == "JPEG" else {}))
    return out.getvalue()
