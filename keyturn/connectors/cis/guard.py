"""Does the CIS's answer fit what was asked?"""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import structlog
from django.core.exceptions import ImproperlyConfigured

from keyturn.terms.cis import OPERATIONS, OPTIONAL, Answer, Changes, Cis, Command, EstablishService
from keyturn.terms.errors import InDoubt, KeyturnError, Rejected, Unavailable
from keyturn.terms.person import PersonDetails

T = TypeVar("T")

log = structlog.get_logger("keyturn.cis")


class GuardedCis:
    """A CIS whose answers name everything that was asked for. One that does not is `InDoubt`: something may be done.

    A call raises what `OPERATIONS` allows it and nothing else: a connector's bug in `send` leaves the outcome in doubt,
    and in any other call means that the CIS could not be asked.
    """

    def __init__(self, inner: Cis) -> None:
        self._inner = inner
        self.name = inner.name
        self.offers = frozenset(getattr(inner, "offers", ())) & OPTIONAL

    def send(self, command: Command, *, key: str) -> Answer:
        answer = _called("send", lambda: self._inner.send(command, key=key))
        if not isinstance(answer, Answer) or not answer.fits(command):
            raise InDoubt("unreadable_answer")
        return answer

    def find(self, key: str) -> Answer | None:
        answer = _called("find", lambda: self._inner.find(key))
        _must_be(Answer | None, answer)
        if answer is not None and not (answer.person_ref and (answer.account_ref or not answer.agreement_refs)):
            raise InDoubt("unreadable_answer")
        return answer

    def read(self, noun: str, ref: str) -> Mapping[str, Any] | None:
        found = _called("read", lambda: self._inner.read(noun, ref))
        _must_be(Mapping | None, found)
        if found is not None and "ref" in found and _folded(found["ref"]) != _folded(ref):
            raise Rejected("names_another")  # or nobody, as a page that says "no such person" with a 200: it did answer
        return found

    def search(self, wanted: PersonDetails) -> tuple[str, ...]:
        self._offered("search")
        return _called("search", lambda: tuple(self._inner.search(wanted)))

    def check(self, command: EstablishService) -> tuple[str, ...]:
        self._offered("check")
        return _called("check", lambda: tuple(self._inner.check(command)))

    def changes(self, since: str, *, limit: int) -> Changes:
        self._offered("changes")
        told = _called("changes", lambda: self._inner.changes(since, limit=limit))
        _must_be(Changes, told)
        _must_be(str, told.cursor)
        if told.more and told.cursor == since:  # we would ask the same for ever
            raise Unavailable("unreadable_answer")
        return told

    def ping(self) -> None:
        _called("ping", self._inner.ping)

    def _offered(self, operation: str) -> None:
        if operation not in self.offers:
            raise Rejected("not_offered", operation)


def _folded(ref: Any) -> str:
    """What two ways to write a reference have in common: a CIS may count in numbers what was imported as 000123."""
    text = "" if ref is None else str(ref).strip().casefold()
    return text.lstrip("0") or text[:1]


def _must_be(kind: Any, answer: object) -> None:
    """Raises Unavailable where it is of another kind: an answer that cannot be read."""
    if not isinstance(answer, kind):
        raise Unavailable("unreadable_answer", type(answer).__name__)


def _called(operation: str, call: Callable[[], T]) -> T:
    """The call, with nothing raised but what may be: an exception of a driver may quote the customer's own words.

    A connector may have kinds of its own of what may be raised: its InDoubt must never pass for "nothing happened".
    """
    unheard = InDoubt if operation == "send" else Unavailable
    try:
        return call()
    except KeyturnError as known:
        if isinstance(known, tuple(OPERATIONS[operation].raises)):
            raise
        raise unheard(known.code) from None
    except ImproperlyConfigured:
        raise
    except Exception as bug:
        log.error("connector failed", operation=operation, exc_info=bug)
        raise unheard("connector_failed", type(bug).__name__) from None
