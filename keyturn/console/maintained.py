"""What does the console call the things of keeping information true: kinds of requests, values, access, care?

Texts are marked here and translated when shown (`vocabulary.say`).
"""

from keyturn.terms.words import gettext_noop as _

KINDS = {
    "start_service": _("Start service"),
    "change_contact": _("Contact"),
    "change_mailing_address": _("Mailing address"),
    "change_name": _("Name"),
    "add_name": _("Another name"),
    "change_identifier": _("Document on file"),
    "change_preferences": _("Language and notifications"),
    "change_paperless": _("Paperless bills"),
    "invite_delegate": _("Access for another"),
    "name_designee": _("Shut-off notices to another"),
    "end_access": _("End of access"),
    "link_account": _("Claim of an account"),
    "privacy_request": _("Privacy request"),
    "claim_life_support": _("Life support"),
    "grant_access": _("Access by documents"),
    "merge_persons": _("Merge of two files"),
    "unmerge_persons": _("Merge undone"),
    "merged_values": _("What a merge changed"),
    "put_right": _("The billing system put right"),
}
"""Each journey in two words."""

GROUPS = {
    "start": _("Start service"),
    "change": _("Changes"),
    "claim": _("Claims of an account"),
    "delegate": _("Acting for somebody"),
    "privacy": _("Privacy"),
    "care": _("Life support"),
    "merge": _("Merges"),
}
"""The kinds of requests by which the queue is filtered."""

RULES = {
    "D-20": _("No access"),
    "D-21": _("Changed meanwhile"),
    "D-22": _("Seasons overlap"),
    "D-23": _("Risk policy"),
    "D-24": _("Second name today"),
    "D-25": _("Document elsewhere"),
    "D-26": _("Looks like a take-over"),
    "D-27": _("Warning on file"),
    "D-28": _("Rests"),
    "D-40": _("Warning on file"),
    "D-41": _("Closed long ago"),
    "D-42": _("Second owner"),
    "D-43": _("Document to see"),
    "D-44": _("Many tries"),
    "D-45": _("Not responsible"),
    "D-46": _("Delegate as owner"),
    "M-23": _("No account fits"),
    "D-30": _("Not an owner"),
    "D-31": _("Invitation open"),
    "D-32": _("Not accepted"),
    "D-33": _("Warning on file"),
    "K-60": _("Open case"),
    "K-61": _("Second look"),
    "K-62": _("Fraud first"),
    "K-63": _("Correction wanted"),
    "D-61": _("Asked again"),
    "K-82": _("Certificate missing"),
    "K-91": _("Second pair of eyes"),
}
"""Rules that send a change to staff, in two words; beside those in `vocabulary`."""

EVENTS = {
    "proved_again": _("Proved again that it is they"),
    "kept_mine": _("Chose their own value"),
    "kept_theirs": _("Chose what is on file"),
    "rested": _("Rests until a day"),
    "woken": _("The pause is over"),
    "stopped": _("Stopped by who was told of it"),
    "accepted": _("Invitation accepted"),
    "declined": _("Invitation declined"),
    "claim_sent": _("Details sent"),
    "looked_for": _("Account looked for"),
    "guessed": _("Code tried"),
    "clock_extended": _("More time taken"),
    "link_undone": _("Link to the person undone"),
    "changed_meanwhile": _("A file changed meanwhile: looked at again"),
    "link_doubted": _("Looked at again: perhaps another person"),
}

