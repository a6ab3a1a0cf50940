"""What had somebody typed when their session ended, or when their page had grown too old to be sent?

It waits in the session of the same browser until the page of its request opens again: sealed, because the session's
table is not, and never in an address. Only a form that came from a page of ours gets here.
"""

import base64
from collections.abc import Mapping

from cryptography.exceptions import InvalidTag
from django.http import HttpRequest

from keyturn.records import crypto

SLOT = "console_kept"
FIELDS = ("decision", "reason", "template_ask", "template_refuse", "person_id")
LONGEST = 4000


def keep(request: HttpRequest, reference: str) -> bool:
    """Keep the decision that was being typed about the request, in place of any that was kept before. False: there is none."""
    typed = {name: request.POST[name][:LONGEST] for name in FIELDS if request.POST.get(name)}
    if typed and reference:
        sealed = crypto.seal(typed, place=_place(reference))
        request.session[SLOT] = [reference, base64.b64encode(sealed).decode()]
    return bool(typed and reference)


def take_back(request: HttpRequest, reference: str) -> Mapping[str, str]:
    """What was kept about this request, once; empty where there is nothing."""
    found, sealed = request.session.get(SLOT, ("", ""))
    if found != reference:
        return {}
    del request.session[SLOT]
    try:
        typed: Mapping[str, str] = crypto.unseal(base64.b64decode(sealed), place=_place(reference))
    except (InvalidTag, crypto.UnknownKey):  # sealed with a key that is gone
        return {}
    return typed


def _place(reference: str) -> str:
    return f"session:{reference}:{SLOT}"
