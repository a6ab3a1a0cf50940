"""Which columns say what somebody asked for, what they proved, and what came of it?"""

from keyturn.records.data_map.shape import Erasure, Link, Table, col
from keyturn.records.data_map.uses import (
    ACCESS,
    ANSWERS,
    EVIDENCE,
    GUESSES,
    HISTORY,
    INDEX,
    MESSAGES,
    PAPERS,
    TECHNICAL,
    WATCH,
)
from keyturn.terms.words import gettext_noop as _

ASKED = Link("request", "request_id")
MINE = Link("person", "person_id")
MY_LOGIN = Link("staff_user", "user_id")
PROVED = "person_id IS NULL AND EXISTS (SELECT 1 FROM evidence e WHERE e.request_id = request.id AND e.kind = 'email')"
OPEN = "EXISTS (SELECT 1 FROM request r WHERE r.id = request_id AND r.ended_at IS NULL)"
CHAIN = _("It proves, by numbers and codes, that nothing was changed unseen. Without your name, it leads to nobody.")

REQUESTS = (
    Table(
        "request", _("What you asked for"), erasure=Erasure.BLANK, served="ended_at IS NULL",
        whose=(
            MINE,
            Link("staff_user", "user_id", only="person_id IS NULL"),  # whoever acted for another has no right to it
            Link("~email", "email_digest", only=PROVED),
        ),
        columns=(
            col(ANSWERS, "sealed_answers sealed_seen sealed_written findings approved person_decision"),
            col(INDEX, "email_digest"),
            col(HISTORY, "reference journey step standing outcome language channel begun_by match_zone policy_version "
                         "model_version created_at updated_at submitted_at promised_at established_at due_at ended_at"),
            col(TECHNICAL, "id version user_id person_id account_id premise_id events_written chain_head"),
        ),
    ),
    Table(
        "request_event", _("What happened to it"), whose=(ASKED,), erasure=Erasure.KEEP, because=CHAIN,
        columns=(
            col(HISTORY, "number at what role actor on_behalf_of step standing outcome data"),
            col(TECHNICAL, "id request_id hash"),
        ),
    ),
    Table(
        "decision", _("What was decided about it"), whose=(ASKED,), erasure=Erasure.BLANK, served=OPEN,
        columns=(
            col(HISTORY, "at step effect rules policy_version model_version"),
            col(ANSWERS, "findings"),
            col(TECHNICAL, "id request_id"),
        ),
    ),
    Table(
        "request_note", _("What was written about it"), whose=(ASKED,), served=OPEN,
        columns=(col(ANSWERS, "at kind role actor sealed_text"), col(TECHNICAL, "id request_id")),
    ),
    Table(
        "proposal", _("Changes that were proposed"), whose=(MINE,), served=OPEN,
        columns=(col(ANSWERS, "field sealed_value state created_at decided_by decided_at"),
                 col(TECHNICAL, "id request_id person_id")),
    ),
    Table(
        "person_link", _("Requests that were found to be yours"), whose=(MINE,), erasure=Erasure.KEEP,
        because=_("It joins two numbers, so that a mistake can be undone. Without your name, it leads to nobody."),
        columns=(
            col(HISTORY, "created_person automatic made_by made_at undone_at undone_by"),
            col(TECHNICAL, "id request_id person_id"),
        ),
    ),
    Table(
        "evidence", _("What you proved"), whose=(ASKED,), served=OPEN,
        columns=(col(EVIDENCE, "kind source actor at"), col(INDEX, "subject"), col(TECHNICAL, "id request_id")),
    ),
    Table(
        "outside_check", _("Identity checks"), whose=(ASKED,), served=OPEN,
        columns=(
            col(EVIDENCE, "kind outcome reference reasons asked_at answered_at"),
            col(INDEX, "subject"),
            col(TECHNICAL, "id request_id"),
        ),
    ),
    Table(
        "email_code", _("Codes sent to your e-mail"), whose=(ASKED,), served=OPEN,
        columns=(
            col(GUESSES, "purpose sent_at expires_at tries used_at"),
            col(GUESSES, "code_digest", secret=True),
            col(INDEX, "email_digest"),
            col(TECHNICAL, "id request_id"),
        ),
    ),
    Table(
        "claim_code", _("Codes sent to prove that an account is yours"), whose=(ASKED,), served=OPEN,
        columns=(
            col(GUESSES, "channel sent_at expires_at tries used_at"),
            col(GUESSES, "code_digest", secret=True),
            col(TECHNICAL, "id request_id account_id person_id"),
        ),
    ),
    Table(
        "resume_link", _("Links to go on with a request"), whose=(ASKED,), served=OPEN,
        columns=(col(GUESSES, "expires_at"), col(GUESSES, "fingerprint", secret=True), col(TECHNICAL, "id request_id")),
    ),
    Table(
        "document", _("Papers you gave us"), erasure=Erasure.BLANK,
        served=f"purpose IN ('medical', 'authority', 'estate') OR {OPEN}",
        whose=(MINE, ASKED, Link("account", "account_id", only="person_id IS NULL AND request_id IS NULL")),
        columns=(
            col(PAPERS, "sealed_name content"),
            col(PAPERS, "checksum", becomes="gone-{id}", secret=True),
            col(HISTORY, "erased_at", becomes="now"),
            col(HISTORY, "purpose media_type size scan uploaded_by uploaded_at retain_until"),
            col(TECHNICAL, "id request_id person_id account_id"),
        ),
    ),
    Table(
        "message", _("What we wrote to you"), erasure=Erasure.BLANK,
        whose=(
            MINE, MY_LOGIN, ASKED,
            Link("account", "account_id", only="person_id IS NULL AND user_id IS NULL AND request_id IS NULL"),
        ),
        columns=(
            col(MESSAGES, "sealed_content"),
            col(HISTORY, "template channel language state created_at sent_at"),
            col(TECHNICAL, "id tries request_id person_id account_id user_id"),
        ),
    ),
    Table(
        "cis_delivery", _("What the billing system was told"), whose=(ASKED,), erasure=Erasure.KEEP, because=CHAIN,
        columns=(
            col(HISTORY, "state answer problem created_at answered_at"),
            col(TECHNICAL, "id request_id key tries leased_until next_try_at parked_at in_doubt_since"),
        ),
    ),
    Table(
        "privacy_case", _("What you asked about your own data"), whose=(MINE,), erasure=Erasure.KEEP,
        because=_("We must be able to show that we answered what you asked, and when."),
        columns=(
            col(HISTORY, "kind proof_level asked_at due_at extended outcome kept cis_told_at ended_at"),
            col(TECHNICAL, "id request_id person_id document_id"),
        ),
    ),
    Table(
        "red_flag", _("Cases that looked like fraud"), erasure=Erasure.BLANK,
        whose=(
            MINE, MY_LOGIN, ASKED,
            Link("account", "account_id", only="person_id IS NULL AND user_id IS NULL AND request_id IS NULL"),
        ),
        columns=(
            col(WATCH, "trigger data state opened_at decided_by decided_at"),
            col(ANSWERS, "sealed_note"),
            col(TECHNICAL, "id request_id account_id person_id user_id"),
        ),
    ),
    Table(
        "act", _("What was done to your accounts and logins"), erasure=Erasure.KEEP, because=CHAIN,
        whose=(
            Link("person", "subject", takes="'person:' || id"),
            Link("staff_user", "subject", takes="'login:' || id"),
            Link("account", "subject", takes="'account:' || id"),
        ),
        columns=(
            col(HISTORY, "subject number at what role actor on_behalf_of data"),
            col(TECHNICAL, "id hash"),
        ),
    ),
    Table(
        "reading", _("Who looked at what is specially protected"), whose=(MINE,), erasure=Erasure.KEEP,
        because=_("We must be able to show who looked at what. It holds numbers and codes only."),
        columns=(col(HISTORY, "at role actor what subject reason"), col(TECHNICAL, "id person_id")),
    ),
    Table(
        "idempotent_call", _("Answers to a partner who asked for you"),
        whose=(Link("request", "about"),), erasure=Erasure.BLANK,
        columns=(
            col(ANSWERS, "sealed_answer"),
            col(ACCESS, "call status created_at"),
            col(TECHNICAL, "id api_key_id key body_digest about"),
        ),
    ),
)  # fmt: skip
