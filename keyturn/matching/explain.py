"""How do we tell a reviewer, in words, what speaks for and against a candidate?"""

from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field as default
from types import MappingProxyType
from typing import Final

from keyturn.matching.decide import Ranked
from keyturn.matching.score import Scored
from keyturn.terms.words import gettext_noop


@dataclass(frozen=True, slots=True)
class Words:
    """One sentence for the doors to translate and fill with `params` (nothing personal). `weight` is in bits: positive
    speaks for one person. `field` says beside which field it belongs ("" for the pair as a whole)."""

    field: str
    message: str
    weight: float = 0.0
    params: Mapping[str, str] = default(default_factory=lambda: MappingProxyType({}))

    @property
    def side(self) -> str:
        """ "for", "against" or "neutral"."""
        return "for" if self.weight > 0.5 else "against" if self.weight < -0.5 else "neutral"


_FIELDS: Final[Mapping[tuple[str, str], str]] = {
    ("given", "exact"): gettext_noop("The given names are the same."),
    ("given", "nickname"): gettext_noop("One given name is a short form of the other."),
    ("given", "initial"): gettext_noop("One given name is only an initial, and it fits."),
    ("given", "middle"): gettext_noop("The given name of one is the middle name of the other."),
    ("given", "slip"): gettext_noop("The given names differ by a slip of the fingers."),
    ("given", "similar"): gettext_noop("The given names are nearly the same, and both may be right."),
    ("given", "garbled"): gettext_noop("The given names differ, and may be one name with several slips in it."),
    ("given", "swapped"): gettext_noop("Given name and surname seem to be in each other's place."),
    ("given", "different"): gettext_noop("The given names are different."),
    ("middle", "exact"): gettext_noop("The middle names are the same."),
    ("middle", "initial"): gettext_noop("The middle initials fit."),
    ("middle", "other_initial"): gettext_noop("The middle initials do not fit."),
    ("middle", "different"): gettext_noop("The middle names are different."),
    ("family", "exact"): gettext_noop("The surnames are the same."),
    ("family", "part"): gettext_noop("The surnames have one part in common."),
    ("family", "slip"): gettext_noop("The surnames differ by a slip of the fingers."),
    ("family", "phonetic"): gettext_noop("The surnames sound alike."),
    ("family", "garbled"): gettext_noop("The surnames differ, and may be one name with several slips in it."),
    ("family", "swapped"): gettext_noop("Surname and given name seem to be in each other's place."),
    ("family", "crossed"): gettext_noop("The surname of one is the given name of the other; the rest differs."),
    ("family", "different"): gettext_noop("The surnames are different."),
    ("suffix", "exact"): gettext_noop("The name suffixes (Jr, Sr, III) are the same."),
    ("suffix", "one_sided"): gettext_noop("Only one of the names has a suffix (Jr, Sr, III)."),
    ("suffix", "conflict"): gettext_noop("The name suffixes (Jr, Sr, III) contradict each other."),
    ("organisation", "exact"): gettext_noop("The names are the same but for the legal form."),
    ("organisation", "similar"): gettext_noop("The names differ by a slip of the fingers."),
    ("organisation", "part"): gettext_noop("One name is part of the other, or a number in it differs."),
    ("organisation", "different"): gettext_noop("The names are different."),
    ("birth_date", "exact"): gettext_noop("The birth dates are the same."),
    ("birth_date", "transposed"): gettext_noop("Two neighbouring digits of the birth dates are exchanged."),
    ("birth_date", "day_month"): gettext_noop("Day and month of the birth dates are exchanged."),
    ("birth_date", "one_digit"): gettext_noop("One digit of the birth dates differs."),
    ("birth_date", "day_off"): gettext_noop("The birth dates are one day apart."),
    ("birth_date", "first_of_january"): gettext_noop(
        "The year of birth is the same; on one side the day is the first of January, as where only the year is known."
    ),
    ("birth_date", "year_month"): gettext_noop("Year and month of birth are the same, the day is not."),
    ("birth_date", "year"): gettext_noop("Only the year of birth is the same."),
    ("birth_date", "month_day"): gettext_noop("Day and month of birth are the same, the year is not."),
    ("birth_date", "different"): gettext_noop("The birth dates are different."),
    ("identifier", "equal"): gettext_noop("The identifiers are the same."),
    ("identifier", "last4"): gettext_noop("The last four digits of the identifiers are the same."),
    ("identifier", "different"): gettext_noop("Both gave an identifier of the same kind, and the two are different."),
    ("identifier", "different_last4"): gettext_noop("The last four digits of the identifiers are different."),
    ("email", "exact"): gettext_noop("They share an e-mail address."),
    ("email", "same_mailbox"): gettext_noop(
        "Their e-mail addresses are spelled differently and reach the same mailbox."
    ),
    ("email", "similar"): gettext_noop("The e-mail addresses differ by a slip of the fingers."),
    ("email", "different"): gettext_noop("The e-mail addresses are different."),
    ("phone", "exact"): gettext_noop("They share a phone number."),
    ("phone", "one_digit"): gettext_noop("One digit of the phone numbers differs."),
    ("phone", "different"): gettext_noop("The phone numbers are different."),
    ("address", "exact"): gettext_noop("They share an address, door for door."),
    ("address", "building"): gettext_noop("They share a house; the unit is known of only one."),
    ("address", "similar"): gettext_noop("The addresses are the same but for a small difference in writing."),
    ("address", "near_number"): gettext_noop(
        "They have addresses in the same street; the house number is missing on one side, or may be mistyped."
    ),
    ("address", "number"): gettext_noop(
        "They have the same house number in the same town; the street is another, missing or misspelled."
    ),
    ("address", "neighbour"): gettext_noop("They share a house, in different units."),
    ("address", "street"): gettext_noop("They have addresses in the same street."),
    ("address", "locality"): gettext_noop("They have addresses in the same postal code."),
    ("address", "different"): gettext_noop("They have no address in common."),
    ("household", "relative"): gettext_noop("People of one household would agree on much of this too."),
    ("household", "twin"): gettext_noop("Twins would agree on much of this too."),
    ("household", "namesake"): gettext_noop("Somebody else of the same name would agree on much of this too."),
    ("household", "stranger"): gettext_noop("People who do not know each other could agree on this by chance."),
}

