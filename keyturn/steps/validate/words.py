"""What is said when an answer must be mended?

"V-03.minor" is the sentence for the finding's parameter `why`; "V-03" stands for every other.
"""

from keyturn.terms.words import gettext_noop as _

WORDS = {
    "V-01": _("Enter your name. If you have only one name, enter that."),
    "V-01.letters": _("Write this name with letters."),
    "V-02": _("Enter the legal name of the organisation."),
    "V-03": _("Enter a real date with all four digits of the year, for example 3 27 1985."),
    "V-03.future": _("This date is in the future. Enter the date on which you were born."),
    "V-03.too_old": _("Check the year: it is too long ago."),
    "V-03.minor": _("You must be at least %(age)s years old to sign. Please call us: we will find a way."),
    "V-04": _("Choose one of the documents in the list."),
    "V-05": _("Check the number: use the letters and digits exactly as on the document."),
    "V-05.missing": _("Enter the number exactly as it is on the document."),
    "V-05.four_digits": _("Enter only the last four digits, for example 6789."),
    "V-05.ssn": _("This cannot be a Social Security number. Check the digits."),
    "V-05.tax_id": _("Enter the nine digits of the tax number, for example 12-3456789."),
    "V-06": _("Enter an e-mail address like name@example.com."),
    "V-07": _("Enter a phone number with its area code, like 503 555 0142."),
    "V-08": _("Enter this part of the address."),
    "V-08.line1": _("Enter the street or PO box that letters should go to."),
    "V-08.city": _("Enter the town or city."),
    "V-08.postal_code": _("Enter a ZIP code of five digits, for example 97301."),
    "V-08.country": _("Choose a country."),
    "V-09": _("Choose from electricity, gas and water."),
    "V-10": _("Enter a real date with all four digits of the year, for example 3 27 2027."),
    "V-10.early": _("Choose %(first)s or a later day."),
    "V-10.late": _("Choose a day up to %(last)s. You can ask for a later one when it is nearer."),
    "V-10.closed": _("We do not start service on that day. The next possible day is %(next)s."),
    "V-11": _("Agree to the terms of service to go on."),
    "V-11.unknown": _("Choose from the consents in the list."),
    "V-12": _("Enter the address where you need service."),
    "V-12.line1": _("Enter the house number and street."),
    "V-12.city": _("Enter the town or the ZIP code."),
    "V-12.postal_code": _("Enter a ZIP code of five digits, for example 97301."),
    "V-13": _("Choose one of these languages: %(languages)s."),
    "V-15": _("Check this part of the address: it does not fit the country."),
    "V-15.required": _("Letters to this country need this part of the address."),
    "V-15.unknown": _("Choose a country."),
    "V-14": _("Choose whether the account is for a person or an organisation."),
}
