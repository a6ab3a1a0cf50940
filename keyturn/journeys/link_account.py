"""What do we ask somebody who is signed in and says that an account is theirs (2.5-2.7, C.14)?

The details find the account and prove nothing; which of them are asked, the utility's verification policy says. How they
want to prove it is asked before anything is looked up, and is offered to everybody alike (I7).
"""

from keyturn.journeys.journey import Ask, Choice, Journey, Kind, Page, Question
from keyturn.terms.levels import Level
from keyturn.terms.request import Step
from keyturn.terms.words import gettext_noop as _

PATH = (
    Step.IDENTIFY, Step.GATHER, Step.VALIDATE, Step.MATCH, Step.VERIFY, Step.DECIDE, Step.REVIEW, Step.ESTABLISH,
    Step.SYNC, Step.CONFIRM,
)  # fmt: skip

LINE = Page(
    "line",
    _("Is it an account for a home or for a business?"),
    (
        Question(
            "line_of_business", Ask.CHOICE, _("Kind of account"), required=True,
            choices=(Choice("residential", _("A home")), Choice("commercial", _("A business or organisation"))),
        ),
    ),
    section=_("The account"),
)  # fmt: skip

DETAILS = Page(
    "details",
    _("Find your account"),
    (
        Question("account_number", Ask.TEXT, _("Account number"), longest=40,
                 hint=_("It is at the top of your bill. Blanks do not matter.")),
        Question("given_name", Ask.TEXT, _("First name"), autocomplete="given-name"),
        Question("family_name", Ask.TEXT, _("Last name"), autocomplete="family-name"),
        Question("organisation_name", Ask.TEXT, _("Name of the organisation"), longest=200, autocomplete="organization"),
        Question("postal_code", Ask.TEXT, _("ZIP or postal code"), longest=20, autocomplete="postal-code",
                 hint=_("Of the address where you have service, or where your bill goes.")),
        Question("phone_last4", Ask.TEXT, _("Last four digits of your phone number"), longest=10,
                 hint=_("The number that we have on file.")),
        Question("id_last4", Ask.TEXT, _("Last four characters of your identity document"), longest=10,
                 hint=_("Of the document, or the tax number, that you gave us.")),
        Question("date_of_birth", Ask.DATE, _("Date of birth"), autocomplete="bday"),
    ),
    section=_("The account"),
)  # fmt: skip

PROOF = Page(
    "proof",
    _("How do you want to prove that it is your account?"),
    (
        Question(
            "proof", Ask.CHOICE, _("Proof"), required=True,
            choices=(
                Choice("sms", _("Text message"), _("A code to the mobile number on file. It arrives within a minute.")),
                Choice("email", _("E-mail"), _("A code to the e-mail address on file. It arrives within a minute.")),
                Choice("letter", _("Letter"), _("A code by post. It takes about a week.")),
                Choice("federated", _("Your other login"), _("We compare what the provider says about you.")),
                Choice("desk", _("Show a document"), _("A member of staff looks at it.")),
            ),
        ),
    ),
    section=_("The proof"),
)  # fmt: skip

DOCUMENT = Page(
    "document",
    _("A photo of your identity document"),
    (
        Question("identity_document", Ask.DOCUMENTS, _("Photo of your identity document"), purpose="identity",
                 hint=_("A driver licence, an identity card or a passport. We delete it soon after we have looked at it.")),
    ),
    section=_("The proof"),
    shown_if=lambda answers: answers.get("proof") == "desk",
)  # fmt: skip

LINK_ACCOUNT = Journey(
    "link_account",
    _("Connect your account"),
    _("See and keep up to date what we hold about your account."),
    (LINE, DETAILS, PROOF, DOCUMENT),
    PATH,
    kind=Kind.CLAIM,
    about="account",
    needs=Level.OWNER,
)

CODES = ("sms", "email", "letter")
"""Proofs that are a code to a contact on file."""
