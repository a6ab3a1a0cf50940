"""What do we ask somebody who has a new identity document (C.3)?"""

from keyturn.journeys.changes.change_contact import PATH
from keyturn.journeys.changes.change_name import EVIDENCE, KIND
from keyturn.journeys.journey import Answers, Ask, Choice, Journey, Kind, Page, Question
from keyturn.terms.slots import Slots, Wish
from keyturn.terms.words import gettext_noop as _

IDENTIFIER = Page(
    "identifier",
    _("Which document is it?"),
    (
        Question(
            "id_type", Ask.CHOICE, _("Choose one"), required=True,
            choices=(
                Choice("driver_licence", _("Driver licence")),
                Choice("state_id", _("State identity card")),
                Choice("passport", _("Passport"), _("From any country")),
                Choice("ssn_last4", _("Last four digits of a Social Security number")),
                Choice("tax_id", _("Tax number of the organisation")),
            ),
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