MESSAGES = {
    "change_coming": _("A change is coming"),
    "change_done": _("Changed"),
    "change_stopped": _("Change stopped"),
    "change_refused": _("Change refused"),
    "change_ended": _("Change ended"),
    "claim_code": _("Code to claim an account"),
    "claim_done": _("Account connected"),
    "claim_stopped": _("Connection stopped"),
    "claim_notice": _("New connection told"),
    "claim_refused": _("Claim refused"),
    "claim_question": _("Question about a claim"),
    "invited": _("Invitation"),
    "delegate_added": _("Somebody can act"),
    "access_ended": _("Access ended"),
    "invitation_over": _("Invitation over"),
    "privacy_done": _("Privacy request answered"),
    "privacy_later": _("Privacy request takes longer"),
    "care_begun": _("Life support noted"),
    "care_reminder": _("Certificate reminder"),
    "care_certified": _("Certificate accepted"),
    "care_ended": _("Life support ended"),
    "care_refused": _("Life support not noted"),
}

STATES = {
    "wanted": _("Wanted"),
    "conflict": _("Changed by somebody else meanwhile"),
    "done": _("On file already"),
}

SLOTS = {
    "alias": _("Another name"),
    "mailing": _("Mailing address"),
    "season": _("Seasonal address"),
    "paperless": _("Bills by e-mail"),
    "preference": _("Notifications"),
    "privacy": _("About their own data"),
}

DETAILS = {
    "language": _("Language"),
    "formats": _("Accessible formats"),
    "en": _("English"),
    "es": _("Spanish"),
    "large_print": _("Large print"),
    "braille": _("Braille"),
    "audio": _("Audio"),
    "easy_read": _("Easy read"),
    "home": _("Home"),
    "work": _("Work"),
    "mobile": _("Mobile"),
    "former": _("former name"),
    "alias": _("also known as"),
    "dba": _("business name"),
    "legal": _("legal name"),
    "on": _("on"),
    "off": _("off"),
    "bills": _("bills"),
    "payments": _("payments"),
    "outages": _("outages"),
    "appointments": _("appointments"),
    "offers": _("offers"),
    "copy": _("A copy"),
    "correction": _("Correction"),
    "erasure": _("Erasure"),
    "restriction": _("Restriction"),
    "objection": _("Objection"),
}

CAPACITIES = {
    "self": _("Account holder"),
    "delegate": _("Invited by the account holder"),
    "member": _("Member of the organisation"),
    "representative": _("Authorised representative"),
    "executor": _("Executor of an estate"),
    "guardian": _("Guardian"),
    "manager": _("Property manager"),
}
LEVELS = {
    "owner": _("everything, as the owner"),
    "manage": _("manage"),
    "pay": _("pay and view"),
    "view": _("view only"),
}
PROOFS = {
    "sms": _("by a code to a phone on file"),
    "email": _("by a code to an e-mail on file"),
    "letter": _("by a code in a letter"),
    "federated": _("by another organisation’s sign-in"),
    "staff": _("by staff, with documents"),
    "request": _("by the request with which service began"),
    "invitation": _("by an invitation of the owner"),
}
TRIGGERS = {
    "stopped": _("A change was stopped by who was told of it"),
    "D-24": _("The name was to change twice in a day"),
    "D-25": _("A document that stands on another file"),
    "D-26": _("New access or contact, then letters elsewhere"),
    "wrong_link": _("The machine linked a request, and who looked again says it is another person"),
}
FLAG_STATES = {"open": _("Open"), "fraud": _("Fraud"), "harmless": _("Harmless")}
STAYS = {
    "account": _("The account stays in this person’s name: give it to the right one in the CIS."),
    "agreements": _("The service stays: stop it in the CIS if nobody wants it."),
    "messages": _("What was sent was sent."),
    "accepted": _("Values that staff took into the file stay: put them right on the person’s page."),
}
"""What an undone link leaves as it is (`flow/cases.py`)."""

CARE_TABS = {"to_read": _("Certificate to read"), "late": _("Certificate late"), "all": _("All protected")}
CARE_KINDS = {"life_support": _("Life support"), "serious_illness": _("Serious illness")}
CARE_STATES = {
    "temporary": _("Protected, certificate to come"),
    "certified": _("Certified"),
    "expired": _("Ended: no certificate came"),
    "withdrawn": _("Ended: nobody depends on it"),
}
