"""What came of taking over a file's rows?"""

from dataclasses import dataclass, field

from keyturn.terms.finding import Effect, Finding


@dataclass(frozen=True, slots=True)
class Objection:
    """One finding about one row. `row` is its number in the file, the first after the heading being 1."""

    row: int
    ref: str
    finding: Finding

    @property
    def keeps_out(self) -> bool:
        return self.finding.effect is Effect.FIX


@dataclass(frozen=True, slots=True)
class Lookalike:
    """A row taken over as a new person, and whom on file it may be. `zone` is "link" or "review"."""

    row: int
    ref: str
    person_ref: str
    person_id: str
    zone: str
    weight: float
    probability: float


@dataclass(slots=True)
class Intake:
    """Counts of rows by what became of them; `rows` is all of them. Every row that was kept out has an objection."""

    kind: str
    rows: int = 0
    created: int = 0
    changed: int = 0
    unchanged: int = 0
    rejected: int = 0
    objections: list[Objection] = field(default_factory=list)
    lookalikes: list[Lookalike] = field(default_factory=list)
