"""What is a CIS that a mapping file describes? One class for all of them, over JSON or SOAP.

`docs/howto/connect-a-cis-by-mapping.md` leads through writing such a file; `rest/mapping.toml` is the worked example.
KEYTURN_CIS_MAPPING names it; without that it is `cis.toml` in the profile's folder, or the one that ships.
"""

import os
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from django.core.exceptions import ImproperlyConfigured

from keyturn.connectors.cis.fingerprint import fingerprint
from keyturn.connectors.cis.mapped import local, reading
from keyturn.connectors.cis.mapped.asking import Asker
from keyturn.connectors.cis.mapped.delivering import Delivery
from keyturn.connectors.cis.mapped.described import certificates_wrong, ways
from keyturn.connectors.cis.mapped.expressions import Unreadable
from keyturn.connectors.cis.mapped.loading import load
from keyturn.connectors.cis.mapped.over_rest import RestTransport
from keyturn.connectors.cis.mapped.parts import CisMapping, Means, Send
from keyturn.connectors.cis.mapped.plain import ours, plain
from keyturn.connectors.cis.mapped.table import MappingError
from keyturn.connectors.cis.mapped.tokens import SignedLine
from keyturn.connectors.cis.mapped.wire import Deadline, Transport
from keyturn.terms.cis import Answer, Changes, Command, EstablishService
from keyturn.terms.errors import InDoubt, Rejected, Unavailable
from keyturn.terms.person import PersonDetails


