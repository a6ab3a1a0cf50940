"""Which page comes next, and how far has one come?

The pages of a journey, with two that are not questions: the code after the e-mail, and the check at the end.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext

from keyturn.journeys.journey import Journey, Page
from keyturn.terms.finding import Finding

CODE, CHECK = "code", "check"


@dataclass(frozen=True, slots=True)
class Walk:
    """A journey as these answers lead through it. `proved` says that the e-mail has been proved; pages that are
    `skipped` are not asked because there is only one answer."""

    journey: Journey
    answers: Mapping[str, Any]
    proved: bool
    skipped: frozenset[str] = frozenset()

    @property
    def pages(self) -> list[Page]:
        return [page for page in self.journey.pages_for(self.answers) if page.name not in self.skipped]

    @property
    def names(self) -> list[str]:
        """Every page in order, by name."""
        names: list[str] = []
        for page in self.pages:
            names.append(page.name)
            if page.name == "email" and not self.proved:
                names.append(CODE)
        return [*names, CHECK]

    def missing(self, page: Page) -> list[Finding]:
        """What must be answered on this page and is not."""
        return [
            Finding("G-05", question.name)
            for question in page.questions
            if question.required
            and question.asked_if(self.answers)
            and self.answers.get(question.name) in (None, "", [], {})
        ]

    def is_done(self, name: str) -> bool:
        page = self.journey.page(name)
        return self.proved if name == CODE else page is not None and not self.missing(page)

    def barrier(self, name: str) -> str:
        """The first page before `name` that must be finished first; "" where nothing stands in the way."""
        names = self.names
        before = names[: names.index(name)] if name in names else names[:-1]
        return next((each for each in before if not self.is_done(each)), "")

    def after(self, name: str) -> str:
        names = self.names
        return names[min(names.index(name) + 1, len(names) - 1)] if name in names else self.furthest()

    def before(self, name: str) -> str:
        """The page before this one; "" on the first."""
        names = [each for each in self.names if each != CODE or name == CODE]
        at = names.index(name) if name in names else 0
        return names[at - 1] if at else ""

    def furthest(self) -> str:
        """Where somebody who comes back goes on: after the last page that has an answer, or at the first that lacks one."""
        names = self.names
        answered = [
            page.name
            for page in self.pages
            if any(self.answers.get(q.name) not in (None, "", [], {}) for q in page.questions)
        ]
        if not answered:
            return names[0]
        wanted = self.after(answered[-1])
        return self.barrier(wanted) or wanted

    def progress(self, name: str) -> dict[str, Any]:
        """ "Step 2 of 5: You": the sections of the journey, and the check as the last one."""
        sections = list(dict.fromkeys(page.section for page in self.pages))
        of_page = {page.name: page.section for page in self.pages} | {
            CODE: getattr(self.journey.page("email"), "section", "")
        }
        last = len(sections) + 1
        if name == CHECK:
            return {"now": last, "last": last, "title": gettext("Check and send")}
        section = of_page.get(name) or sections[0]
        return {"now": sections.index(section) + 1, "last": last, "title": gettext(section)}
