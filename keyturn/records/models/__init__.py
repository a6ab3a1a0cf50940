"""Every table, by subject."""

from keyturn.records.models.access import ApiKey, IdempotentCall, User
from keyturn.records.models.account import Account, AccountPerson, ServiceAgreement
from keyturn.records.models.delivery import Delivery, Message, OutsideCheck
from keyturn.records.models.evidence import Consent, EmailCode, Evidence, ResumeLink
from keyturn.records.models.matching import Candidate, MatchKey, NotSamePerson, PersonFeatures, PersonLink, Proposal
from keyturn.records.models.person import Person, PersonAddress, PersonContact, PersonIdentifier, PersonName
from keyturn.records.models.premise import Premise, ServicePoint
from keyturn.records.models.request import Decision, Event, Note, Request

__all__ = [
    "Account", "AccountPerson", "ApiKey", "Candidate", "Consent", "Decision", "Delivery", "EmailCode", "Event",
    "Evidence", "IdempotentCall", "MatchKey", "Message", "NotSamePerson", "Note", "OutsideCheck", "Person",
    "PersonAddress", "PersonContact", "PersonFeatures", "PersonIdentifier", "PersonLink", "PersonName", "Premise",
    "Proposal", "Request", "ResumeLink", "ServiceAgreement", "ServicePoint", "User",
]  # fmt: skip
