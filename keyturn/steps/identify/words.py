"""What is said when somebody may not do what they ask?"""

from keyturn.terms.words import gettext_noop as _

WORDS = {
    "I-01": _(
        "This key may not vouch for proofs. Leave out “attested”, or ask for a key with the scope requests:attest."
    ),
    "I-02": _("“attested” may list email, phone and identity."),
}
