"""Which kinds of drift between registry and CIS are there, and what puts each right? Plain Python."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from keyturn.terms.words import gettext_noop as _

PARTS: Final = ("persons", "accounts", "deliveries", "changes")
"""What is gone through, in this order."""


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of drift. `repair`: take (the CIS's word), look (again: a case where it is so
    still), take_in (as by an import), tell (the CIS), review (staff look)."""

    label: str
    repair: str


KINDS: Final[Mapping[str, Kind]] = MappingProxyType(
    {
        "theirs_is_newer": Kind(_("Changed in the CIS, not taken over yet"), "take"),
        "ours_is_newer": Kind(_("Changed here, not in the CIS"), "tell"),
        "both_changed": Kind(_("Changed on both sides"), "look"),
        "missing_here": Kind(_("In the CIS, not on file here"), "take_in"),
        "missing_in_cis": Kind(_("On file here, not in the CIS"), "review"),
        "merged_in_cis": Kind(_("Made part of another person in the CIS"), "review"),
        "not_understood": Kind(_("What the CIS shows cannot be read, or names another"), "review"),
        "agreement_missing_in_cis": Kind(_("A live agreement that the CIS does not have"), "review"),
        "unknown_reference": Kind(_("The CIS names somebody or some place that is not on file here"), "review"),
        "effect_missing": Kind(_("Confirmed by the CIS, and no longer known there"), "tell"),
        "effect_without_request": Kind(_("Done in the CIS under a key of ours that no request has"), "review"),
    }
)
"""In the order in which a report shows them."""
