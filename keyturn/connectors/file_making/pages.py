"""How is a PDF made anew? Its pages are copied into an empty document, and only what is needed to see them.

Runs inside the process of `inside.py` only. What goes: scripts, actions, links, forms (what is filled in stays to be
seen), attachments, metadata, outlines, layers, signatures, and whatever stood around the document.
"""

import zlib
from io import BytesIO
from typing import Any

from pypdf import PdfReader, PdfWriter
from pypdf.errors import LimitReachedError, PyPdfError
from pypdf.generic import ArrayObject, DictionaryObject, IndirectObject, NameObject, NumberObject, StreamObject

from keyturn.connectors.file_making.segments import without_metadata
from keyturn.terms.document import Bounds, NotMade

MOST_OBJECTS = 20_000
MOST_DEPTH = 60
MOST_UNPACKED = 150 * 1024 * 1024  # bytes of all streams together
MOST_FILTERS = 3

OF_A_PAGE = ("/MediaBox", "/CropBox", "/Rotate", "/UserUnit", "/Resources", "/Contents", "/Group")
OF_A_STAMP = ("/Rect", "/AP", "/AS")
NAMES = frozenset({
    "/Font", "/XObject", "/ExtGState", "/ColorSpace", "/Pattern", "/Shading", "/Properties", "/CharProcs", "/Colorants",
    "/N",
})  # fmt: skip
"""Dictionaries whose keys are names that the document chose: none of them says what the value is for."""

LEFT_OUT = frozenset({
    "/A", "/AA", "/AF", "/Alternates", "/Dest", "/DSS", "/EF", "/EmbeddedFiles", "/JavaScript", "/JS", "/LastModified", "/Launch",
    "/Metadata", "/Next", "/OC", "/OpenAction", "/OPI", "/Parent", "/PieceInfo", "/Popup", "/Ref", "/RichMedia",
    "/RichMediaContent", "/StructParent", "/StructParents", "/Thumb", "/URI", "/XFA",
})  # fmt: skip
OF_OTHER_FILES = ("/F", "/FFilter", "/FDecodeParms")
ACTIONS = frozenset({"/Action", "/Filespec", "/F", "/EmbeddedFile", "/Catalog", "/Pages", "/Page", "/Sig"})
PHOTOS = frozenset({"/DCTDecode", "/DCT"})
PICTURES = frozenset({"/JPXDecode", "/CCITTFaxDecode", "/CCF", "/JBIG2Decode"})


def rewritten(data: bytes, bounds: Bounds) -> bytes:
    """The same pages in a new document."""
    try:
        reader = PdfReader(BytesIO(data), strict=False)
        if reader.is_encrypted and not reader.decrypt(""):
            raise NotMade("locked")
        return _written(reader, bounds)
    except (MemoryError, RecursionError, LimitReachedError):
        raise NotMade("too_demanding") from None
    except (PyPdfError, ValueError, KeyError, TypeError, AttributeError, IndexError, OSError, AssertionError):
        raise NotMade("damaged") from None


def _written(reader: PdfReader, bounds: Bounds) -> bytes:
    pages = []
    for page in reader.pages:
        pages.append(page)
        if len(pages) > bounds.max_pages:
            raise NotMade("too_many_pages")
    if not pages:
        raise NotMade("damaged")
    pruner, writer = _Pruner(bounds), PdfWriter()
    for page in pages:
        pruner.prune_page(page)
    for page in pages:
        writer.add_page(page)
    writer.metadata = None
    out = BytesIO()
    writer.write(out)
    return out.getvalue()


