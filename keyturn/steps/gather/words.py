"""What is said when an answer cannot be kept, or is missing?

A key "G-05.name" is the sentence for one field; "G-05" stands for every other.
"""

from keyturn.terms.words import gettext_noop as _

WORDS = {
    "G-01": _("There is no question with this name. There are: %(names)s."),
    "G-03": _("This answer must have the form %(form)s."),
    "G-04": _("This is too long. Use at most %(longest)s characters."),
    "G-05": _("This is still missing."),
    "G-05.service_address": _("Enter the address where you need service."),
    "G-05.services": _("Choose at least one service."),
    "G-05.start_date": _("Enter the date from which you need service."),
    "G-05.kind": _("Choose who the account is for."),
    "G-05.date_of_birth": _("Enter your date of birth: month, day and year."),
    "G-05.organisation_name": _("Enter the legal name of the organisation."),
    "G-05.id_type": _("Choose one of the documents, or say that you have none."),
    "G-05.email": _("Enter your e-mail address."),
    "G-05.phone": _("Enter a phone number."),
    "G-05.line_of_business": _("Choose whether the account is for a home or for a business."),
    "G-05.delegate_name": _("Enter their name."),
    "G-05.delegate_email": _("Enter their e-mail address."),
    "G-05.code": _("Enter the six characters of the code."),
    "G-05.consents": _("Agree to the terms of service to go on."),
    "G-06": _("This draft has expired. Please start again: it takes about ten minutes."),
}
