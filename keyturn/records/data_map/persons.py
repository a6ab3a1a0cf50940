"""Which columns say who somebody is, how they are reached, and what they wish?"""

from keyturn.records.data_map.shape import Erasure, Link, Table, col
from keyturn.records.data_map.uses import (
    ADDRESS,
    AGREED,
    ANSWERS,
    CARE,
    CONTACT,
    FORMER,
    HISTORY,
    IDENTITY,
    INDEX,
    SHELTER,
    TECHNICAL,
    WATCH,
    WISHES,
)
from keyturn.terms.words import gettext_noop as _

MINE = Link("person", "person_id")
STANDS = "superseded_at IS NULL AND (valid_to IS NULL OR valid_to > greatest(recorded_at, '{now}'))"
DATED = col(HISTORY, "valid_from valid_to recorded_at superseded_at source")
ABOUT_OTHERS = _("It compares you with somebody else, and would tell you about them.")

PERSONS = (
    Table(
        "person", _("About you"), whose=(Link("person", "id"), Link("person", "redirect_to_id")), erasure=Erasure.BLANK,
        because=_("The number by which the billing system knows you stays, so that nobody makes you anew by mistake."),
        columns=(
            col(IDENTITY, "date_of_birth", served=True),
            col(IDENTITY, "kind ref", _("A number and a kind, without a name.")),
            col(WISHES, "language formats", served=True),
            col(WATCH, "flags"),
            col(TECHNICAL, "id redirect_to_id version created_at updated_at"),
        ),
    ),
    Table(
        "person_name", _("Names"), whose=(MINE,), served=STANDS, books=f"name_type = 'primary' AND {STANDS}",
        columns=(
            col(IDENTITY, "name_type given_name middle_name family_name suffix organisation_name"),
            DATED,
            col(TECHNICAL, "id person_id"),
        ),
    ),
    Table(
        "person_identifier", _("Identity documents and tax numbers"), whose=(MINE,), served=STANDS,
        columns=(
            col(IDENTITY, "id_type sealed_value last_four is_primary verified_at"),
            DATED,
            col(INDEX, "digest"),
            col(TECHNICAL, "id person_id unique_by_nature"),
        ),
    ),
    Table(
        "person_contact", _("E-mail addresses and phone numbers"), whose=(MINE,), served=STANDS,
        columns=(
            col(CONTACT, "channel contact_type value status is_primary verified_at"),
            DATED,
            col(INDEX, "normalised"),
            col(TECHNICAL, "id person_id"),
        ),
    ),
    Table(
        "person_address", _("Addresses for bills and letters"), whose=(MINE,), served=STANDS,
        books=f"purpose = 'mailing' AND {STANDS}",
        columns=(
            col(ADDRESS, "purpose line1 line2 city state postal_code country season_from season_to"),
            DATED,
            col(TECHNICAL, "id person_id account_id"),
        ),
    ),
    Table(
        "person_person", _("People you act for, or who act for you"), whose=(MINE, Link("person", "other_id")),
        served=STANDS,
        columns=(col(IDENTITY, "relationship other_id"), DATED, col(TECHNICAL, "id person_id")),
    ),
    Table(
        "preference", _("What you want to hear about"), whose=(MINE,), served="topic <> 'offers'",
        columns=(col(WISHES, "topic channel state changed_at"), col(TECHNICAL, "id person_id")),
    ),
    Table(
        "consent", _("What you agreed to"), whose=(MINE, Link("request", "request_id")), erasure=Erasure.BLANK,
        columns=(
            col(AGREED, "purpose channel act basis wording wording_version language how at until"),
            col(INDEX, "contact_digest", _("Without it, a number that said STOP would get texts again.")),
            col(TECHNICAL, "id person_id request_id"),
        ),
    ),
    Table(
        "medical_certification", _("Service that somebody's health depends on"),
        whose=(MINE, Link("account", "account_id", only="person_id IS NULL")),
        served="state IN ('temporary', 'certified')",
        columns=(
            col(CARE, "kind sealed_details state claimed_at temporary_until certified_from certified_until renewals "
                      "reminded_at ended_at"),
            col(TECHNICAL, "id account_id premise_id person_id request_id document_id version"),
        ),
    ),
    Table(
        "protection", _("Address protection"), whose=(MINE,), served="ended_at IS NULL",
        columns=(
            col(SHELTER, "programme sealed_safe_contact set_by since until ended_at"),
            col(TECHNICAL, "id person_id"),
        ),
    ),
    Table(
        "match_key", _("Search keys"), whose=(MINE,), key="person_id", served="TRUE",
        columns=(col(INDEX, "key"), col(TECHNICAL, "person_id")),
    ),
    Table(
        "person_features", _("How the search compares you"), whose=(MINE,), key="person_id", served="TRUE",
        columns=(col(INDEX, "features"), col(TECHNICAL, "person_id keys_version")),
    ),
    Table(
        "match_candidate", _("Comparisons with requests"),
        whose=(MINE, Link("request", "request_id")), withheld=ABOUT_OTHERS,
        columns=(
            col(INDEX, "rank weight probability linkable fields missing vetoes why"),
            col(TECHNICAL, "id person_id request_id model_version"),
        ),
    ),
    Table(
        "not_same_person", _("People you are not"), whose=(Link("person", "one_id"), Link("person", "other_id")),
        withheld=ABOUT_OTHERS,
        columns=(
            col(INDEX, "one_id other_id relation said_by said_at withdrawn_at withdrawn_by"), col(TECHNICAL, "id"),
        ),
    ),
    Table(
        "duplicate_pair", _("Comparisons with others on file"), withheld=ABOUT_OTHERS,
        whose=(Link("person", "one_id"), Link("person", "other_id")),
        columns=(
            col(INDEX, "one_id other_id source weight probability zone fields missing vetoes why state found_at opened_at "
                       "decided_by decided_at"),
            col(TECHNICAL, "id model_version"),
        ),
    ),
    Table(
        "blind_review", _("Links that were looked at again"), whose=(MINE, Link("request", "request_id")),
        withheld=ABOUT_OTHERS,
        columns=(
            col(HISTORY, "decoy chosen_at verdict decided_by decided_at"),
            col(ANSWERS, "sealed_reason"),
            col(TECHNICAL, "id request_id person_id link_id model_version"),
        ),
    ),
    Table(
        "person_merge", _("Files of yours that were made one"), erasure=Erasure.BLANK,
        whose=(Link("person", "survivor_id"), Link("person", "loser_id")),
        columns=(
            col(HISTORY, "state proposed_by proposed_at decided_by decided_at undone_by undone_at"),
            col(FORMER, "moved"),
            col(IDENTITY, "sealed_kept"),
            col(TECHNICAL, "id request_id undo_request_id survivor_id loser_id"),
        ),
    ),
)  # fmt: skip
