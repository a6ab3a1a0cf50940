"""What would the registry find, without a database? The same keys and the same ranking as `person_index.candidates`."""

from collections import defaultdict
from collections.abc import Iterable

from keyturn.matching import Decision, Features, Model, blocking_keys, decide, load
from keyturn.matching.decide import Verified
from keyturn.terms.policy import Policy

POLICY = Policy()
CANDIDATES_READ, HOLDERS_READ = 30, 200  # as `person_index` has them; a test holds them together


class Registry:
    """Persons on file in memory, found by their keys; for thousands, not for millions."""

    def __init__(self, people: Iterable[tuple[str, Features]] = ()) -> None:
        self.forms: dict[str, Features] = {}
        self.index: dict[int, list[str]] = defaultdict(list)
        for ident, form in people:
            self.add(ident, form)

    def add(self, ident: str, form: Features) -> None:
        self.forms[ident] = form
        for key in blocking_keys(form):
            self.index[key].append(ident)

    @property
    def model(self) -> Model:
        """The default model for a registry of this size; no smaller than the smallest that the product reckons with."""
        return load().sized(max(10_000, len(self.forms)))

    def candidates(self, probe: Features, *, limit: int = CANDIDATES_READ) -> dict[str, Features]:
        """Those who share keys, the rarest and most first."""
        shared: dict[str, float] = defaultdict(float)
        for key in blocking_keys(probe):
            holders = self.index.get(key, [])[:HOLDERS_READ]
            for ident in holders:
                shared[ident] += 1 / len(holders)
        order = sorted(shared, key=lambda ident: (-shared[ident], ident))
        return {ident: self.forms[ident] for ident in order[:limit]}


def decided(
    registry: Registry, probe: Features, *, verified: Verified = frozenset(), model: Model | None = None
) -> Decision:
    """The decision about one probe by the default policy, with the default model for this registry."""
    return decide(probe, registry.candidates(probe), model=model or registry.model, verified=verified, policy=POLICY)


def everything_proved(probe: Features) -> Verified:
    """As if every contact and document that the probe gives had been proved in the session."""
    return frozenset(
        {("email", each) for each in probe.emails}
        | {("phone", each) for each in probe.phones}
        | {("identifier", f"{id_type}:{digest}") for id_type, digest in probe.identifiers}
    )
