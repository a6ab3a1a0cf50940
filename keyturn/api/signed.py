"""May a call from outside that bears a signature and no key be read at all?"""

import hmac

from django.http import HttpRequest, JsonResponse


def too_large(request: HttpRequest, longest: int) -> JsonResponse | None:
    """413 where the body is longer than `longest` bytes, or nobody can say how long it is; else None."""
    length = request.META.get("CONTENT_LENGTH") or "0"
    if length.isascii() and length.isdigit() and len(length) < 9 and int(length) <= longest:
        return None
    return JsonResponse({"code": "too_large"}, status=413)


def is_signed(request: HttpRequest, expected: str) -> bool:
    """Does `X-Keyturn-Signature` say so, compared in the same time whatever it says?"""
    said = request.headers.get("X-Keyturn-Signature", "")
    return hmac.compare_digest(expected.encode(), said.encode("utf-8", "replace"))
