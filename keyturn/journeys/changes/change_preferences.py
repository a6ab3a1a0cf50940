"""What do we ask about language, accessible formats, paperless bills, and what a customer wants to hear of (C.19)?"""

from dataclasses import replace

from keyturn.journeys.changes.change_contact import PATH
from keyturn.journeys.journey import Answers, Ask, Choice, Journey, Kind, Page, Question
from keyturn.journeys.start_service import PREFERENCES
from keyturn.terms.levels import Level
from keyturn.terms.slots import Slots, Wish
from keyturn.terms.words import gettext_noop as _

TOPICS = ("bills", "payments", "outages", "appointments", "offers")
CHANNELS = ("email", "sms")

LANGUAGE = Page(
    "language",
    _("In which language and form should we write?"),
    (
        next(each for each in PREFERENCES.questions if each.name == "language"),
        Question(
            "formats", Ask.CHOICES, _("Accessible formats (optional)"),
            choices=(
                Choice("large_print", _("Large print")),
                Choice("braille", _("Braille")),
                Choice("audio", _("Audio")),
                Choice("easy_read", _("Easy read")),
            ),
        ),
    ),
    section=_("How we write to you"),
)  # fmt: skip


def topic(name: str, label: str, hint: str = "") -> Question:
    """One topic with the channels to choose from."""
    choices = (Choice("email", _("By e-mail")), Choice("sms", _("By text message")))
    return Question(f"about_{name}", Ask.CHOICES, label, hint=hint, choices=choices)


NEWS = Page(
    "news",
    _("What would you like to hear of, and how?"),
    (
        topic("bills", _("A new bill")),
        topic("payments", _("Payments that arrived or are late")),
        topic("outages", _("Outages and planned work")),
        topic("appointments", _("Appointments and visits")),
        topic("offers", _("Offers and tips"), _("We send these only if you ask for them. You can stop them at any time.")),
    ),
    intro=_("What the law makes us tell you comes by letter or e-mail in any case."),
    section=_("How we write to you"),
)  # fmt: skip


def wishes(answers: Answers, seen: Slots) -> tuple[Wish, ...]:
    found = []
    for name in ("language", "formats"):
        if name in answers:
            found.append(Wish(f"detail.{name}", answers[name]))
    for about in TOPICS:
        chosen = answers.get(f"about_{about}")
        if chosen is not None:
            found += [Wish(f"preference.{about}.{each}", "on" if each in chosen else "off") for each in CHANNELS]
    return tuple(each for each in found if seen.get(each.slot, _without(each)) != each.value)


def _without(wish: Wish) -> object:
    """What holds where nothing is on file."""
    return [] if wish.slot == "detail.formats" else "off" if wish.slot.startswith("preference.") else ""


CHANGE_PREFERENCES = Journey(
    "change_preferences",
    _("Language, formats and notifications"),
    _("In which language and form we write, and what we tell you of."),
    (LANGUAGE, NEWS),
    PATH,
    kind=Kind.CHANGE,
    about="person",
    needs=Level.OWNER,
    wishes=wishes,
)

PAPERLESS = Page(
    "paperless",
    _("How should your bills come?"),
    (replace(next(each for each in PREFERENCES.questions if each.name == "paperless"), required=True),),
    section=_("Your bills"),
)  # fmt: skip


def paperless(answers: Answers, seen: Slots) -> tuple[Wish, ...]:
    slot = f"paperless.{answers.get('account_id')}"
    value = answers.get("paperless")
    return (Wish(slot, value),) if isinstance(value, bool) and seen.get(slot) != value else ()


CHANGE_PAPERLESS = Journey(
    "change_paperless",
    _("Paperless bills"),
    _("Get bills by e-mail, or on paper again."),
    (PAPERLESS,),
    PATH,
    kind=Kind.CHANGE,
    about="account",
    needs=Level.MANAGE,
    given=(Question("account_id", Ask.TEXT, _("Account"), longest=40, required=True),),
    wishes=paperless,
)
