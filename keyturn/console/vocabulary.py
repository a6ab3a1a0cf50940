"""What does the console call things: rules in two words, events, states, levels of agreement?

Texts are marked here and translated when shown (`say`).
"""

from collections.abc import Mapping

from django.utils.translation import gettext

from keyturn.console import maintained
from keyturn.terms.words import gettext_noop as _

PURPOSES = {
    "name": _("Proof of a name"),
    "identity": _("Proof of identity"),
    "lease": _("Lease or deed"),
    "medical": _("Medical certificate"),
    "authority": _("Authority to act"),
    "estate": _("Estate papers"),
    "reply": _("Sent with an answer"),
    "privacy_copy": _("Copy of personal data"),
}
"""What documents are to show."""

READING_REASONS = {
    "decide": _("To decide this request"),
    "customer_asked": _("The customer asked about it"),
    "check_work": _("To check a colleague’s work"),
    "law": _("An authority or a court asks for it"),
}
"""Why staff open a document."""

RULES = {
    "M-02": _("Same person?"),
    "M-04": _("Shared identifier"),
    "M-05": _("Address not on file"),
    "Y-03": _("Identity check"),
    "Y-07": _("CIS would not serve"),
    "Y-08": _("CIS did not say"),
    "D-01": _("Outside the territory"),
    "D-02": _("Service not there"),
    "D-03": _("Occupied"),
    "D-04": _("Served already"),
    "D-05": _("Unpaid bill"),
    "D-06": _("Shared contact"),
    "D-07": _("No birth date"),
    "D-08": _("No document"),
    "D-09": _("Warning on file"),
    "D-10": _("Differs from file"),
    "D-11": _("Start date passed"),
    "S-03": _("CIS said no"),
    "S-10": _("In doubt: look there"),
    "S-11": _("Not shown by the CIS"),
    "S-12": _("Known in the CIS?"),
    "S-14": _("Reason for it"),
    "S-15": _("Choose one shown"),
    "S-16": _("Changed in the CIS"),
    "S-17": _("There twice in the CIS?"),
    "S-18": _("Done for somebody else"),
    **maintained.RULES,
}
"""Each rule that can send a request to staff, or say something to them, in two words."""

EVENTS = {
    "begun": _("Draft begun"),
    "answered": _("Answers saved"),
    "attested": _("Proof vouched for"),
    "email_proved": _("E-mail address proved"),
    "resumed": _("Draft taken up on another device"),
    "submitted": _("Sent in"),
    "check_asked": _("Asked outside"),
    "asked": _("Applicant asked for a proof"),
    "referred": _("Sent to staff"),
    "refused": _("Refused by rule"),
    "established": _("Written down"),
    "handed_to_cis": _("Handed to the CIS"),
    "completed": _("Completed: the CIS has it"),
    "cis_rejected": _("The CIS said no"),
    "gave_up": _("Gave up: an engineer must look"),
    "retried": _("Tried again"),
    "reviewed": _("Decided by staff"),
    "replied": _("Applicant answered"),
    "looked_again": _("Looked at again"),
    "withdrawn": _("Withdrawn"),
    "expired": _("Expired"),
    "undone_in_cis": _("Arrived late in the CIS, and was taken back there"),
    "left_in_cis": _("Something is in the CIS that must be put right there by hand"),
    "cleared_in_cis": _("Put right in the CIS by hand"),
    "sent_anew": _("Staff looked in the CIS, and it is sent again"),
    "sent_back": _("Sent back to be corrected"),
    "corrected": _("Corrected by staff"),
    "settled": _("Settled by hand: the CIS has it"),
    "discarded": _("Discarded"),
    "taken": _("Taken"),
    "put_back": _("Put back"),
    "identifier_viewed": _("Identifier opened"),
    "document_added": _("Document added"),
    "document_removed": _("Document taken back"),
    "document_refused": _("Harmful file refused"),
    "document_viewed": _("Document opened"),
    **maintained.EVENTS,
}

