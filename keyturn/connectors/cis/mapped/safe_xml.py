"""May this XML be given to a parser at all?

What a CIS answers comes from outside. A document type brings entities, and entities bring other files, other hosts and
a billion laughs (T-38); nothing that a web service answers needs one. So it is looked for in the bytes, and before that
the bytes must be in an encoding in which it can be seen.
"""

import re
from typing import Final

MOST_TAGS: Final = 100_000
MOST_ATTRIBUTES: Final = 500
"""In one element: lxml takes the square of their number to list them."""
_ENCODINGS = {b"utf-8", b"us-ascii", b"ascii", b"iso-8859-1", b"windows-1252"}
_DECLARED = re.compile(rb"""\A(?:\xef\xbb\xbf)?\s*<\?xml[^>]{0,200}?encoding\s*=\s*["']([^"']{1,40})["']""")


class UnsafeXml(ValueError):
    """It holds what no answer needs. The text says which, and nothing of the answer."""


def must_be_safe(content: bytes) -> bytes:
    """`content` itself. Raises UnsafeXml."""
    if b"\x00" in content[:1000] or content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise UnsafeXml("an encoding other than UTF-8")
    if not content.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"<"):  # as EBCDIC would not
        raise UnsafeXml("what is no XML")
    declared = _DECLARED.match(content)
    if declared and declared[1].lower() not in _ENCODINGS:
        raise UnsafeXml("an encoding other than UTF-8")
    if b"<!DOCTYPE" in content or b"<!ENTITY" in content:
        raise UnsafeXml("a document type")
    if b"http://www.w3.org/2001/XInclude" in content:
        raise UnsafeXml("an inclusion")
    if content.count(b"<") > MOST_TAGS:
        raise UnsafeXml("too many elements")
    if content.count(b"=") > MOST_ATTRIBUTES and any(
        part.count(b"=") > MOST_ATTRIBUTES for part in content.split(b"<")
    ):
        raise UnsafeXml("too many attributes")
    return content
