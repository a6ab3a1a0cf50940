"""What is said when a change cannot be made like this?"""

from keyturn.terms.words import gettext_noop as _

WORDS = {
    "V-20": _("Nothing is different from what we have. Change something, or go back."),
    "V-21.far": _("Choose a day until %(last)s."),
    "V-21.no_date": _("Enter a real date, for example 3 27 2027."),
    "V-21.past": _("Choose today or a later day."),
    "V-22": _("The last day must not be before the first day."),
    "V-23": _("Enter a day of the year, for example 11 1 for the 1st of November."),
    "V-25": _("Choose one of what is offered."),
    "V-24.future": _("This date is in the future. Enter the date on your document, or leave it empty."),
    "V-24.no_date": _("Enter a real date, for example 3 27 2027, or leave it empty."),
}
