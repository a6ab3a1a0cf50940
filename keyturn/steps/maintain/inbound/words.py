"""What do staff read who settle what the CIS and we hold differently?"""

from keyturn.terms.words import gettext_noop as _

WORDS = {"K-36": _("Write why, in a sentence: whoever looks at this later reads it.")}