WRITTEN = {
    "start": _("Person and account written"),
    "change": _("Change written on file"),
    "claim": _("Account connected"),
    "delegate": _("Access given"),
    "grant": _("Access given"),
    "end": _("Access ended"),
    "care": _("Life support noted"),
    "privacy": _("Done as asked"),
    "repair": _("Noted what the CIS must be told"),
}
"""What "established" came to, for each kind of journey but a merge."""

DECISIONS = {
    "same_person": _("same person"),
    "new_person": _("new person"),
    "approve": _("approved"),
    "refuse": _("refused"),
    "ask": _("asked the customer"),
}

DELIVERY = {
    "intended": _("Waiting to be sent"),
    "sent": _("Sent, no answer yet"),
    "in_doubt": _("In doubt: it will be looked up before it is sent again"),
    "done": _("Done"),
    "rejected": _("The CIS said no"),
}

MESSAGES = {
    "received": _("We have your request"),
    "email_code": _("Code to prove the e-mail address"),
    "status_code": _("Code to see the status"),
    "resume_link": _("Link to go on with the draft"),
    "question": _("Question from staff"),
    "refused": _("Refusal"),
    "completed": _("All set"),
    "withdrawn": _("Withdrawn"),
    "expired": _("Closed: no answer came"),
    **maintained.MESSAGES,
}
MESSAGE_STATES = {
    "due": _("on its way"), "sent": _("sent"), "failed": _("failed"), "stopped": _("not sent: they said STOP"),
}  # fmt: skip
CHANNELS = {"email": _("e-mail"), "sms": _("text message"), "letter": _("letter"), "portal": _("portal"), "api": _("API"),
            "console": _("console")}  # fmt: skip

SERVICES = {"electric": _("Electricity"), "gas": _("Gas"), "water": _("Water")}
AGREEMENTS = {
    "pending_start": _("starts"),
    "active": _("active"),
    "pending_stop": _("stops"),
    "stopped": _("ended"),
    "cancelled": _("cancelled"),
}
FLAGS = {
    "deceased": _("Recorded as deceased"),
    "fraud_flag": _("Fraud flag"),
    "protected_address": _("Protected address"),
    "already_linked": _("Linked to another sign-in"),
}
IDENTIFIERS = {
    "driver_licence": _("Driver licence"),
    "state_id": _("State identity card"),
    "passport": _("Passport"),
    "ssn_last4": _("Social Security number, last four"),
    "ssn": _("Social Security number"),
    "tax_id": _("Tax number"),
    "none": _("None given"),
}
PROOFS = {
    "email": _("E-mail address"),
    "phone": _("Phone number"),
    "identity": _("Identity"),
    "login": _("That it is they"),
    "staff": _("By staff"),
}
SOURCES = {
    "code": _("by a code that we sent"),
    "attested": _("vouched for by the partner"),
    "identity_check": _("by the outside check"),
    "sign_in": _("by signing in again"),
    "desk": _("at the desk"),
}
ASKED = {
    "identity": _("Outside identity check"),
    "eligibility": _("Whether the CIS would serve them"),
}
CHECKS = {
    "passed": _("passed"),
    "failed": _("failed"),
    "unsure": _("could not tell"),
    "unavailable": _("could not be reached"),
    "": _("under way"),
}
ELIGIBLE = {
    **CHECKS,
    "passed": _("it would"),
    "failed": _("it would not"),
    "unsure": _("it could not say"),
    "unavailable": _("no answer in time"),
}
NOTES = {
    "question": _("Question to the applicant"),
    "reply": _("Answer of the applicant"),
    "reason": _("Reason given to the applicant"),
    "internal": _("Internal note"),
}
STATUSES = {
    "draft": _("Draft"),
    "processing": _("Processing"),
    "needs_customer": _("Waits for the customer"),
    "in_review": _("Needs review"),
    "waiting": _("Waits for a date"),
    "completed": _("Completed"),
    "refused": _("Refused"),
    "withdrawn": _("Withdrawn"),
    "stuck": _("Stuck"),
}
STATUS_TONES = {
    "in_review": "yellow", "needs_customer": "grey", "completed": "green", "refused": "red", "stuck": "red",
    "withdrawn": "grey",
}  # fmt: skip
FIELDS = {
    "given": _("Given name"),
    "middle": _("Middle name"),
    "family": _("Family name"),
    "suffix": _("Suffix"),
    "organisation": _("Organisation"),
    "birth_date": _("Date of birth"),
    "identifier": _("Identifier"),
    "email": _("E-mail"),
    "phone": _("Phone"),
    "address": _("Address"),
    "household": _("Household"),
    "given_name": _("Given name"),
    "middle_name": _("Middle name"),
    "family_name": _("Family name"),
    "organisation_name": _("Organisation"),
    "date_of_birth": _("Date of birth"),
}
PROPOSED = {
    **FIELDS, **IDENTIFIERS, "address": _("Mailing address"), "language": _("Language"), "paperless": _("Bills by e-mail"),
}  # fmt: skip
ANSWERS = {
    "kind": _("Account for"),
    "id_type": _("Document"),
    "id_value": _("Number"),
    "mail_elsewhere": _("Letters elsewhere"),
    "language": _("Language"),
    "paperless": _("Bills by e-mail"),
    "consents": _("Agreed to"),
}
"""Questions that staff call by a shorter name than the applicant was asked."""

