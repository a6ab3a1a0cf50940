"""How are many answers said in few rows, so that they can be checked at a glance?"""

from collections.abc import Callable, Mapping
from typing import Any

from django.utils.translation import gettext, gettext_noop

from keyturn.journeys.journey import Page
from keyturn.portal import forms
from keyturn.portal.premise_lines import place_lines
from keyturn.portal.walk import Walk

Answers = Mapping[str, Any]
Says = Callable[[Answers], list[str]]


def rows_of(walk: Walk, errors: Mapping[str, str], *, where: str = "/start") -> list[dict[str, Any]]:
    """A row for each thing that was said: label, lines, where to change it, what is wrong with it."""
    rows = []
    for page in walk.pages:
        for label, names, says in _things(page, walk.answers):
            rows.append(
                {
                    "name": names[0],
                    "section": page.section,
                    "label": label,
                    "lines": says(walk.answers),
                    "error": next((errors[name] for name in names if name in errors), ""),
                    "href": f"{where}/{page.name}?check=yes",
                }
            )
    return rows


def _things(page: Page, answers: Answers) -> list[tuple[str, tuple[str, ...], Says]]:
    """The page as one thing where its answers belong together; otherwise each of its questions."""
    if page.name in TOGETHER:
        label, says = TOGETHER[page.name]
        return [(gettext(label), tuple(question.name for question in page.questions), says)]
    return [
        (forms.label_of(question), (question.name,), lambda said, q=question: forms.shown(q, said.get(q.name)))  # type: ignore[misc]
        for question in page.questions
        if question.asked_if(answers)
    ]


def _place(answers: Answers) -> list[str]:
    return place_lines(answers.get("service_address"))


def _name(answers: Answers) -> list[str]:
    parts = (answers.get(part) for part in ("given_name", "middle_name", "family_name", "suffix"))
    together = " ".join(part for part in parts if part)
    return [together] if together else []


def _document(answers: Answers) -> list[str]:
    return [*forms.said("id_type", answers), *forms.said("id_value", answers)]


def _letters(answers: Answers) -> list[str]:
    elsewhere = forms.said("mailing_address", answers) if answers.get("mail_elsewhere") is not False else []
    return elsewhere or [gettext("The service address")]


TOGETHER: dict[str, tuple[str, Says]] = {
    "where": (gettext_noop("Address"), _place),
    "name": (gettext_noop("Name"), _name),
    "identifier": (gettext_noop("Document"), _document),
    "mailing": (gettext_noop("Letters go to"), _letters),
    "consents": (gettext_noop("You agree to"), lambda answers: forms.said("consents", answers)),
    "kind": (gettext_noop("The account is for"), lambda answers: forms.said("kind", answers)),
}
