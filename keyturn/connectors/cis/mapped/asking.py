"""What does the CIS answer to a question of the mapping, and what does an answer that is no success mean?"""

from collections.abc import Mapping
from typing import Any

from keyturn.connectors.cis.mapped.expressions import Expression, Unreadable
from keyturn.connectors.cis.mapped.meaning import meaning_of
from keyturn.connectors.cis.mapped.over_rest import filled
from keyturn.connectors.cis.mapped.parts import Ask, Call, CisMapping, Means
from keyturn.connectors.cis.mapped.plain import without_nothing
from keyturn.connectors.cis.mapped.wire import Deadline, Reply, Transport
from keyturn.terms.errors import InDoubt, Rejected, Unavailable

NOT_THERE = Reply(404)


class Asker:
    """Makes the calls of one mapping within one deadline.

    A question that has been answered is not asked again until something is written: several steps may be seen in one
    answer.
    """

    def __init__(self, mapping: CisMapping, transport: Transport, deadline: Deadline) -> None:
        self.mapping, self._transport, self._deadline = mapping, transport, deadline
        self._answered: dict[str, Reply] = {}

    def exchange(self, call: Call, scope: Mapping[str, Any]) -> Reply:
        """One call; an address that would lead nowhere (an empty reference) is answered as "not there"."""
        self.ask_anew()
        return self._exchanged(call, scope)

    def ask_anew(self) -> None:
        """Whatever was answered so far may have changed."""
        self._answered.clear()

    def _exchanged(self, call: Call, scope: Mapping[str, Any], *, question: bool = False) -> Reply:
        try:
            target: str | None = call.target
            if self.mapping.transport.kind == "rest":
                target = filled(call.target, lambda text: Expression(text, self.mapping.codes).evaluate(scope))
            body = without_nothing(call.body.evaluate(scope)) if call.body else None
        except Unreadable as problem:
            raise Rejected("unreadable_value", str(problem)) from None
        if target is None:
            return NOT_THERE
        asked = f"{target} {body!r}"
        if question and asked in self._answered:
            return self._answered[asked]
        reply = self._transport.exchange(target, body, deadline=self._deadline)
        if question and reply.good:
            self._answered[asked] = reply
        return reply

    def ask(self, question: Ask, scope: Mapping[str, Any]) -> tuple[Any, Any]:
        """What it amounts to, and the digest beside it (None where there is none). Raises Unavailable or Rejected."""
        try:
            seen = self._asked(question, scope)
            if seen is None:
                return None, None
            answer = question.answer.evaluate(seen)
            if answer is None:  # only `none_when` says that there is none: nonsense must not pass for it
                raise Unavailable("unreadable_answer", question.where)
            return answer, question.digest.evaluate(seen) if question.digest else None
        except Unreadable as problem:
            raise Unavailable("unreadable_answer", f"{question.where} {problem}") from None
        except InDoubt as unheard:  # nothing was to change: it is as if it had not been asked
            raise Unavailable(unheard.code, unheard.detail) from None

    def _asked(self, question: Ask, scope: Mapping[str, Any]) -> dict[str, Any] | None:
        seen: dict[str, Any] = {**scope, "got": {}}
        for name, call in question.calls.items():
            if call.when and not call.when.true(seen):
                continue
            reply = self._exchanged(call, seen, question=True)
            seen = {**seen, **reply.scope, "got": {**seen["got"], name: reply.scope}}
            if question.none_when and question.none_when.true(seen):
                return None
            if not reply.good:
                means, code = self.meaning(reply)
                if (means is Means.NOTHING or reply is NOT_THERE) and len(seen["got"]) == 1:
                    return None  # only the first call may say so: a later one has lost what the first one found
                if means is Means.REJECTED:
                    raise Rejected(code)
                raise Unavailable("cis_failed", str(reply.status))
        return seen

    def meaning(self, reply: Reply) -> tuple[Means, str]:
        """What a failure means by the file's [[errors]], and the code of a refusal. What stands nowhere is in doubt."""
        return meaning_of(self.mapping.errors, reply.scope)
