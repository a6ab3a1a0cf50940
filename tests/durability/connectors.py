"""Which CIS do the processes under attack speak to?

Both write at once and answer late, so that a kill often falls between an effect and our note of it. One keeps its
promise about keys; the other does not, and shows that the harness would see it (the negative control).
"""

import os
import time
from uuid import uuid4

from keyturn.connectors.cis.reference import ReferenceCis
from keyturn.terms.cis import Answer, Command

PAUSE_SECONDS = float(os.environ.get("KILL_ANSWER_PAUSE", "0.1"))


class LateCis(ReferenceCis):
    """The reference CIS; its answers take a while to come back."""

    def send(self, command: Command, *, key: str) -> Answer:
        answer = super().send(command, key=key)
        time.sleep(PAUSE_SECONDS)
        return answer


class ForgetfulCis(LateCis):
    """Every delivery is a new one to it, as if we drew a fresh key for each try and never asked what happened."""

    def send(self, command: Command, *, key: str) -> Answer:
        return super().send(command, key=f"{key}:{uuid4()}")

    def find(self, key: str) -> Answer | None:
        return None
