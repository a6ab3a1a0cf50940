"""What does the SMS gateway tell us: which text messages came in?

Closed unless KEYTURN_SMS_SECRET is set. The gateway signs the body: `X-Keyturn-Signature` is the hex HMAC-SHA256 of it
under that secret. A gateway that signs in another way gets a small adapter in front (docs/howto/consents.md).
"""

import hashlib
import hmac
import json
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, JsonResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from keyturn import flow
from keyturn.api.signed import is_signed, too_large

LONGEST = 10_000  # bytes


@csrf_exempt
@never_cache
@require_POST
def text_received(request: HttpRequest) -> JsonResponse:
    """`{"from": "+15035550142", "text": "STOP"}` -> `{"taken_for": "stop"}`. 403 without the right signature."""
    secret = settings.KEYTURN_SMS_SECRET
    if not secret:
        raise Http404
    if refused := too_large(request, LONGEST):
        return refused
    if not is_signed(request, hmac.new(secret.encode(), request.body, hashlib.sha256).hexdigest()):
        return JsonResponse({"code": "bad_signature"}, status=403)
    body = _read(request.body)
    if body is None:
        return JsonResponse({"code": "unreadable"}, status=422)
    number, text = body
    said = flow.text_received(number=number, text=text, now=timezone.now(), policy=settings.KEYTURN_POLICY)
    return JsonResponse({"taken_for": said})


def _read(raw: bytes) -> tuple[str, str] | None:
    try:
        body: Any = json.loads(raw)
    except ValueError:
        return None
    if not isinstance(body, dict) or not isinstance(body.get("from"), str) or not isinstance(body.get("text"), str):
        return None
    return body["from"][:40], body["text"][:1600]
