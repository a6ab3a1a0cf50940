"""What do staff say who have the CIS put right where it holds something else than we do?"""

from keyturn.journeys.journey import Journey, Kind
from keyturn.terms.request import Step
from keyturn.terms.words import gettext_noop as _

PUT_RIGHT = Journey(
    "put_right",
    _("The billing system put right"),
    _("The billing system held something else than we do, and is told again."),
    (),
    (Step.GATHER, Step.ESTABLISH, Step.SYNC, Step.CONFIRM),
    kind=Kind.REPAIR,
    about="person",
)
