"""Which parts does a mapping have, once its file has been read and found good?"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

from keyturn.connectors.cis.mapped.expressions import Codes, Expression

REFUSALS: Final = frozenset(
    {
        *("no_person", "no_services", "no_changes", "incomplete_change", "unknown_person", "unknown_account"),
        *("unknown_premise", "not_their_account", "no_service_point", "premise_occupied", "already_served"),
        *("nothing_to_cancel", "already_active", "identifier_in_use", "overlapping_season", "not_portal_owned"),
        *("cannot_merge", "already_merged", "not_merged", "key_reused", "against_the_rules", "unreadable_value"),
    }
)
"""The codes of `Rejected` (terms.cis); whatever else a mapping makes of an answer is "against_the_rules"."""


class Means(StrEnum):
    """What an answer that is no success means to us."""

    UNAVAILABLE = "unavailable"  # nothing happened: again later
    REJECTED = "rejected"  # understood, and no; `code` says why
    DONE = "done"  # it is there already under this key: look it up
    NOTHING = "nothing"  # there is none: to a question, "none"; to undoing, that it is undone
    IN_DOUBT = "in_doubt"  # nobody knows


@dataclass(frozen=True, slots=True)
class Call:
    """One call of the CIS: "POST /persons/{ref}" (rest) or the name of an operation (soap), and what is sent with it."""

    target: str
    body: Expression | None = None
    when: Expression | None = None


@dataclass(frozen=True, slots=True)
class Ask:
    """A question: one call or several, each under a name, and what their answers amount to. It changes nothing."""

    where: str
    calls: Mapping[str, Call]
    answer: Expression
    none_when: Expression | None = None
    digest: Expression | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """One call of a command that has an effect, how to see that it is done under the key, and how to undo it.

    `answer`: what its own answer says was made; without it `done` is asked. `each`: once for each of a list.
    """

    name: str
    call: Call
    when: Expression | None = None
    each: Expression | None = None
    done: Ask | None = None
    look_first: bool = True
    answer: Expression | None = None
    undo: Call | None = None


@dataclass(frozen=True, slots=True)
class Send:
    """How one command is carried out. `refuse`: it is not, and this is the code."""

    steps: tuple[Step, ...] = ()
    refuse: str = ""
    check_first: bool = False
    refuse_when: tuple[tuple[Expression, str], ...] = ()
    answer: Expression | None = None


@dataclass(frozen=True, slots=True)
class ErrorRule:
    """Where `when` holds of an answer, it means this. `code`: one of our words for why (`terms.cis`)."""

    when: Expression
    means: Means
    code: Expression | None = None


@dataclass(frozen=True, slots=True)
class Auth:
    """Who we are to the CIS: names of environment variables, never the secrets themselves.

    `client_credentials`: `user` and `secret` are the client's, with whom a token is asked for at `token_url`. That, `scope` and
    `audience` are texts, or "env:NAME"; a `token_url` that begins with / is on the CIS's own host.
    """

    kind: str = "none"
    user: str = ""
    secret: str = ""
    digest: bool = False
    token_url: str = ""
    scope: str = ""
    audience: str = ""
    client_in: str = "header"


@dataclass(frozen=True, slots=True)
class Transport:
    """How the CIS is spoken to. The address itself is the setting KEYTURN_CIS_URL.

    `client_certificate`: the environment variable that says where a PEM file lies with our own certificate and its key.
    """

    kind: str
    auth: Auth = Auth()
    headers: Mapping[str, str] = field(default_factory=dict)
    connections: int = 20
    plain_http: bool = False
    certificates: Path | None = None
    client_certificate: str = ""
    wsdls: Mapping[str, str] = field(default_factory=dict)
    service: str = ""
    port: str = ""


@dataclass(frozen=True, slots=True)
class CisMapping:
    """A whole file. `find` None: the CIS cannot tell."""

    name: str
    path: Path
    transport: Transport
    codes: Codes
    send: Mapping[str, Send]
    read: Mapping[str, Ask]
    ping: Call
    find: Ask | None = None
    search: Ask | None = None
    check: Ask | None = None
    changes: Ask | None = None
    errors: tuple[ErrorRule, ...] = ()

    def calls(self) -> Iterator[Call]:
        """Every call that the file names."""
        yield self.ping
        asks = [self.find, self.search, self.check, self.changes, *self.read.values()]
        for step in (step for send in self.send.values() for step in send.steps):
            yield step.call
            yield from [step.undo] if step.undo else []
            asks.append(step.done)
        for ask in asks:
            yield from ask.calls.values() if ask else ()

    @property
    def offers(self) -> frozenset[str]:
        named: dict[str, Any] = {"search": self.search, "check": self.check, "changes": self.changes}
        return frozenset(name for name, there in named.items() if there is not None)
