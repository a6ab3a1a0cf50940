"""What becomes of each row that names a person when that person is merged into another?

Every foreign key to `person` stands here; a test walks the models and fails for one that does not.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from keyturn.records import models
from keyturn.terms.words import gettext_noop as _


class How(StrEnum):
    """What a merge does with the rows of a table."""

    FILE = "file"  # dated: superseded on the loser, entered on the survivor (`file.py`)
    MOVES = "moves"  # its person becomes the survivor
    RESOLVES = "resolves"  # moves where nothing of the survivor's stands there; else both are reconciled (`settled.py`)
    DERIVED = "derived"  # made anew from the rest
    STAYS = "stays"  # history: pages read both
    ITSELF = "itself"  # the merge's own record


HANDLED: dict[str, How] = {
    "person.redirect_to_id": How.RESOLVES,
    "person_name.person_id": How.FILE,
    "person_identifier.person_id": How.FILE,
    "person_contact.person_id": How.FILE,
    "person_address.person_id": How.FILE,
    "person_person.person_id": How.FILE,
    "person_person.other_id": How.FILE,
    "account_person.person_id": How.FILE,
    "account_access.person_id": How.MOVES,
    "account_group.person_id": How.RESOLVES,
    "request.person_id": How.MOVES,
    "person_link.person_id": How.MOVES,
    "proposal.person_id": How.MOVES,
    "claim_code.person_id": How.MOVES,
    "consent.person_id": How.MOVES,
    "preference.person_id": How.RESOLVES,
    "document.person_id": How.MOVES,
    "message.person_id": How.MOVES,
    "medical_certification.person_id": How.MOVES,
    "protection.person_id": How.RESOLVES,
    "red_flag.person_id": How.MOVES,
    "privacy_case.person_id": How.MOVES,
    "blind_review.person_id": How.RESOLVES,
    "not_same_person.one_id": How.RESOLVES,
    "not_same_person.other_id": How.RESOLVES,
    "duplicate_pair.one_id": How.RESOLVES,
    "duplicate_pair.other_id": How.RESOLVES,
    "match_key.person_id": How.DERIVED,
    "person_features.person_id": How.DERIVED,
    "match_candidate.person_id": How.STAYS,
    "reading.person_id": How.STAYS,
    "person_merge.survivor_id": How.ITSELF,
    "person_merge.loser_id": How.ITSELF,
}


@dataclass(frozen=True, slots=True)
class Moving:
    """A table whose rows go over as they are. `account`, `group`, `request` and `user` are columns, where it has them, that say
    whose a row is which came later; `label` names the kind of row, still to be translated."""

    model: Any
    label: str
    account: str = ""
    group: str = ""
    request: str = ""
    user: str = ""


def _table(model: Any, label: str) -> Moving:
    columns = {each.attname for each in model._meta.concrete_fields}
    found = {kind: f"{kind}_id" for kind in ("account", "group", "request", "user") if f"{kind}_id" in columns}
    return Moving(model, label, **found)


MOVES: dict[str, Moving] = {
    each.model._meta.db_table: each
    for each in (
        _table(models.AccountGroup, _("Groups of accounts")),
        _table(models.Request, _("Requests")),
        _table(models.AccountAccess, _("Logins of their own")),
        _table(models.PersonLink, _("Requests that were found to be theirs")),
        _table(models.Proposal, _("Changes that were proposed")),
        _table(models.ClaimCode, _("Codes sent to prove that an account is theirs")),
        _table(models.Consent, _("Consents")),
        _table(models.Document, _("Papers")),
        _table(models.Message, _("Messages")),
        _table(models.MedicalCertification, _("Life support")),
        _table(models.RedFlag, _("Cases that looked like fraud")),
        _table(models.PrivacyCase, _("Requests about their own data")),
        _table(models.BlindReview, _("Links looked at again")),
        _table(models.Protection, _("Address protection")),
        _table(models.Preference, _("What they want to hear about")),
    )
}
"""In the order in which it is decided whose a later row is: what hangs on a request comes after the requests."""
