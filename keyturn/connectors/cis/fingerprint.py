"""Is this the same command as before? A digest of what it asks for."""

import hashlib
import json
from dataclasses import asdict, fields

from keyturn.terms.cis import CancelService, Command, EstablishService, MergePersons, UnmergePersons, UpdateCustomer

_WHO = {"person", "person_ref", "account_ref", "mailing_address", "language", "origin", "paperless"}


def fingerprint(command: Command) -> str:
    """A digest of what is asked for: another request under a known key must not pass for the first.

    Not of who asks for service, nor of how they hear of it: between two deliveries of one request its person may have got
    their reference here, by another, or chosen other bills.
    """
    asked = {each.name: str(getattr(command, each.name)) for each in fields(command) if each.name not in _WHO}
    if isinstance(command, EstablishService):
        asked["services"] = ",".join(sorted(command.services))
    if isinstance(command, CancelService):
        asked["account_ref"] = command.account_ref
    if isinstance(command, MergePersons | UnmergePersons):
        asked.pop("loser_account_refs", None)  # what is theirs by then: an account may come between two deliveries
    if isinstance(command, UpdateCustomer):
        asked["person_ref"] = command.person_ref
        asked["changes"] = json.dumps([[type(each).__name__, asdict(each)] for each in command.changes], default=str)
    return hashlib.sha256(f"{type(command).__name__}:{json.dumps(asked, sort_keys=True)}".encode()).hexdigest()
