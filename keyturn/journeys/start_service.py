"""What do we ask somebody who is moving in?

The order follows BR-03: the premise comes first, because the division may decide what else is asked. Only what BR-50
lists is asked, every identifier of BR-52 is accepted, and nobody must have a phone (BR-51).
"""

from keyturn.journeys.journey import Answers, Ask, Choice, Journey, Page, Question
from keyturn.terms.request import Step
from keyturn.terms.words import gettext_noop as _


def is_person(answers: Answers) -> bool:
    return answers.get("kind") != "organisation"


def is_organisation(answers: Answers) -> bool:
    return answers.get("kind") == "organisation"


def has_identifier(answers: Answers) -> bool:
    return answers.get("id_type") not in (None, "", "none")


def mail_goes_elsewhere(answers: Answers) -> bool:
    """What was said last counts: who changes their mind to "the same address" is asked for no other."""
    if answers.get("mail_elsewhere") is not None:
        return bool(answers["mail_elsewhere"])
    return bool(answers.get("mailing_address"))


WHERE = Page(
    "where",
    _("Where do you need service?"),
    (
        Question(
            "service_address", Ask.PREMISE, _("Address"), required=True,
            hint=_("Start with the house number and street, for example 12 Alder Street, Apt 3"),
            why=_("So that we can find the meters and make sure that we serve the address."),
        ),
    ),
    section=_("Your service"),
)  # fmt: skip

SERVICES = Page(
    "services",
    _("What do you need, and from when?"),
    (
        Question(
            "services", Ask.CHOICES, _("Services"), required=True, hint=_("Choose all that you want us to start."),
            choices=(Choice("electric", _("Electricity")), Choice("gas", _("Gas")), Choice("water", _("Water"))),
        ),
        Question(
            "start_date", Ask.DATE, _("Start date"), required=True,
            hint=_("Usually the day on which you get the keys."),
        ),
    ),
    section=_("Your service"),
)  # fmt: skip

KIND = Page(
    "kind",
    _("Who is the account for?"),
    (
        Question(
            "kind", Ask.CHOICE, _("The account is for"), required=True,
            choices=(
                Choice("person", _("Me, or my household"), _("One person signs; others can be added later.")),
                Choice("organisation", _("An organisation"), _("A company, an association, a public body.")),
            ),
        ),
    ),
    section=_("About you"),
)  # fmt: skip

NAME = Page(
    "name",
    _("What is your name?"),
    (
        Question("given_name", Ask.TEXT, _("Given name"), autocomplete="given-name",
                 hint=_("As on your identity document. If you have only one name, enter it here.")),
        Question("middle_name", Ask.TEXT, _("Middle name (optional)"), autocomplete="additional-name"),
        Question("family_name", Ask.TEXT, _("Family name"), autocomplete="family-name"),
        Question("suffix", Ask.TEXT, _("Suffix (optional)"), hint=_("For example Jr., Sr. or III"), longest=20,
                 autocomplete="honorific-suffix"),
    ),
    section=_("About you"),
    shown_if=is_person,
)  # fmt: skip

BIRTH = Page(
    "birth",
    _("When were you born?"),
    (
        Question("date_of_birth", Ask.DATE, _("Date of birth"), required=True, autocomplete="bday",
                 hint=_("For example 3 27 1985"),
                 why=_("It tells you apart from somebody with the same name. You must be old enough to sign.")),
    ),
    section=_("About you"),
    shown_if=is_person,
)  # fmt: skip

ORGANISATION = Page(
    "organisation",
    _("Which organisation is it?"),
    (
        Question("organisation_name", Ask.TEXT, _("Legal name of the organisation"), required=True,
                 hint=_("Its legal name, as on its tax papers."), autocomplete="organization", longest=254),
    ),
    section=_("About you"),
    shown_if=is_organisation,
)  # fmt: skip

