"""What does a template need to know to show one field or choice, whoever made it?

The doors build these from a journey's questions (or, in the console, by hand); `{% part field %}` shows them.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Choice:
    """One radio, checkbox or option. `lang` marks a label that is written in another language than the page; `icon` is
    one of ours and stands at the end of the row."""

    value: str
    label: str
    hint: str = ""
    lang: str = ""
    icon: str = ""
    apart: bool = False  # stands after an "or" ("I have none of these")


@dataclass(frozen=True, slots=True)
class Part:
    """One field. `kind` names the template: text, textarea, select, radios, checkboxes, date, code, group.

    `heading` makes the label the page's h1 (one question on the page). `value` is what was typed, also when it was wrong:
    a string, a list for checkboxes, a mapping for dates. `parts` are a group's own fields. `width` is in characters.
    """

    kind: str
    name: str
    label: str
    value: Any = ""
    hint: str = ""
    error: str = ""
    optional: bool = False
    heading: bool = False
    type: str = "text"
    inputmode: str = ""
    capitals: str = ""  # what a phone's keyboard writes in capitals by itself: words, characters
    autocomplete: str = ""
    width: int = 0
    longest: int = 0
    spellcheck: bool = False
    lead: str = ""
    choices: tuple[Choice, ...] = ()
    parts: tuple["Part", ...] = field(default=())
    inline: bool = False
    without_year: bool = False  # a date that comes back each year

    @property
    def ident(self) -> str:
        return f"f-{self.name}"

    @property
    def first(self) -> str:
        """The id that the error summary links to: the first control of the field."""
        if self.kind == "date":
            return f"{self.ident}-{self.wrong_piece}"
        if self.kind in {"radios", "checkboxes"}:
            return f"{self.ident}-1"
        return self.ident

    @property
    def wrong_piece(self) -> str:
        """The first empty piece of a date, else the first of all."""
        value = self.value if isinstance(self.value, dict) else {}
        return next(
            (piece for piece in ("month", "day", "year")[: 2 if self.without_year else 3] if not value.get(piece)),
            "month",
        )

    @property
    def described_by(self) -> str:
        """Ids for aria-describedby: the hint, then the error."""
        ids = [f"{self.ident}-hint"] if self.hint else []
        return " ".join(ids + ([f"{self.ident}-error"] if self.error else []))


@dataclass(frozen=True, slots=True)
class Problem:
    """One line of the error summary and where it leads."""

    text: str
    href: str = ""


def problems_of(parts: tuple[Part, ...]) -> tuple[Problem, ...]:
    """The error summary's lines, in the order of the page, groups looked into.

    Where two fields have the same thing wrong, each line says which field it means.
    """
    wrong = list(_wrong(parts))
    texts = [part.error for part in wrong]
    return tuple(
        Problem(f"{part.label}: {part.error}" if texts.count(part.error) > 1 else part.error, f"#{part.first}")
        for part in wrong
    )


def _wrong(parts: tuple[Part, ...]) -> Iterator[Part]:
    for part in parts:
        if part.error:
            yield part
        yield from _wrong(part.parts)
