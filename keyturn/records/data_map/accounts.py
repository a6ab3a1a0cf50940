"""Which columns say what is supplied to whom, where, and who may act for an account?"""

from keyturn.records.data_map.shape import Erasure, Link, Table, col
from keyturn.records.data_map.uses import ACCESS, ACCOUNT, CONTACT, HISTORY, INDEX, PLACE, TECHNICAL
from keyturn.terms.words import gettext_noop as _

THEIRS = Link("account", "account_id")
DATED = col(HISTORY, "valid_from valid_to recorded_at superseded_at source")

ACCOUNTS = (
    Table(
        "account", _("Accounts"), whose=(Link("account_person", "id", takes="account_id"),), erasure=Erasure.KEEP,
        because=_("The books must show what was supplied and paid. Without your name, it leads to nobody."),
        columns=(
            col(ACCOUNT, "ref customer_class balance language paperless set_up_on division"),
            col(TECHNICAL, "id version"),
        ),
    ),
    Table(
        "account_person", _("Your part in accounts"), whose=(Link("person", "person_id"),), erasure=Erasure.KEEP,
        because=_("It says that an account had a main customer, by a number that leads to no name any more."),
        columns=(
            col(ACCOUNT, "account_id is_main is_responsible is_guarantor relationship receives_bill address_source"),
            DATED,
            col(TECHNICAL, "id person_id owned_by"),
        ),
    ),
    Table(
        "account_group", _("Groups of accounts"), whose=(Link("person", "person_id"),), erasure=Erasure.BLANK,
        columns=(
            col(CONTACT, "name", becomes="gone-{id}", served=True),
            col(TECHNICAL, "id person_id version created_at ended_at"),
        ),
    ),
    Table(
        "account_group_account", _("Accounts in groups"), whose=(Link("account_group", "accountgroup_id"),),
        served="TRUE", columns=(col(ACCOUNT, "account_id accountgroup_id"), col(TECHNICAL, "id")),
    ),
    Table(
        "service_agreement", _("Services"), whose=(THEIRS,), erasure=Erasure.KEEP,
        because=_("The books must show what was supplied and paid. Without your name, it leads to nobody."),
        columns=(col(ACCOUNT, "service_point_id ref status start_date end_date account_id"), col(TECHNICAL, "id")),
    ),
    Table(
        "landlord_agreement", _("What happens when a tenant leaves"), whose=(THEIRS,), erasure=Erasure.KEEP,
        because=_("The books must show what was supplied and paid. Without your name, it leads to nobody."),
        columns=(col(ACCOUNT, "account_id premise_id services started_on ended_on"), col(TECHNICAL, "id version")),
    ),
    Table(
        "service_point", _("Where you are served"), erasure=Erasure.KEEP,
        whose=(Link("service_agreement", "id", takes="service_point_id"),),
        because=_("It is about a place, whoever lives there."),
        columns=(col(PLACE, "ref premise_id service"), col(TECHNICAL, "id")),
    ),
    Table(
        "premise", _("Places where you are served"), erasure=Erasure.KEEP,
        whose=(Link("service_point", "id", takes="premise_id"),),
        because=_("It is about a place, whoever lives there."),
        columns=(
            col(PLACE, "ref line1 line2 city state postal_code country division services"),
            col(PLACE, "search_number search_street search_unit search_postal"),
            col(TECHNICAL, "id"),
        ),
    ),
    Table(
        "account_access", _("What your login may do, and for which account"),
        whose=(Link("staff_user", "user_id"), Link("person", "person_id")), erasure=Erasure.BLANK,
        columns=(
            col(ACCESS, "level capacity proof since until ended_at ended_by granted_by owned_by account_id group_id"),
            col(CONTACT, "nickname", served=True),
            col(TECHNICAL, "id user_id person_id request_id"),
        ),
    ),
    Table(
        "invitation", _("People you invited, and invitations to you"),
        whose=(Link("staff_user", "invited_by_id"), Link("staff_user", "accepted_by_id"), Link("~email", "email_digest")), erasure=Erasure.BLANK,
        served="state = 'sent'",
        columns=(
            col(CONTACT, "sealed_invitee", served=True),
            col(INDEX, "email_digest", served=True),
            col(INDEX, "fingerprint", becomes="gone-{id}", secret=True),
            col(ACCESS, "kind level until language state sent_at expires_at answered_at account_id group_id"),
            col(TECHNICAL, "id invited_by_id accepted_by_id request_id access_id"),
        ),
    ),
    Table(
        "designee", _("People who get copies of shut-off notices"), erasure=Erasure.BLANK,
        whose=(Link("invitation", "invitation_id"),), served="ended_at IS NULL",
        columns=(
            col(CONTACT, "sealed_contact", served=True),
            col(ACCESS, "wording_version accepted_at effective_from ended_at account_id"),
            col(TECHNICAL, "id invitation_id"),
        ),
    ),
)  # fmt: skip
