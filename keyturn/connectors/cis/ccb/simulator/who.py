"""Whom does the simulated CC&B let in?"""

import hmac
from dataclasses import dataclass

from keyturn.connectors.cis.simulating_tokens import TokenDesk


@dataclass(frozen=True, slots=True, repr=False)
class Known:
    """The one user, and whoever bears a token of the desk's."""

    user: str
    password: str
    desk: TokenDesk

    def is_user(self, name: str) -> bool:
        return hmac.compare_digest(name.encode(), self.user.encode())
