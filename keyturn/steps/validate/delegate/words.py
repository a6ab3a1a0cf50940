"""What is said when somebody cannot be invited like this?"""

from keyturn.terms.words import gettext_noop as _

WORDS = {
    "V-40": _("Enter an e-mail address like name@example.com."),
    "V-41": _("This person can act for the account already."),
    "V-42": _("Choose what they may do."),
    "V-43.far": _("Choose a day within ten years."),
    "V-43.no_date": _("Enter a real date, for example 3 27 2027."),
    "V-43.past": _("Choose today or a later day."),
}
