"""What do we ask somebody who has a new identity document (C.3)?"""

from keyturn.journeys.changes.change_contact import PATH
from keyturn.journeys.changes.change_name import EVIDENCE, KIND
from keyturn.journeys.journey import Answers, Ask, Journey, Kind, Page, Question
from keyturn.journeys.start_service import IDENTIFIER as FORM
from keyturn.terms.slots import Slots, Wish
from keyturn.terms.words import gettext_noop as _

DOCUMENT = next(each for each in FORM.questions if each.name == "id_type")

IDENTIFIER = Page(
    "identifier",
    _("Which document is it?"),
    (
        Question(
            "id_type", Ask.CHOICE, _("Choose one"), required=True,
            choices=tuple(each for each in DOCUMENT.choices if each.value != "none"),
        ),
        Question("id_value", Ask.TEXT, _("Number"), longest=40, required=True, hint=_("Spaces and dashes do not matter.")),
    ),
    section=_("Your documents"),
)  # fmt: skip


def wishes(answers: Answers, seen: Slots) -> tuple[Wish, ...]:
    kind, value = answers.get("id_type"), answers.get("id_value")
    return (Wish(f"identifier.{kind}", str(value)),) if kind and value else ()


CHANGE_IDENTIFIER = Journey(
    "change_identifier",
    _("Tell us of a new identity document"),
    _("A new licence, identity card or passport."),
    (IDENTIFIER, EVIDENCE),
    PATH,
    kind=Kind.CHANGE,
    about="person",
    given=(KIND,),
    wishes=wishes,
)
