"""What may the holder of an API key do?"""

from keyturn.terms.words import gettext_noop as _

SCOPES = {
    "requests:write": _("Begin requests; change, send, answer and withdraw those that this key began; look up premises."),
    "requests:read": _("Read every request of the utility, whoever began it."),
    "requests:attest": _("Vouch that an e-mail, a phone or an identity was proved elsewhere."),
    "review:write": _("Decide requests that were referred to staff, and see the persons who come into question."),
    "persons:read": _("Read persons and accounts on file; identifiers show their last four characters only."),
    "messages:write": _("Have persons told of a topic, as far as they and the law allow."),
    "persons:match": _("Ask whom a description fits, with the weight of each field."),
    "accounts:read": _("Read accounts and their service agreements."),
    "premises:read": _("Look up premises and whether they are vacant."),
}  # fmt: skip
"""Every scope, with what it allows. The names are public: they stay."""