SECTIONS = {
    "Your service": _("Service"),
    "About you": _("Person"),
    "How we reach you": _("Contact"),
    "Your consent": _("Consent"),
}
"""What staff call the sections of the form."""

AGREEMENT = {
    "agrees": _("Agrees"),
    "similar": _("Similar"),
    "differs": _("Differs"),
    "missing": _("Missing"),
}
ROLES = {
    "reviewer": _("Reviewer"),
    "supervisor": _("Supervisor"),
    "engineer": _("Engineer"),
}
ACTORS = {
    "customer": _("Applicant"),
    "staff": _("Staff"),
    "partner": _("Partner"),
    "machine": _("Keyturn"),
}

RELATIONS = {
    "household": _("One household"),
    "twin": _("Perhaps twins"),
    "parent_child": _("Perhaps parent and child"),
    "shared_contact": _("Share a contact"),
    "shared_identifier": _("Show one document"),
    "same_door": _("Same door"),
    "namesake": _("Namesakes"),
}
"""How two belong together if they are two (`matching.relations`)."""

ZONES = {
    "link": _("the same person as the best candidate"),
    "review": _("perhaps the same person: staff decide"),
    "new": _("a new person"),
}

REFUSALS = {
    "identity": _(
        "We could not confirm who is asking for service. Please call us or come to our office with an identity document."
    ),
    "address": _("We cannot serve this address. Please check it, or ask your landlord who supplies it."),
    "occupied": _(
        "Somebody else has service at this address. Please ask them to stop it, or bring us your lease, and ask again."
    ),
    "landlord": _("The owner of the property must ask for this service. Please speak with them."),
}
QUESTIONS = {
    "document": _("Please send us a photo of an identity document with your name and date of birth."),
    "lease": _("Please send us your lease or purchase contract for this address."),
    "unit": _("Which unit or apartment do you need service for? We have several at this address."),
    "former": _("Have you been our customer before? If so, at which address?"),
    "date": _("From which day do you need service? Somebody else is served at this address until then."),
}
TEMPLATE_NAMES = {
    "identity": _("Identity not confirmed"),
    "address": _("Address not served"),
    "occupied": _("Somebody else is served there"),
    "landlord": _("The owner must ask"),
    "document": _("Identity document"),
    "lease": _("Lease or contract"),
    "unit": _("Which unit"),
    "former": _("Former customer"),
    "date": _("Start date"),
}


def say(words: Mapping[str, str], key: object) -> str:
    """The word for `key` in the language being shown; an unknown key is shown as it is."""
    word = words.get(str(key))
    return gettext(word) if word else str(key)
