"""What do staff enter who give somebody access to another's account, for a document that names them (C.13)?"""

from keyturn.journeys.journey import Ask, Choice, Journey, Kind, Page, Question
from keyturn.terms.request import Step
from keyturn.terms.words import gettext_noop as _

WHO = Page(
    "who",
    _("Access by documents"),
    (
        Question("access_email", Ask.EMAIL, _("E-mail address of their login"), required=True, longest=254),
        Question(
            "capacity", Ask.CHOICE, _("They act as"), required=True,
            choices=(
                Choice("representative", _("Authorised representative")),
                Choice("executor", _("Executor of an estate")),
                Choice("guardian", _("Guardian")),
            ),
        ),
        Question(
            "level", Ask.CHOICE, _("They may"), required=True,
            choices=(
                Choice("view", _("see the account")),
                Choice("pay", _("see and pay")),
                Choice("manage", _("see and change it")),
                Choice("owner", _("do everything, as the owner")),
            ),
        ),
        Question("delegate_until", Ask.DATE, _("Until")),
        Question("authority", Ask.DOCUMENTS, _("Power of attorney or court order"), purpose="authority"),
        Question("estate", Ask.DOCUMENTS, _("Estate papers"), purpose="estate"),
    ),
    section=_("Access by documents"),
)  # fmt: skip

GRANT_ACCESS = Journey(
    "grant_access",
    _("Access by documents"),
    _("Staff have given somebody access, for a document that names them."),
    (WHO,),
    (Step.GATHER, Step.ESTABLISH, Step.SYNC, Step.CONFIRM),
    kind=Kind.GRANT,
    about="account",
)
