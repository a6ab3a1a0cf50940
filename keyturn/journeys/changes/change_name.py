"""What do we ask somebody whose name has changed, or who had or has another one (C.2)?"""

from dataclasses import replace

from keyturn.journeys.changes.change_contact import PATH
from keyturn.journeys.journey import Answers, Ask, Choice, Journey, Kind, Page, Question
from keyturn.journeys.start_service import NAME as FORM
from keyturn.terms.slots import Slots, Wish
from keyturn.terms.words import gettext_noop as _

PARTS = ("given_name", "middle_name", "family_name", "suffix", "organisation_name")


def of_a_person(answers: Answers) -> bool:
    return answers.get("kind") != "organisation"


def of_an_organisation(answers: Answers) -> bool:
    return answers.get("kind") == "organisation"


KIND = Question(
    "kind", Ask.CHOICE, _("Kind"),
    choices=(Choice("person", _("Me, or my household")), Choice("organisation", _("An organisation"))),
)  # fmt: skip

NAME = Page(
    "name",
    _("What is your name now?"),
    FORM.questions,
    intro=_("Change what is different, leave the rest as it is."),
    section=_("Your name"),
    shown_if=of_a_person,
)

ORGANISATION = Page(
    "organisation",
    _("What is the organisation called now?"),
    (Question("organisation_name", Ask.TEXT, _("Legal name of the organisation"), required=True, longest=254),),
    section=_("Your name"),
    shown_if=of_an_organisation,
)

REASON = Page(
    "reason",
    _("Why did it change?"),
    (
        Question(
            "name_reason", Ask.CHOICE, _("Reason"), required=True,
            choices=(
                Choice("marriage", _("Marriage or partnership")),
                Choice("divorce", _("Divorce")),
                Choice("court", _("A court or an authority changed it")),
                Choice("correction", _("It was written wrongly")),
                Choice("other", _("Another reason")),
            ),
        ),
        Question("name_from", Ask.DATE, _("Since when? (optional)"), hint=_("The date on your document, if you know it.")),
    ),
    section=_("Your name"),
)  # fmt: skip

EVIDENCE = Page(
    "evidence",
    _("Show us a document with your new name"),
    (
        Question(
            "documents", Ask.DOCUMENTS, _("Photo or PDF"), purpose="name",
            hint=_("For example a marriage certificate, a court order or your new identity card."),
            why=_("So that nobody else can put their name on your account. Only staff who decide see it; it is deleted later."),
        ),
    ),
    section=_("Your name"),
)  # fmt: skip


def wishes(answers: Answers, seen: Slots) -> tuple[Wish, ...]:
    """Each part of the name by itself, so that a correction of another part meanwhile is not undone."""
    day = str(answers.get("name_from") or "")
    wanted = {part: str(answers.get(part) or "") for part in PARTS if part in answers or seen.get(f"name.{part}")}
    return tuple(
        Wish(f"name.{part}", value, day)
        for part, value in wanted.items()
        if value != (seen.get(f"name.{part}") or "") and _is_of_kind(part, answers)
    )


def _is_of_kind(part: str, answers: Answers) -> bool:
    return (part == "organisation_name") == of_an_organisation(answers)


CHANGE_NAME = Journey(
    "change_name",
    _("Change your name"),
    _("After marriage, divorce or a court order, or because it is written wrongly."),
    (NAME, ORGANISATION, REASON, EVIDENCE),
    PATH,
    kind=Kind.CHANGE,
    about="person",
    given=(KIND,),
    wishes=wishes,
)

OTHER_NAME = Page(
    "other_name",
    _("Which other name do you have, or had?"),
    (
        Question(
            "name_type", Ask.CHOICE, _("What kind of name is it?"), required=True,
            choices=(
                Choice("former", _("A name I had before")),
                Choice("alias", _("A name I am also known by")),
                Choice("dba", _("A name under which we do business")),
            ),
        ),
        *(replace(each, hint="") for each in FORM.questions),
    ),
    section=_("Your name"),
)  # fmt: skip


def other_name(answers: Answers, seen: Slots) -> tuple[Wish, ...]:
    parts = {part: str(answers.get(part) or "") for part in PARTS if answers.get(part)}
    return (Wish("alias.new", {"name_type": answers.get("name_type"), **parts}),) if parts else ()


ADD_NAME = Journey(
    "add_name",
    _("Tell us another name of yours"),
    _("A previous name, an alias or a business name, so that we find you under it."),
    (OTHER_NAME,),
    PATH,
    kind=Kind.CHANGE,
    about="person",
    given=(KIND,),
    wishes=other_name,
)
