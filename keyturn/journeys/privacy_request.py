"""What do we ask somebody who wants to know, correct, erase or restrict what we hold about them?"""

from keyturn.journeys.changes.change_contact import PATH
from keyturn.journeys.journey import Answers, Ask, Choice, Journey, Kind, Page, Question
from keyturn.terms.levels import Level
from keyturn.terms.slots import Slots, Wish
from keyturn.terms.words import gettext_noop as _

WHAT = Page(
    "privacy",
    _("What would you like?"),
    (
        Question(
            "privacy", Ask.CHOICE, _("About your own data"), required=True,
            choices=(
                Choice("copy", _("Get a copy of everything you hold about me"),
                       hint=_("Ready within minutes, to read and for machines.")),
                Choice("correction", _("Say that something is wrong"),
                       hint=_("Names, addresses and contacts you can change yourself at once, under My information.")),
                Choice("erasure", _("Erase what you hold about me"),
                       hint=_("What the law makes us keep stays, and we say what and why.")),
                Choice("restriction", _("Stop using it, but keep it"),
                       hint=_("From then on only our staff change it.")),
                Choice("objection", _("Stop using it for advertising")),
            ),
        ),
    ),
    section=_("Your own data"),
)  # fmt: skip


def is_correction(answers: Answers) -> bool:
    return answers.get("privacy") == "correction"


def is_erasure(answers: Answers) -> bool:
    return answers.get("privacy") == "erasure"


CORRECTION = Page(
    "correction",
    _("What is wrong, and what would be right?"),
    (
        Question("privacy_words", Ask.TEXT, _("In your own words"), required=True, longest=1000,
                 hint=_("Write no card or document number here.")),
    ),
    section=_("Your own data"),
    shown_if=is_correction,
)  # fmt: skip

ERASURE = Page(
    "erasure",
    _("Before we erase anything"),
    (
        Question(
            "privacy_sure", Ask.CHOICES, _("Please confirm"), required=True,
            hint=_("Two of our staff look at it first. While you are a customer, what we need to supply and bill you stays. "
                   "Afterwards your login goes as well."),
            choices=(Choice("sure", _("I understand that it cannot be brought back")),),
        ),
    ),
    section=_("Your own data"),
    shown_if=is_erasure,
)  # fmt: skip


def wishes(answers: Answers, seen: Slots) -> tuple[Wish, ...]:
    """Not a value but an act; its family is "privacy", by which the policy asks for a second proof of oneself."""
    asked = str(answers.get("privacy") or "")
    return (Wish(f"privacy.{asked}", True, kind="privacy"),) if asked else ()


PRIVACY_REQUEST = Journey(
    "privacy_request",
    _("Ask about your own data"),
    _("Get a copy, or have it corrected, erased or restricted."),
    (WHAT, CORRECTION, ERASURE),
    PATH,
    kind=Kind.PRIVACY,
    about="person",
    needs=Level.OWNER,
    wishes=wishes,
)