_CODES: Final[Mapping[str, str]] = {
    "different_kind": gettext_noop("One is a person, the other an organisation."),
    "different_identifier": gettext_noop("Different identifiers of the same kind: never linked without you."),
    "different_birth_date": gettext_noop("The birth dates differ by more than a slip: never linked without you."),
    "generation_gap": gettext_noop("The birth dates lie a generation apart: perhaps parent and child of one name."),
    "twin": gettext_noop("Same surname and birth date in one household, but not the same given name: perhaps twins."),
    "suffix_conflict": gettext_noop("Jr, Sr and the like contradict each other: perhaps parent and child."),
    "deceased": gettext_noop("The person on file is recorded as deceased."),
    "fraud_flag": gettext_noop("The person on file carries a fraud flag."),
    "protected_address": gettext_noop("The address of the person on file is protected."),
    "already_linked": gettext_noop("The person on file is already linked to another sign-in."),
    "below_link_score": gettext_noop("The score is below what the policy asks for a link."),
    "several_over_threshold": gettext_noop("More than one person on file fits this well."),
    "margin_too_small": gettext_noop("The next candidate fits nearly as well."),
    "too_few_groups": gettext_noop("Fewer than two independent kinds of evidence agree."),
    "only_name_and_birth_date": gettext_noop(
        "Only name and birth date agree, and there may be a namesake who was born on that day."
    ),
    "only_household": gettext_noop(
        "Beside the name only what a household shares agrees: father and son of one name would agree as much."
    ),
    "different_given_name": gettext_noop("The given names leave room for a relative."),
    "different_surname": gettext_noop("The surnames are different, and no identifier says that one was changed."),
    "nothing_verified": gettext_noop("No e-mail, phone or identifier on file was proved in this session."),
    "links_switched_off": gettext_noop("Automatic links are off now: a person decides."),
    "not_the_same_person": gettext_noop("Staff have decided before that this is somebody else."),
    "household": gettext_noop("They seem to belong to one household."),
    "same_door": gettext_noop("They have lived behind one door: the next tenant, perhaps, or a room-mate."),
    "namesake": gettext_noop("They bear the same name."),
    "shared_identifier": gettext_noop("They show the same identifier."),
    "shared_contact": gettext_noop("They share an e-mail address or a phone number."),
}


_MISSING: Final[Mapping[str, str]] = {
    "probe": gettext_noop("The applicant did not say."),
    "on_file": gettext_noop("Not on file."),
    "both": gettext_noop("Nobody knows it on either side."),
    "other_kind": gettext_noop("Each has one, of another kind."),
}

CLOSE: Final = 4.0
FAR: Final = 10.0
"""Bits: the best is sixteen times, and a thousand times, as likely as the next."""


def words_for(scored: Scored) -> tuple[Words, ...]:
    """A sentence for each field, the heaviest first, then one for each veto."""
    fields = sorted(scored.fields, key=lambda each: -abs(each.weight))
    spoken = [Words(each.field, _FIELDS[each.field, each.level], each.weight) for each in fields]
    return (*spoken, *(words_for_code(code) for code in scored.vetoes))


def words_for_ranked(ranked: Ranked) -> tuple[Words, ...]:
    """All that a reviewer reads of one candidate: the fields and vetoes, what else keeps it from being linked, how the
    two belong together, the margin, and what was missing."""
    others = [code for code in ranked.why if code not in ranked.scored.vetoes]
    related = [words_for_relation(code) for code in ranked.relation if code not in ranked.scored.vetoes]
    silent = [words_for_missing(field, where) for field, where in ranked.missing]
    codes = [words_for_code(code) for code in others]
    return (*words_for(ranked.scored), *codes, *related, words_for_margin(ranked.margin), *silent)


def words_for_missing(field: str, where: str) -> Words:
    """Why `field` says nothing (`Ranked.missing`)."""
    return Words(field, _MISSING[where])


def words_for_margin(margin: float | None) -> Words:
    """How far a candidate is ahead of the strongest other one, in bits (`Ranked.margin`)."""
    if margin is None:
        return Words("", gettext_noop("Nobody else on file comes into question."))
    if margin <= 0:
        return Words("", gettext_noop("Somebody else on file fits as well or better."), weight=-1.0)
    if margin < CLOSE:
        return Words("", gettext_noop("The next candidate fits nearly as well."), weight=-1.0)
    if margin < FAR:
        return Words("", gettext_noop("The next candidate fits clearly less well."), weight=1.0)
    return Words("", gettext_noop("Nobody else on file fits nearly as well."), weight=1.0)


def words_for_relation(code: str) -> Words:
    """The sentence for a code of `Ranked.relation`: it speaks neither for nor against one person."""
    return Words("", _CODES[code])


def words_for_code(code: str) -> Words:
    """The sentence for a code of `Ranked.why`, `Ranked.relation` or `Scored.vetoes`."""
    return Words("", _CODES[code], weight=-1.0)
