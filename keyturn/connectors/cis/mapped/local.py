"""What is wrong with a command that no CIS need be asked about?"""

from keyturn.terms.change import ContactChange, IdentifierChange, MailingChange, NameChange, RoleChange
from keyturn.terms.cis import Command, EstablishService, MergePersons, UpdateCustomer
from keyturn.terms.errors import Rejected


def refuse_incomplete(command: Command) -> None:
    """Raises Rejected with a code of `terms.cis` where something is missing."""
    match command:
        case EstablishService():
            if not command.services:
                raise Rejected("no_services")
            if not command.person_ref and command.person is None:
                raise Rejected("no_person")
            if not command.premise_ref:
                raise Rejected("unknown_premise")
        case UpdateCustomer():
            if not command.changes:
                raise Rejected("no_changes")
            if not all(map(_complete, command.changes)):
                raise Rejected("incomplete_change")
        case MergePersons() if command.survivor_ref == command.loser_ref:
            raise Rejected("already_merged")


def _complete(change: object) -> bool:
    match change:
        case NameChange():
            parts = (change.given_name, change.middle_name, change.family_name, change.suffix, change.organisation_name)
            return any(part.strip() for part in parts)
        case ContactChange():
            return bool(change.value or change.replaces)
        case MailingChange():
            backwards = change.from_day and change.to_day and change.to_day < change.from_day
            return not backwards and (change.address is None or bool(change.address))
        case IdentifierChange():
            return bool(change.identifier.id_type and change.identifier.value.strip())
        case RoleChange():
            return bool(change.account_ref and change.email.strip() and (change.name.strip() or change.ends))
    return True
