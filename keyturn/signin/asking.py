"""How many codes may somebody have sent to one address, and can they use up its owner's?

Counted by who asks and by the address together, so that a stranger only uses up a share of their own; and by the address
from anywhere, so that a mailbox is not flooded from many places. A browser in which the owner was signed in before counts
for itself in both (docs/decisions/0014).
"""

from allauth.core.internal.ratelimit import get_ip
from allauth.core.ratelimit import consume
from django.http import HttpRequest

from keyturn.signin import devices


def allowed_here(request: HttpRequest, action: str, email: str, *, counted: str = "codes_from_here") -> bool:
    """Count one more that is asked for here. False where those were many."""
    name = email.strip().casefold()
    who = devices.ident(request, name) or str(get_ip(request))
    return bool(consume(request, action=counted, key=f"{action}:{who}:{name}"))


def allowed_from_anywhere(request: HttpRequest, action: str, email: str) -> bool:
    """The same, whoever asks: where allauth itself does not count."""
    name = email.strip().casefold()
    return bool(consume(request, action=action, key=f"{devices.ident(request, name)}:{name}"))
