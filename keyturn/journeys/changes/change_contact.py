"""What do we ask somebody who adds, changes or removes a phone number or an e-mail address (C.4)?

One contact at a time: `contact_id` says which ("new": one more), `channel` of which kind, `act` what is to happen.
"""

from keyturn.journeys.journey import Answers, Ask, Choice, Journey, Kind, Page, Question
from keyturn.terms.levels import Level
from keyturn.terms.request import Step
from keyturn.terms.slots import Slots, Wish
from keyturn.terms.words import gettext_noop as _

PATH = (
    Step.IDENTIFY, Step.GATHER, Step.VALIDATE, Step.VERIFY, Step.DECIDE, Step.REVIEW, Step.ESTABLISH, Step.SYNC, Step.CONFIRM,
)  # fmt: skip
"""The way of every change: who it is is known, so nobody is matched."""


def is_email(answers: Answers) -> bool:
    return answers.get("channel") == "email" and answers.get("act") == "set"


def is_phone(answers: Answers) -> bool:
    return answers.get("channel") == "phone" and answers.get("act") == "set"


def is_removed(answers: Answers) -> bool:
    return answers.get("act") == "remove"


GIVEN = (
    Question("contact_id", Ask.TEXT, _("Which contact"), longest=40, required=True),
    Question(
        "channel", Ask.CHOICE, _("Kind of contact"), required=True,
        choices=(Choice("email", _("E-mail address")), Choice("phone", _("Phone number"))),
    ),
    Question(
        "act", Ask.CHOICE, _("What to do"), required=True,
        choices=(Choice("set", _("Add or change")), Choice("remove", _("Remove")), Choice("first", _("Use first")), Choice("prove", _("Prove that it is mine"))),
    ),
)  # fmt: skip

EMAIL = Page(
    "email",
    _("What is the e-mail address?"),
    (
        Question("email", Ask.EMAIL, _("E-mail address"), required=True, autocomplete="email", longest=254,
                 hint=_("We will send a code to it. It is changed when you have entered the code.")),
    ),
    section=_("How we reach you"),
    shown_if=is_email,
)  # fmt: skip

PHONE = Page(
    "phone",
    _("What is the phone number?"),
    (
        Question("phone", Ask.PHONE, _("Phone number"), required=True, autocomplete="tel", longest=40,
                 hint=_("For a number in another country, start with + and the country code.")),
        Question(
            "contact_type", Ask.CHOICE, _("What kind of number is it? (optional)"),
            choices=(Choice("mobile", _("Mobile")), Choice("home", _("Home")), Choice("work", _("Work"))),
        ),
    ),
    section=_("How we reach you"),
    shown_if=is_phone,
)  # fmt: skip


def wishes(answers: Answers, seen: Slots) -> tuple[Wish, ...]:
    """The contact as it should be; None: it goes. The only one of its kind is used first anyway."""
    slot = f"contact.{answers.get('contact_id') or 'new'}"
    old = seen.get(slot) or {}
    if answers.get("act") == "remove":
        return (Wish(slot, None, kind=str(old["channel"])),) if old else ()
    if answers.get("act") == "first":
        return (Wish(slot, {**old, "is_primary": True}),) if old and not old.get("is_primary") else ()
    if answers.get("act") == "prove":
        proof = f"proof.{answers.get('contact_id')}"
        return (Wish(proof, "verified"),) if old and seen.get(proof) != "verified" else ()
    channel = str(answers.get("channel") or "")
    value = str(answers.get(channel) or "")
    if not value or old.get("channel", channel) != channel:  # the one kind does not take the other's place unseen
        return ()
    alone = not any(
        (each or {}).get("channel") == channel
        for name, each in seen.items()
        if name.startswith("contact.") and name != slot
    )
    new = {
        "channel": channel,
        "value": value,
        "contact_type": answers.get("contact_type") or old.get("contact_type", ""),
        "is_primary": bool(old.get("is_primary")) or alone,
    }
    return () if new == old else (Wish(slot, new),)


CHANGE_CONTACT = Journey(
    "change_contact",
    _("Change a phone number or e-mail address"),
    _("Add, change or remove how we reach you."),
    (EMAIL, PHONE),
    PATH,
    kind=Kind.CHANGE,
    about="person",
    needs=Level.OWNER,
    given=GIVEN,
    wishes=wishes,
)
