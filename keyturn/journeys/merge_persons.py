"""What do staff say who make two files of one person one, or two again (quality.md section 2, point 4)?"""

from keyturn.journeys.journey import Journey, Kind
from keyturn.terms.request import Step
from keyturn.terms.words import gettext_noop as _

MERGE_PERSONS = Journey(
    "merge_persons",
    _("Two files made one"),
    _("Staff have found that two files are one and the same person."),
    (),
    (Step.GATHER, Step.DECIDE, Step.REVIEW, Step.ESTABLISH, Step.SYNC, Step.CONFIRM),
    kind=Kind.MERGE,
    about="person",
)

UNMERGE_PERSONS = Journey(
    "unmerge_persons",
    _("Two files again"),
    _("Staff have found that two persons had been taken for one."),
    (),
    (Step.GATHER, Step.ESTABLISH, Step.SYNC, Step.CONFIRM),
    kind=Kind.MERGE,
    about="person",
)

MERGED_VALUES = Journey(
    "merged_values",
    _("What a merge changed"),
    _("The CIS is told which values hold for the file that stayed."),
    (),
    (Step.GATHER, Step.ESTABLISH, Step.SYNC, Step.CONFIRM),
    kind=Kind.MERGE,
    about="person",
)
