"""Which columns say what the billing system told us, what we agreed on with it, and where the two differ?"""

from keyturn.records.data_map.shape import Link, Table, col
from keyturn.records.data_map.uses import ANSWERS, FORMER, IDENTITY, NOBODY, TECHNICAL
from keyturn.terms.words import gettext_noop as _

BY_REFERENCE = (
    Link("person", "ref", takes="ref", only="noun = 'person'"),
    Link("account", "ref", takes="ref", only="noun = 'account'"),
)
COUNTS = _("It counts. It is about nobody.")

INBOUND = (
    Table("cis_cursor", _("How far the billing system has been heard"), because=COUNTS,
          columns=(col(NOBODY, "name cursor asked_at problem"),)),
    Table("cis_news", _("What the billing system said has changed"), whose=BY_REFERENCE,
          columns=(col(FORMER, "noun ref told_at"),
                   col(TECHNICAL, "id key told_again due_at tries waits_for"))),
    Table("cis_agreed", _("What the billing system and we both hold"), whose=BY_REFERENCE,
          columns=(col(IDENTITY, "sealed_values"), col(FORMER, "noun ref agreed_at"), col(TECHNICAL, "id"))),
    Table("cis_difference", _("Where the billing system and we differ"), whose=BY_REFERENCE,
          columns=(col(IDENTITY, "sealed_values"), col(ANSWERS, "sealed_reason"),
                   col(FORMER, "noun ref field why state opened_at decided_by decided_at"),
                   col(TECHNICAL, "id version"))),
    Table("reconciliation", _("Comparisons with the billing system"), because=COUNTS,
          columns=(col(NOBODY, "id begun_by kinds started_at moved_at ended_at position compared drift"),)),
    Table("bulk_repair", _("What staff want put right at once"), because=COUNTS,
          columns=(col(NOBODY, "id reconciliation_id kind number state proposed_by proposed_at decided_by decided_at"),)),
    Table("drift", _("What a comparison with the billing system found"), whose=BY_REFERENCE,
          columns=(col(FORMER, "kind noun ref field state"), col(TECHNICAL, "id reconciliation_id"))),
)  # fmt: skip
