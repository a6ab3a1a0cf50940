"""What do we ask somebody who tells us that life or health depends on service (C.20, BR-63)?

Little: protection begins when it is sent, on their word alone; the doctor's certificate can follow.
"""

from keyturn.journeys.journey import Ask, Choice, Journey, Kind, Page, Question
from keyturn.terms.levels import Level
from keyturn.terms.request import Step
from keyturn.terms.words import gettext_noop as _

PATH = (Step.IDENTIFY, Step.GATHER, Step.VALIDATE, Step.DECIDE, Step.REVIEW, Step.ESTABLISH, Step.SYNC, Step.CONFIRM)

WHO = Page(
    "who",
    _("Who depends on your service?"),
    (
        Question("patient", Ask.TEXT, _("Full name"), required=True, longest=200),
        Question(
            "medical_kind", Ask.CHOICE, _("Why"), required=True,
            choices=(
                Choice("life_support", _("A device keeps them alive or breathing"),
                       hint=_("For example a ventilator, an oxygen concentrator or dialysis at home.")),
                Choice("serious_illness", _("A serious illness that gets worse without service")),
            ),
        ),
        Question("device", Ask.TEXT, _("Which device? (optional)"), longest=200),
        Question("phone", Ask.PHONE, _("Phone number to reach them in an outage"), required=True, longest=40,
                 autocomplete="tel", why=_("We call this number before planned work and look at it first in an outage.")),
    ),
    intro=_("From the moment you send this, we do not shut this service off for money that is owed."),
    section=_("Life support"),
)  # fmt: skip

CERTIFICATE = Page(
    "certificate",
    _("Do you have a certificate?"),
    (
        Question(
            "documents", Ask.DOCUMENTS, _("Photo or PDF of the doctor’s certificate (optional)"), purpose="medical",
            hint=_("If you do not have it yet, send this now, and the certificate later in the same way."),
            why=_("A doctor confirms for how long it is needed. Only staff who decide see it."),
        ),
    ),
    section=_("Life support"),
)  # fmt: skip

CLAIM_LIFE_SUPPORT = Journey(
    "claim_life_support",
    _("Somebody depends on this service"),
    _("Protection at once for people on life support or with a serious illness."),
    (WHO, CERTIFICATE),
    PATH,
    kind=Kind.CARE,
    about="account",
    needs=Level.MANAGE,
    given=(Question("account_id", Ask.TEXT, _("Account"), longest=40, required=True),),
)
