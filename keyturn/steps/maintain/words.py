"""What does somebody who imports a file read about a row that was kept out, or taken over with a note?

"K-07.future" is the sentence for the finding's parameter `why`; "K-07" stands for every other.
"""

from keyturn.terms.words import gettext_noop as _

WORDS = {
    "K-01": _("The row has no reference. Give it one that will never change."),
    "K-02": _("This reference stood earlier in the file. Keep one of the rows."),
    "K-03": _("The text cannot be stored. Check how the file was written."),
    "K-03.long": _("The text is longer than %(most)s characters."),
    "K-03.characters": _("The text holds control characters, or characters that are broken."),
    "K-03.cells": _("The row has more cells than the file has columns. Put texts that hold a comma between quotes."),
    "K-03.column": _("The line has a column that does not exist."),
    "K-03.json": _("The line is not a JSON object."),
    "K-04": _("The country must be a code of two letters, such as US."),
    "K-05": _("The kind must be “person” or “organisation”."),
    "K-06": _("The person has no name. One name is enough."),
    "K-06.organisation": _("The organisation has no name."),
    "K-07": _("The date of birth must be a real date, written like 1985-03-27."),
    "K-07.future": _("The date of birth lies in the future."),
    "K-07.too_old": _("The date of birth lies too long ago."),
    "K-08": _("This type of identifier is not one that the utility accepts (see the policy)."),
    "K-08.half": _("An identifier needs both its type and its value."),
    "K-08.four_digits": _("Only the last four digits belong here."),
    "K-09": _("The identifier is on another person's file. It can be one person's only."),
    "K-10": _("Taken over, but nobody can be written to at this e-mail address."),
    "K-11": _("Taken over, but this phone number cannot be dialled."),
    "K-12": _("Taken over as a new person, but may be %(other)s, who is on file."),
    "K-12.link": _("Taken over as a new person, but is very probably %(other)s, who is on file."),
    "K-13": _("The premise has no street or building."),
    "K-13.town": _("The premise has neither a town nor a postal code."),
    "K-14": _("Services are electric, gas and water, separated by a semicolon."),
    "K-14.none": _("The premise has no service."),
    "K-15": _("The account's person is not on file. Import persons first."),
    "K-15.premise": _("The account's premise is not on file. Import premises first."),
    "K-16": _("The status must be active, pending_start, pending_stop or stopped."),
    "K-16.no_date": _("The date must be a real date, written like 2026-03-27."),
    "K-16.no_start": _("An account with a premise needs a start date."),
    "K-16.no_end": _("An account that stops, or has stopped, needs an end date."),
    "K-16.backwards": _("The end date lies before the start date."),
    "K-17": _("The balance must be an amount like 214.60."),
    "K-18": _("Somebody else is served at this premise on some of these days."),
}