class _Pruner:
    """Takes away, in the objects as they were read, what must not be copied, and counts what it sees."""

    def __init__(self, bounds: Bounds) -> None:
        self.bounds = bounds
        self.seen: set[int] = set()
        self.kept: list[Any] = []  # so that no id is given twice
        self.unpacked = 0

    def prune_page(self, page: DictionaryObject) -> None:
        stamps = list(self._stamps(page))
        for key in [key for key in page if key not in (*OF_A_PAGE, "/Type")]:
            if key != "/Parent":  # pypdf leaves it behind itself
                del page[key]
        if stamps:
            page[NameObject("/Annots")] = ArrayObject(stamps)
        for key in OF_A_PAGE:
            if key in page:
                self._look(page.raw_get(key), key, 1)
        for stamp in stamps:
            self._look(stamp["/AP"], "/AP", 1)

    def _stamps(self, page: DictionaryObject) -> Any:
        """What was filled in or drawn on the page, as pictures that do nothing."""
        found = page.get("/Annots")
        found = found.get_object() if found is not None else None
        for each in found if isinstance(found, ArrayObject) else ():
            note = each.get_object()
            if len(self.seen) > MOST_OBJECTS:
                raise NotMade("too_demanding")
            if not isinstance(note, DictionaryObject) or int(note.get("/F", 0)) & 0b10:  # hidden
                continue
            shown = note.get("/AP")
            shown = shown.get_object() if shown is not None else None
            if not isinstance(shown, DictionaryObject) or "/N" not in shown or "/Rect" not in note:
                continue
            stamp = DictionaryObject({NameObject(key): note.raw_get(key) for key in OF_A_STAMP if key in note})
            stamp[NameObject("/AP")] = DictionaryObject({NameObject("/N"): shown.raw_get("/N")})
            stamp[NameObject("/Type")], stamp[NameObject("/Subtype")] = NameObject("/Annot"), NameObject("/Stamp")
            stamp[NameObject("/F")] = NumberObject(4 | 64)  # printed; cannot be changed
            yield stamp

    def _look(self, value: Any, key: str, depth: int) -> None:
        """Prune everything that can be reached from here."""
        if depth > MOST_DEPTH:
            raise NotMade("too_demanding")
        found = value.get_object() if isinstance(value, IndirectObject) else value
        if not isinstance(found, DictionaryObject | ArrayObject) or id(found) in self.seen:
            return
        self.seen.add(id(found))
        self.kept.append(found)
        if len(self.seen) > MOST_OBJECTS:
            raise NotMade("too_demanding")
        if isinstance(found, ArrayObject):
            for each in found:
                self._look(each, key, depth + 1)
            return
        self._prune(found, is_names=key in NAMES and not isinstance(found, StreamObject))
        if isinstance(found, StreamObject):
            self._unpack(found)
        for name in list(found):
            self._look(found.raw_get(name), name, depth + 1)

    def _prune(self, found: DictionaryObject, *, is_names: bool) -> None:
        for name in list(found):
            drop = not is_names and (name in LEFT_OUT or (isinstance(found, StreamObject) and name in OF_OTHER_FILES))
            if drop or _does_something(found.raw_get(name)):
                del found[name]

    def _unpack(self, stream: StreamObject) -> None:
        """Measure a stream as a viewer would unpack it, and pack what lay open: markup in it is none any more."""
        filters = _filters(stream)
        if len(filters) > MOST_FILTERS:
            raise NotMade("too_demanding")
        if str(stream.get("/Subtype")) == "/Image":
            wide, high = (int(stream.get(side, 0)) for side in ("/Width", "/Height"))
            if wide * high > self.bounds.max_pixels:
                raise NotMade("too_many_pixels")
        if filters[-1:] and filters[-1] in PHOTOS:
            _strip(stream, filters)
            self.unpacked += len(stream._data)
        elif filters[-1:] and filters[-1] in PICTURES:
            self.unpacked += len(stream._data)
        elif filters:
            self.unpacked += len(stream.get_data())
        else:
            self.unpacked += len(stream._data)
            stream[NameObject("/Filter")] = NameObject("/FlateDecode")
            stream._data = zlib.compress(stream._data)
        if self.unpacked > MOST_UNPACKED:
            raise NotMade("too_demanding")


def _strip(stream: StreamObject, filters: list[str]) -> None:
    """Take place and camera out of a photo in the document, also where it was packed once more."""
    photo = stream.get_data() if len(filters) > 1 else stream._data
    stream._data = without_metadata(photo)
    if len(filters) > 1:
        stream[NameObject("/Filter")] = NameObject(filters[-1])
        stream.pop("/DecodeParms", None)
        stream.decoded_self = None  # type: ignore[attr-defined]


def _filters(stream: StreamObject) -> list[str]:
    found = stream.get("/Filter")
    found = found.get_object() if found is not None else ArrayObject()
    return [str(each) for each in (found if isinstance(found, ArrayObject) else [found])]


def _does_something(value: Any) -> bool:
    """An action, an attachment, or a way back into the old document's pages."""
    found = value.get_object() if isinstance(value, IndirectObject) else value
    return isinstance(found, DictionaryObject) and str(found.get("/Type")) in ACTIONS
