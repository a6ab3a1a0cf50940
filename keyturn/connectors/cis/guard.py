"""Does the CIS's answer fit what was asked?"""

from collections.abc import Mapping
from typing import Any

from keyturn.terms.cis import Answer, Cis, Command
from keyturn.terms.errors import InDoubt


class GuardedCis:
    """A CIS whose answers name everything that was asked for. One that does not is `InDoubt`: something may be done."""

    def __init__(self, inner: Cis) -> None:
        self._inner = inner
        self.name = inner.name

    def send(self, command: Command, *, key: str) -> Answer:
        answer = self._inner.send(command, key=key)
        if not answer.fits(command):
            raise InDoubt("unreadable_answer")
        return answer

    def find(self, key: str) -> Answer | None:
        answer = self._inner.find(key)
        if answer is not None and not (answer.person_ref and (answer.account_ref or not answer.agreement_refs)):
            raise InDoubt("unreadable_answer")
        return answer

    def read(self, noun: str, ref: str) -> Mapping[str, Any] | None:
        return self._inner.read(noun, ref)

    def ping(self) -> None:
        self._inner.ping()
