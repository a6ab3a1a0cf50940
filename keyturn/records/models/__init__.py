"""Every table, by subject."""

from keyturn.records.models.access import ApiKey, IdempotentCall, User
from keyturn.records.models.account import (
    Account,
    AccountGroup,
    AccountPerson,
    LandlordAgreement,
    ServiceAgreement,
)
from keyturn.records.models.audit import Act, Reading, Seal
from keyturn.records.models.care import MedicalCertification, Protection, RedFlag
from keyturn.records.models.delivery import CisBreaker, CisCalls, CisPlace, CisTurn, Delivery, Message, OutsideCheck
from keyturn.records.models.document import Document
from keyturn.records.models.evidence import ClaimCode, Consent, EmailCode, Evidence, Preference, ResumeLink
from keyturn.records.models.inbound import (
    BulkRepair,
    CisAgreed,
    CisCursor,
    CisDifference,
    CisNews,
    Drift,
    Reconciliation,
)
from keyturn.records.models.login import AccountAccess, Attempt, Designee, Invitation
from keyturn.records.models.matching import (
    BlindReview,
    Candidate,
    DuplicatePair,
    LinkSwitch,
    MatchKey,
    NotSamePerson,
    PersonFeatures,
    PersonLink,
    Proposal,
)
from keyturn.records.models.merging import PersonMerge
from keyturn.records.models.person import (
    Person,
    PersonAddress,
    PersonContact,
    PersonIdentifier,
    PersonName,
    PersonPerson,
)
from keyturn.records.models.premise import Premise, ServicePoint
from keyturn.records.models.privacy import PrivacyCase
from keyturn.records.models.request import Decision, Event, Note, Request

__all__ = [
    "Account", "AccountAccess", "AccountGroup", "AccountPerson", "Act", "ApiKey", "Attempt", "BlindReview", "BulkRepair", "Candidate", "CisAgreed",
    "CisBreaker", "CisCalls", "CisCursor", "CisDifference", "CisNews", "CisPlace", "CisTurn", "ClaimCode", "Consent", "Decision", "Delivery", "Designee", "Document", "Drift", "DuplicatePair", "EmailCode", "Event", "Evidence", "IdempotentCall",
    "Invitation", "LandlordAgreement", "LinkSwitch", "MatchKey", "MedicalCertification", "Message", "NotSamePerson", "Note",
    "OutsideCheck", "Person", "PersonAddress", "PersonContact", "PersonFeatures", "PersonIdentifier", "PersonLink", "PersonMerge",
    "PersonName", "PersonPerson", "Preference", "Premise", "PrivacyCase", "Proposal", "Protection", "Reading", "Reconciliation",
    "RedFlag", "Request", "ResumeLink", "Seal", "ServiceAgreement", "ServicePoint", "User",
]  # fmt: skip
