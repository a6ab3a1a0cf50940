"""How many codes may somebody have sent to one address, and can they use up its owner's?

Counted by who asks and by the address together, so that a stranger only uses up a share of their own; and by the address
from anywhere, so that a mailbox is not flooded from many places. A browser in which the owner was signed in before counts
for itself in both (docs/decisions/0014).
"""

from allauth.account.adapter import get_adapter
from allauth.core.internal.ratelimit import get_ip
from allauth.core.ratelimit import consume
from django.core.exceptions import ValidationError
from django.http import HttpRequest

from keyturn.signin import devices


def from_here(request: HttpRequest, action: str, email: str) -> None:
    """Count one more that is asked for here. ValidationError where those were many."""
    name = email.strip().casefold()
    if not consume(request, action="codes_from_here", key=f"{action}:{_who(request, name)}:{name}"):
        raise _too_many()


def from_anywhere(request: HttpRequest, action: str, email: str) -> None:
    """The same, whoever asks: where allauth itself does not count."""
    name = email.strip().casefold()
    if not consume(request, action=action, key=f"{devices.ident(request, name)}:{name}"):
        raise _too_many()


def _too_many() -> ValidationError:
    problem: ValidationError = get_adapter().validation_error("rate_limited")
    return problem


def _who(request: HttpRequest, name: str) -> str:
    return devices.ident(request, name) or str(get_ip(request))
