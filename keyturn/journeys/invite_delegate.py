"""What do we ask somebody who lets another person act for an account, or get copies of its shut-off notices (BR-64)?"""

from keyturn.journeys.journey import Answers, Ask, Choice, Journey, Kind, Page, Question
from keyturn.terms.levels import Level
from keyturn.terms.request import Step
from keyturn.terms.words import gettext_noop as _

PATH = (Step.IDENTIFY, Step.GATHER, Step.VALIDATE, Step.VERIFY, Step.DECIDE, Step.ESTABLISH, Step.SYNC, Step.CONFIRM)

GIVEN = (
    Question("account_id", Ask.TEXT, _("Account"), longest=40),
    Question("group_id", Ask.TEXT, _("Group of accounts"), longest=40),
)


def has_an_end(answers: Answers) -> bool:
    return answers.get("delegate_ends") is True


WHO = Page(
    "who",
    _("Who is it?"),
    (
        Question("delegate_name", Ask.TEXT, _("Their name"), required=True, longest=100),
        Question("delegate_email", Ask.EMAIL, _("Their e-mail address"), required=True, longest=254,
                 hint=_("We send them an invitation. They must sign in with this very address.")),
    ),
    section=_("Who helps you"),
)  # fmt: skip

WHAT = Page(
    "what",
    _("What may they do?"),
    (
        Question(
            "level", Ask.CHOICE, _("They may"), required=True,
            choices=(
                Choice("view", _("Look"), _("See the account, its services and requests.")),
                Choice("pay", _("Look and pay"), _("See what is owed, too.")),
                Choice("manage", _("Look after the account"), _("Change where letters go, paperless bills, and ask for services.")),
                Choice("owner", _("Everything that I may do"), _("Also let others act, and end your own access. Choose this only for somebody you trust like yourself.")),
            ),
        ),
        Question("delegate_ends", Ask.YES_NO, _("Should it end by itself?"), required=True),
        Question("delegate_until", Ask.DATE, _("Last day"), asked_if=has_an_end, required=True),
    ),
    section=_("Who helps you"),
)  # fmt: skip

INVITE_DELEGATE = Journey(
    "invite_delegate",
    _("Let somebody help with this account"),
    _("A relative, a carer, an agent: you say what they may do and until when, and you can end it at any time."),
    (WHO, WHAT),
    PATH,
    kind=Kind.DELEGATE,
    about="account",
    needs=Level.OWNER,
    given=GIVEN,
)

DESIGNEE = Page(
    "who",
    _("Who should get copies of shut-off notices?"),
    (
        Question("delegate_name", Ask.TEXT, _("Their name"), required=True, longest=100),
        Question("delegate_email", Ask.EMAIL, _("Their e-mail address"), required=True, longest=254,
                 hint=_("We ask them first. They get copies only after they have agreed in writing.")),
    ),
    intro=_("They can remind you, or call us. They see nothing else, and they never have to pay for you."),
    section=_("Who helps you"),
)  # fmt: skip

NAME_DESIGNEE = Journey(
    "name_designee",
    _("Name somebody who gets your shut-off notices"),
    _("A person you trust gets a copy of any notice that your service may be shut off."),
    (DESIGNEE,),
    PATH,
    kind=Kind.DELEGATE,
    about="account",
    needs=Level.OWNER,
    given=GIVEN,
)

END_ACCESS = Journey(
    "end_access",
    _("End somebody's access"),
    _("They can do nothing for the account any more, from this moment on."),
    (),
    (Step.ESTABLISH, Step.SYNC, Step.CONFIRM),
    kind=Kind.END,
    about="account",
    given=(
        *GIVEN,
        Question("access_id", Ask.TEXT, _("Access"), longest=40),
        Question("designee_id", Ask.TEXT, _("Designee"), longest=40),
    ),
)
"""Begun by `flow.end_access`, where the button is pressed; nothing is asked."""
