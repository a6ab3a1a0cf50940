"""How is a command carried out in steps, so that what is there already is continued and never repeated?

Each step is looked up by the key before or after it is done, as the file says; a step that another delivery of the same
key did meanwhile is taken over. Where a later step is refused, the earlier ones under this key are undone, the last
first, so that a refusal leaves nothing behind.
"""

from typing import Any

from keyturn.connectors.cis.mapped import reading
from keyturn.connectors.cis.mapped.asking import Asker
from keyturn.connectors.cis.mapped.expressions import Unreadable
from keyturn.connectors.cis.mapped.parts import Ask, Call, Means, Send, Step
from keyturn.terms.errors import InDoubt, Rejected, Unavailable

_ROUNDS = 3
_CONTRADICTIONS = ("unknown_person", "unknown_account", "not_their_account", "key_reused")
"""Where steps are done under the key, these are about what they made: an answer got mixed up, and nobody refused."""


class Delivery:
    """One command under one key. `scope`: `command`, `key` and `digest`."""

    def __init__(self, send: Send, asker: Asker, scope: dict[str, Any]) -> None:
        self._send, self._asker = send, asker
        self.done: dict[str, Any] = {}
        self._scope = scope
        self.last_was_ours = False  # the last step that was done was done by this delivery
        self._ours: set[str] = set()  # steps of which it has written something

    def carry_out(self, *, steps: int | None = None) -> None:
        """Every step (or the first `steps`). Raises Unavailable, InDoubt or Rejected as `Cis.send` does."""
        try:
            for rounds_left in reversed(range(_ROUNDS)):
                try:
                    return self._in_order(self._send.steps[:steps])
                except Rejected as no:
                    before = dict(self.done)
                    self._asker.ask_anew()
                    self._look(thoroughly=True)
                    if self.done and no.code in _CONTRADICTIONS:
                        raise InDoubt("contradicts_itself", no.code) from None
                    if self.done == before or not rounds_left:
                        left = self._undo()
                        raise Rejected(no.code, f"could not be undone: {left}" if left else no.detail) from None
        except Unavailable as silent:
            if self._ours:
                raise InDoubt("answered_in_part", silent.code) from None
            raise
        return None

    def _in_order(self, steps: tuple[Step, ...]) -> None:
        self._look()
        if self._send.check_first and not self.done:
            self._check()
        for step in steps:
            if step.name not in self.done:
                self._step(step)

    def _look(self, *, thoroughly: bool = False) -> None:
        """Which steps are done under this key? Nothing is done after one that is not. `thoroughly`: those too that need
        no look before they are tried."""
        for step in self._send.steps:
            if step.name in self.done or not self._wanted(step):
                continue
            if step.done is None or step.each is not None or not (step.look_first or thoroughly):
                break
            ref = self._looked_up(step.done, self._seen())
            if ref is None:
                break
            self.done[step.name] = ref

    def _check(self) -> None:
        assert self._asker.mapping.check is not None
        said, _ = self._asker.ask(self._asker.mapping.check, {"command": self._scope["command"]})
        for code in reading.codes(said):
            raise Rejected(code)

    def _wanted(self, step: Step) -> bool:
        try:
            return step.when is None or step.when.true(self._seen())
        except Unreadable:
            raise Rejected("unreadable_value", step.name) from None

    def _items(self, step: Step) -> list[Any]:
        assert step.each is not None
        try:
            return step.each.evaluate(self._seen()) or []
        except Unreadable:
            raise Rejected("unreadable_value", step.name) from None

    def _step(self, step: Step) -> None:
        if not self._wanted(step):
            return
        if step.each is None:
            self.done[step.name] = self._written(step, self._seen())
            return
        refs = self.done.setdefault(f"{step.name} in part", [])
        for index, item in enumerate(self._items(step)):
            if index >= len(refs):
                refs.append(self._once(step, self._seen(item, index)))
        self.done[step.name] = self.done.pop(f"{step.name} in part")

    def _once(self, step: Step, seen: dict[str, Any]) -> Any:
        """One of several: looked up before it is done, because none of them tells whether the next is there."""
        there = self._looked_up(step.done, seen) if step.done and step.look_first else None
        return self._written(step, seen) if there is None else there

    def _written(self, step: Step, seen: dict[str, Any]) -> Any:
        reply = self._asker.exchange(step.call, seen)
        if reply.good:
            self.last_was_ours = True
            self._ours.add(step.name)
            return self._what_was_made(step, {**seen, **reply.scope})
        means, code = self._asker.meaning(reply)
        match means:
            case Means.REJECTED:
                raise Rejected(code)
            case Means.UNAVAILABLE:
                raise Unavailable("cis_says_later", str(reply.status))
            case Means.DONE if step.done:
                self.last_was_ours = False
                return self._read_back(step.done, seen)
        raise InDoubt("cis_failed", str(reply.status))

    def _what_was_made(self, step: Step, seen: dict[str, Any]) -> Any:
        if step.answer is None:
            assert step.done is not None
            return self._read_back(step.done, seen)
        try:
            ref = step.answer.evaluate(seen)
        except Unreadable:
            ref = None
        if ref is None or ref == "":
            raise InDoubt("unreadable_answer", step.name)
        return ref

    def _read_back(self, done: Ask, seen: dict[str, Any]) -> Any:
        try:
            ref = self._looked_up(done, seen)
        except Unavailable as silent:
            raise InDoubt("answered_in_part", silent.code) from None
        if ref is None:
            raise InDoubt("not_there_afterwards", done.where)
        return ref

    def _looked_up(self, done: Ask, seen: dict[str, Any]) -> Any:
        """What was made under the key. Raises Rejected("key_reused") where it was made for another command, and where
        that cannot be, because something of this one stands there: InDoubt."""
        ref, digest = self._asker.ask(
            done, {name: seen[name] for name in ("command", "key", "digest", "done", "each", "index")}
        )
        if ref is not None and not ref:  # made, and under no reference: a filter without "| [0]", or "" for none
            raise Unavailable("unreadable_answer", done.where)
        if ref is not None and digest and digest != self._scope["digest"]:
            raise InDoubt("contradicts_itself", "key_reused") if self.done or self._ours else Rejected("key_reused")
        return ref

    def _undo(self) -> str:
        """Take back what stands under this key, the last first; the names of steps that the CIS will not take back."""
        left = []
        self._asker.ask_anew()
        for step in reversed(self._send.steps):
            made = self.done.get(step.name, self.done.get(f"{step.name} in part"))
            if step.undo is None or made is None:
                continue
            several = made if step.each is not None else [made]
            for index, ref in reversed([*enumerate(several)]):
                seen = {**self._seen(None, index), "done": {**self.done, step.name: ref}}
                if self._stands(step, ref) and not self._undone(step.undo, seen):
                    left.append(step.name)
        return ", ".join(left)

    def _stands(self, step: Step, ref: Any) -> bool:
        """Is it there still, and is it what we think? Nothing is deleted because of one answer, which may be mixed up."""
        if step.done is None or step.each is not None:
            return True
        try:
            there = self._looked_up(step.done, self._seen())
        except Unavailable as silent:
            raise InDoubt("not_undone", silent.code) from None
        if there is None and step.name not in self._ours:
            return False  # another delivery of this key has undone it
        if there != ref:
            raise InDoubt("contradicts_itself", step.name)
        return True

    def _undone(self, call: Call, seen: dict[str, Any]) -> bool:
        """Whether it is; False: the CIS will not. Raises InDoubt where nobody knows."""
        try:
            reply = self._asker.exchange(call, seen)
        except Unavailable as silent:
            raise InDoubt("not_undone", silent.code) from None
        means = Means.NOTHING if reply.good else self._asker.meaning(reply)[0]
        if means in (Means.UNAVAILABLE, Means.IN_DOUBT):
            raise InDoubt("not_undone", str(reply.status))
        return means is Means.NOTHING

    def _seen(self, item: Any = None, index: int = 0) -> dict[str, Any]:
        return {**self._scope, "done": self.done, "each": item, "index": index}