class MappedCis:
    """The CIS at `url`, behind the protocol `Cis`. `timeout_seconds` bounds each call, all its exchanges together."""

    def __init__(self, url: str, *, timeout_seconds: float, mapping: Path | str | CisMapping) -> None:
        """ImproperlyConfigured where the mapping, a secret that it names or the address cannot be used."""
        try:
            self.mapping = mapping if isinstance(mapping, CisMapping) else load(Path(mapping))
        except MappingError as problem:
            raise ImproperlyConfigured(str(problem)) from None
        self.name = self.mapping.name
        self.offers = self.mapping.offers
        self._seconds = timeout_seconds
        self._transport = _transport(url, self.mapping)

    def send(self, command: Command, *, key: str) -> Answer:
        asker, send, scope = self._prepared(command, key)
        known = self._found(asker, scope) if self.mapping.find else None
        if known is not None:
            return known
        delivery = Delivery(send, asker, scope)
        delivery.carry_out()
        answer = self._answer(asker, send, {**scope, "done": delivery.done})
        return reading.as_first(answer) if delivery.last_was_ours else reading.as_repeated(answer)

    def find(self, key: str) -> Answer | None:
        if self.mapping.find is None:
            raise Rejected("cannot_tell")
        return self._found(self._asker(), {"key": key})

    def read(self, noun: str, ref: str) -> Mapping[str, Any] | None:
        found, _ = self._asker().ask(self.mapping.read[noun], {"ref": ref})
        try:
            return None if found is None else reading.read(ours(found))
        except Unreadable as problem:
            raise Unavailable("unreadable_answer", f"read.{noun} {problem}") from None

    def search(self, wanted: PersonDetails) -> tuple[str, ...]:
        assert self.mapping.search is not None
        found, _ = self._asker().ask(self.mapping.search, {"wanted": plain(wanted)})
        return reading.references(found)

    def check(self, command: EstablishService) -> tuple[str, ...]:
        assert self.mapping.check is not None
        try:
            local.refuse_incomplete(command)
        except Rejected as no:
            return (no.code,)
        codes, _ = self._asker().ask(self.mapping.check, {"command": plain(command)})
        return reading.codes(codes)

    def changes(self, since: str, *, limit: int) -> Changes:
        assert self.mapping.changes is not None
        found, _ = self._asker().ask(self.mapping.changes, {"since": since, "limit": limit})
        return reading.changes(found, since=since)

    def ping(self) -> None:
        asker = self._asker()
        try:
            reply = asker.exchange(self.mapping.ping, {})
        except InDoubt as unheard:
            raise Unavailable(unheard.code, unheard.detail) from None
        if not reply.good:
            means, code = asker.meaning(reply)
            raise Rejected(code) if means is Means.REJECTED else Unavailable("cis_failed", str(reply.status))

    # What whoever connects it asks besides (`keyturn cis connection`)

    def connection(self) -> list[tuple[str, str]]:
        """How it is reached, and as whom: what, and what is said of it. No secret is among it."""
        where = [("address", self._transport.line.base), ("mapping", str(self.mapping.path))]
        return [*where, *ways(self.mapping.transport, os.environ)]

    def token_seconds(self) -> float | None:
        """How long the token holds that we are given; None where the CIS wants none. Raises Unavailable."""
        line = self._transport.line
        return line.office.seconds(Deadline(self._seconds)) if isinstance(line, SignedLine) else None

    def outdated(self, now: datetime) -> list[str]:
        """A sentence for each certificate that the mapping names and that does not hold at `now`."""
        return certificates_wrong(self.mapping.transport, os.environ, now=now)

    # What tests use besides

    def send_partly(self, command: Command, *, key: str) -> None:
        """Only the first step, as when the line breaks after it. Always raises InDoubt."""
        asker, send, scope = self._prepared(command, key)
        if len(send.steps) > 1:
            Delivery(send, asker, scope).carry_out(steps=1)
        raise InDoubt("answered_in_part")

    def close(self) -> None:
        """Close the idle connections."""
        self._transport.close()

    def _asker(self) -> Asker:
        return Asker(self.mapping, self._transport, Deadline(self._seconds))

    def _prepared(self, command: Command, key: str) -> tuple[Asker, Send, dict[str, Any]]:
        """Raises Rejected where the command is incomplete, or the mapping says that this CIS does not do it."""
        local.refuse_incomplete(command)
        send = self.mapping.send[type(command).__name__]
        scope = {"command": plain(command), "key": key, "digest": fingerprint(command)}
        if send.refuse:
            raise Rejected(send.refuse)
        for when, code in send.refuse_when:
            try:
                refused = when.true(scope)
            except Unreadable:
                raise Rejected("unreadable_value", code) from None
            if refused:
                raise Rejected(code)
        return self._asker(), send, scope

    def _answer(self, asker: Asker, send: Send, scope: Mapping[str, Any]) -> Answer:
        """By what the steps made and by what stands under the key: two that differ are none. Raises InDoubt."""
        try:
            made = reading.answer(send.answer.evaluate(scope)) if send.answer else None
            found = self._found(asker, scope) if self.mapping.find else made
        except (Unreadable, Unavailable, Rejected):
            raise InDoubt("unreadable_answer") from None
        if found is None or (made is not None and reading.as_repeated(made) != reading.as_repeated(found)):
            raise InDoubt("not_there_afterwards" if found is None else "contradicts_itself")
        return found

    def _found(self, asker: Asker, scope: Mapping[str, Any]) -> Answer | None:
        """What stands under the key. Raises Rejected("key_reused") where another command put it there."""
        assert self.mapping.find is not None
        found, digest = asker.ask(self.mapping.find, {"key": scope["key"]})
        if found is None:
            return None
        if digest and "digest" in scope and digest != scope["digest"]:
            raise Rejected("key_reused")
        try:
            return reading.as_repeated(reading.answer(found))
        except Unreadable as problem:
            raise Unavailable("unreadable_answer", f"find {problem}") from None


def _transport(url: str, mapping: CisMapping) -> Transport:
    if mapping.transport.kind == "rest":
        return RestTransport(url, mapping.transport)
    try:
        from keyturn.connectors.cis.mapped.over_soap import SoapTransport  # zeep is in an extra
    except ImportError:
        raise ImproperlyConfigured("A CIS that speaks SOAP needs `pip install keyturn[soap]`") from None
    transport = SoapTransport(url, mapping.transport, folder=mapping.path.parent)
    transport.must_know(call.target for call in mapping.calls())
    return transport


__all__ = ["MappedCis"]