IDENTIFIER = Page(
    "identifier",
    _("How can we tell that it is you?"),
    (
        Question(
            "id_type", Ask.CHOICE, _("Choose one"), required=True,
            choices=(
                Choice("driver_licence", _("Driver licence")),
                Choice("state_id", _("State identity card")),
                Choice("passport", _("Passport"), _("From any country")),
                Choice("ssn_last4", _("Last four digits of a Social Security number")),
                Choice("tax_id", _("Tax number of the organisation")),
                Choice("none", _("I have none of these"), _("You can still ask for service. We will look for another way.")),
            ),
            why=_("One of these is enough. It protects you: nobody else can open an account in your name."),
        ),
        Question("id_value", Ask.TEXT, _("Number"), longest=40, hint=_("Spaces and dashes do not matter."),
                 asked_if=has_identifier),
    ),
    section=_("About you"),
)  # fmt: skip

EMAIL = Page(
    "email",
    _("What is your e-mail address?"),
    (
        Question("email", Ask.EMAIL, _("E-mail address"), required=True, autocomplete="email", longest=254,
                 hint=_("We will send a code to it on the next page."),
                 why=_("To confirm your request and to let you come back to it.")),
    ),
    section=_("How we reach you"),
)  # fmt: skip

PHONE = Page(
    "phone",
    _("Is there a phone number we may call?"),
    (
        Question("phone", Ask.PHONE, _("Phone number (optional)"), autocomplete="tel", longest=40,
                 hint=_("Leave it empty if you have none. It makes no difference to your request."),
                 why=_("Only for questions about your service, or if there is danger.")),
    ),
    section=_("How we reach you"),
)  # fmt: skip

MAILING = Page(
    "mailing",
    _("Where should we send letters?"),
    (
        Question("mail_elsewhere", Ask.YES_NO, _("Send letters to another address than the service address?")),
        Question("mailing_address", Ask.ADDRESS, _("Mailing address"), asked_if=mail_goes_elsewhere),
    ),
    section=_("How we reach you"),
)  # fmt: skip

PREVIOUS = Page(
    "previous",
    _("Where did you live before?"),
    (
        Question("previous_address", Ask.ADDRESS, _("Previous address (optional)"),
                 why=_("If you were our customer there, we can find your records and save you questions.")),
    ),
    section=_("How we reach you"),
    shown_if=is_person,
)  # fmt: skip

PREFERENCES = Page(
    "preferences",
    _("How would you like to hear from us?"),
    (
        Question("language", Ask.CHOICE, _("Language of letters and bills"),
                 choices=(Choice("en", _("English")), Choice("es", _("Spanish")))),
        Question("paperless", Ask.YES_NO, _("Get bills by e-mail instead of on paper?"),
                 hint=_("You need an e-mail address and a program that opens PDF files. You can go back to paper at any time, "
                        "without charge, and ask for a paper copy of any bill.")),
    ),
    section=_("How we reach you"),
)  # fmt: skip

CONSENTS = Page(
    "consents",
    _("What do you agree to?"),
    (
        Question(
            "consents", Ask.CHOICES, _("Your consent"), required=True,
            choices=(
                Choice("terms", _("I agree to the terms of service"), _("Needed to start service.")),
                Choice("texts", _("Text me about my service"), _("Optional. You can stop it at any time.")),
                Choice("marketing", _("Send me offers and tips"), _("Optional. You can stop it at any time.")),
            ),
        ),
    ),
    section=_("Your consent"),
)  # fmt: skip

START_SERVICE = Journey(
    "start_service",
    _("Start service"),
    _("You are moving in and need electricity, gas or water."),
    (WHERE, SERVICES, KIND, NAME, BIRTH, ORGANISATION, IDENTIFIER, EMAIL, PHONE, MAILING, PREVIOUS, PREFERENCES, CONSENTS),
    (
        Step.IDENTIFY, Step.GATHER, Step.VALIDATE, Step.MATCH, Step.VERIFY, Step.DECIDE, Step.REVIEW, Step.ESTABLISH,
        Step.SYNC, Step.CONFIRM,
    ),
)  # fmt: skip
