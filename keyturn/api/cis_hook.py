"""What does the CIS tell us by itself: that something there is not as it was?

Closed unless KEYTURN_CIS_SECRET is set. Whoever calls signs the time and the body:

    X-Keyturn-Time: 1796637600                       seconds since 1970, at most five minutes away from ours
    X-Keyturn-Signature: hex HMAC-SHA256 under the secret of the time, a full stop, and the body

The body names what changed, `{"noun": "person", "ref": "1042"}` or `{"changes": [...]}` with up to 100 of them. It is a
reason to look and nothing more (K-35): what holds now is read from the CIS itself, and whatever else the body says is not
even looked at. Naming the same twice does no harm, so a call that is repeated within its five minutes does none.
"""

import json
from typing import Any

from django.conf import settings
from django.db import transaction
from django.http import Http404, HttpRequest, JsonResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from keyturn import flow
from keyturn.api.signed import too_large

LONGEST = 20_000  # bytes
MOST = 100
NOUNS = ("person", "account", "premise")


@csrf_exempt
@never_cache
@require_POST
def changed(request: HttpRequest) -> JsonResponse:
    """202 `{"noted": 1}`. 403 without the right signature or at another time; 413, 422 for what cannot be read."""
    secret = settings.KEYTURN_CIS_SECRET
    if not secret:
        raise Http404
    if refused := too_large(request, LONGEST):
        return refused
    now = timezone.now()
    signed = flow.is_from_the_cis(
        secret=secret, body=request.body, at=request.headers.get("X-Keyturn-Time", ""),
        signature=request.headers.get("X-Keyturn-Signature", ""), now=now,
    )  # fmt: skip
    if not signed:
        return JsonResponse({"code": "bad_signature"}, status=403)
    named = _named(request.body)
    if named is None:
        return JsonResponse({"code": "unreadable"}, status=422)
    with transaction.atomic():
        for noun, ref in named:
            flow.changed_in_cis(noun=noun, ref=ref, now=now)
    return JsonResponse({"noted": len(named)}, status=202)


def _named(raw: bytes) -> list[tuple[str, str]] | None:
    """The things that the body names; None where it is not what we can read."""
    try:
        body: Any = json.loads(raw)
    except (ValueError, RecursionError):
        return None
    if not isinstance(body, dict):
        return None
    items = body.get("changes", [body])
    if not isinstance(items, list) or not 0 < len(items) <= MOST:
        return None
    found = [(each.get("noun"), each.get("ref")) for each in items if isinstance(each, dict)]
    if len(found) != len(items) or not all(_is_good(noun, ref) for noun, ref in found):
        return None
    return sorted({(str(noun), str(ref)) for noun, ref in found})


def _is_good(noun: Any, ref: Any) -> bool:
    return noun in NOUNS and isinstance(ref, str) and 0 < len(ref) <= 64 and ref.isprintable()
