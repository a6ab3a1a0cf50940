"""Which columns are the system's own: the framework's, the queue's, and those of the CIS beside us?"""

from keyturn.records.data_map.shape import Erasure, Link, Table, col
from keyturn.records.data_map.uses import ACCOUNT, ADDRESS, CONTACT, HISTORY, IDENTITY, NOBODY, PLACE, TECHNICAL
from keyturn.terms.words import gettext_noop as _

OURS = _("It is about the system, not about anybody.")
QUEUE = _("A job holds the numbers of what it is about, nothing else, and goes when it is done.")
THE_CIS = _("The billing system is the utility's own. It is told of every erasure and keeps what its law asks for.")

FRAMEWORK = tuple(
    Table(name, _("The system"), because=OURS, columns=(col(NOBODY, columns),))
    for name, columns in {
        "auth_group": "id name",
        "auth_group_permissions": "id group_id permission_id",
        "auth_permission": "id name content_type_id codename",
        "audit_seal": "number at upto requests acts readings events last_event hash",
        "cis_breaker": "id cis failures opened_at problem probing_until probed_at closed_at",
        "cis_calls": "id cis operation outcome at_most calls seconds",
        "cis_place": "id cis number until calls",
        "cis_turn": "id cis let_go calls",
        "django_content_type": "id app_label model",
        "django_migrations": "id app name applied",
        "link_switch": "id at on by why sampled wrong reason",
    }.items()
)

QUEUE_TABLES = (
    Table(
        "procrastinate_jobs", _("Work that waits"), place="queue", erasure=Erasure.KEEP, because=QUEUE,
        whose=(
            Link("request", "args->>'request_id'", takes="id::text", only="status IN ('failed', 'todo')"),
            Link("message", "args->>'message_id'", takes="id::text", only="status IN ('failed', 'todo')"),
        ),
        columns=(
            col(HISTORY, "task_name status scheduled_at"),
            col(TECHNICAL, "id queue_name priority lock queueing_lock args attempts abort_requested worker_id"),
        ),
    ),
    Table(
        "procrastinate_events", _("Work that was done"), place="queue", erasure=Erasure.KEEP, because=QUEUE,
        whose=(Link("procrastinate_jobs", "job_id"),), columns=(col(TECHNICAL, "id job_id type at"),),
    ),
    Table("procrastinate_periodic_defers", _("The schedule"), place="queue", because=OURS,
          columns=(col(NOBODY, "id task_name defer_timestamp job_id periodic_id"),)),
    Table("procrastinate_workers", _("Workers"), place="queue", because=OURS,
          columns=(col(NOBODY, "id last_heartbeat"),)),
)  # fmt: skip


def _cis(name: str, label: str, *columns: object, key: str = "ref") -> Table:
    return Table(
        name, label, columns=columns, erasure=Erasure.KEEP, because=THE_CIS, place="cis", key=key  # type: ignore[arg-type]
    )  # fmt: skip


ADDRESSES = "line1 line2 city state postal_code country"
CIS_TABLES = (
    _cis("person", _("You"), col(IDENTITY, "kind date_of_birth language"), col(TECHNICAL, "ref created_at merged_into")),
    _cis("person_name", _("Names"),
         col(IDENTITY, "name_type given_name middle_name family_name suffix organisation_name valid_from valid_to"),
         col(TECHNICAL, "person_ref place")),
    _cis("upcoming_name", _("Names that will hold"),
         col(IDENTITY, "from_day given_name middle_name family_name suffix organisation_name"),
         col(TECHNICAL, "person_ref")),
    _cis("account_mailing", _("Addresses for bills and letters"),
         col(ADDRESS, f"source valid_from valid_to season_from season_to {ADDRESSES}"),
         col(TECHNICAL, "account_ref id")),
    _cis("detail", _("What else is noted of you"),
         col(IDENTITY, "name value since until ended_at"),
         col(TECHNICAL, "id person_ref account_ref request_reference"), key="id"),
    _cis("person_identifier", _("Identity documents and tax numbers"),
         col(IDENTITY, "id_type value"), col(TECHNICAL, "person_ref place")),
    _cis("person_contact", _("E-mail addresses and phone numbers"),
         col(CONTACT, "routing contact_type value"), col(TECHNICAL, "person_ref place")),
    _cis("person_address", _("Addresses for bills and letters"),
         col(ADDRESS, f"kind valid_from valid_to season_from season_to {ADDRESSES}"), col(TECHNICAL, "person_ref id")),
    _cis("premise", _("Places where you are served"), col(PLACE, f"ref division {ADDRESSES}")),
    _cis("service_point", _("Where you are served"), col(PLACE, "ref premise_ref service")),
    _cis("account_person", _("Your part in accounts"),
         col(ACCOUNT, "account_ref main_customer financially_responsible guarantor relationship portal_role"),
         col(TECHNICAL, "person_ref")),
    _cis("account", _("Accounts"),
         col(ACCOUNT, "ref division customer_class set_up_date balance mailing_source mailing_premise"),
         col(ADDRESS, "mail_line1 mail_line2 mail_city mail_state mail_postal_code mail_country"),
         col(TECHNICAL, "main_person_ref main_is_main")),
    _cis("agreement", _("Services"),
         col(ACCOUNT, "status start_date end_date account_ref service_point_ref"),
         col(TECHNICAL, "ref request_reference")),
    _cis("adjustment", _("Services that gave way"),
         col(ACCOUNT, "old_status old_end_date new_status new_end_date"),
         col(TECHNICAL, "id by_agreement agreement_ref"), key="id"),
    _cis("customer_contact", _("Notes of what was done"),
         col(HISTORY, "at contact_class contact_type text account_ref request_reference"),
         col(TECHNICAL, "id person_ref"), key="id"),
    _cis("command", _("What the billing system was told"),
         col(HISTORY, "name answer at request_reference"),
         col(TECHNICAL, "sequence key fingerprint person_ref"), key="key"),
    _cis("merge", _("Files of yours that were made one"),
         col(HISTORY, "parts at undone_at"), col(TECHNICAL, "request_reference survivor_ref loser_ref"),
         key="request_reference"),
    _cis("change", _("What changed, for whoever asks"),
         col(HISTORY, "noun at"), col(TECHNICAL, "sequence ref key"), key="sequence"),
    _cis("setting", _("The system"), col(NOBODY, "name value"), key="name"),
)  # fmt: skip
