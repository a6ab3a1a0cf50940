"""THE ORDER. Which verbs move a request, and in which order do the steps come?

    begin -> answer ... -> submit -> advance (match, verify, decide, [review], establish, sync) -> tell_cis -> confirm

Every verb is one transaction: the change, its event and the next job commit together. Only this package moves a
request; `moves.py` is the one place that writes its step, standing and outcome. Doors call the verbs below.
"""

from keyturn.flow.care import certify_care, claim_care_at_desk, end_care, remind_care, withdraw_care
from keyturn.flow.cases import decide_case, decide_proposal, undo_link
from keyturn.flow.claims import (
    begin_claim,
    claim,
    find_account,
    keep_login,
    link_login,
    name_account,
    open_claim,
    proofs_for,
    stop_link,
    stoppable,
    try_claim_code,
    unlink,
)
from keyturn.flow.consents import notify, text_received, unsubscribe, unsubscribes
from keyturn.flow.customer import NOT_KEPT, answer, ask, attest, begin, lacking, reply, submit, withdraw
from keyturn.flow.delegation import (
    accept,
    accept_designation,
    decline,
    end_access,
    end_designee,
    invitation,
    is_invited,
    revoke_invitation,
    take_over_access,
)
from keyturn.flow.desk import staff_change
from keyturn.flow.differing import settle_difference, ways_to_settle
from keyturn.flow.documents import forget_documents, open_document, remove_document, upload
from keyturn.flow.duplicates import look_for_duplicates, note_pairs
from keyturn.flow.eligibility import check_eligibility
from keyturn.flow.groups import change_group, create_group, end_group
from keyturn.flow.handling import is_own, look_again, put_back, reveal, take
from keyturn.flow.hearing import changed_in_cis
from keyturn.flow.identity import check_identity
from keyturn.flow.inbound import hear_cis, is_from_the_cis
from keyturn.flow.intake import take_in
from keyturn.flow.landlord import change_landlord
from keyturn.flow.linking_watch import BlindSides, blind_sides, decide_blind, next_blind, switch_links
from keyturn.flow.machine import advance
from keyturn.flow.maintain import (
    begin_change,
    customer,
    is_sensitive,
    proved_again,
    resting,
    stop,
    what_follows,
    who_is_told,
)
from keyturn.flow.merged_values import tell_merged_values
from keyturn.flow.merging import comparison, differences, keep_mine, keep_theirs, shown
from keyturn.flow.messages import send_message
from keyturn.flow.opening import start_days
from keyturn.flow.outside import tell_cis
from keyturn.flow.privacy import extend_privacy, overdue, privacy_copy, what_stayed, would_stay
from keyturn.flow.proofs import follow_resume_link, prove_email, send_code, send_resume_link, take_over
from keyturn.flow.protection import lift_protection, look_at_protected, protect
from keyturn.flow.reading import read_message
from keyturn.flow.reconciling import KINDS as DRIFT_KINDS
from keyturn.flow.reconciling import go_on, repair_drift, start_reconciliation
from keyturn.flow.repairing import agree_repair, propose_repair, refuse_repair, repair_agreed, repair_one
from keyturn.flow.repeats import keep_answer, take_turn
from keyturn.flow.retention import forget
from keyturn.flow.same_person import (
    agree_merge,
    not_same,
    propose_merge,
    refuse_merge,
    take_back_not_same,
    unmerge,
)
from keyturn.flow.sealing import seal_audit
from keyturn.flow.sentences import sentence
from keyturn.flow.staff import retry, review
from keyturn.flow.territory import who_serves, wrong_with_place
from keyturn.flow.upkeep import expire, rescue, turn_day, wake
from keyturn.flow.whose_login import give_login
from keyturn.steps import rulebook, staff_words, words
from keyturn.steps.establish.delegate.step import DESIGNEE_WORDING
from keyturn.steps.gather.rules import ESSENTIAL

__all__ = [
    "DESIGNEE_WORDING", "DRIFT_KINDS", "ESSENTIAL", "NOT_KEPT", "BlindSides", "accept", "accept_designation",
    "advance", "agree_merge", "agree_repair", "answer", "ask", "attest", "begin", "begin_change", "begin_claim", "blind_sides",
    "certify_care", "change_group", "change_landlord", "changed_in_cis", "check_eligibility",
    "check_identity", "claim",
    "claim_care_at_desk", "comparison", "create_group", "customer", "decide_blind", "decide_case",
    "decide_proposal", "decline", "differences", "end_access", "end_care", "end_designee", "end_group", "expire",
    "extend_privacy", "find_account", "follow_resume_link", "forget", "forget_documents", "give_login", "go_on",
    "hear_cis", "invitation", "is_from_the_cis", "is_invited", "is_own", "is_sensitive", "keep_answer",
    "keep_login", "keep_mine", "keep_theirs", "lacking", "lift_protection", "link_login", "look_again",
    "look_at_protected", "look_for_duplicates", "name_account", "next_blind", "not_same", "note_pairs", "notify",
    "open_claim", "open_document", "overdue", "privacy_copy", "proofs_for", "propose_merge", "propose_repair", "protect",
    "prove_email", "proved_again", "put_back", "read_message", "refuse_merge", "refuse_repair", "remind_care", "remove_document",
    "repair_agreed", "repair_drift", "repair_one", "reply", "rescue", "resting", "retry", "reveal", "review", "revoke_invitation", "rulebook",
    "seal_audit", "send_code", "send_message", "send_resume_link", "sentence", "settle_difference", "shown",
    "staff_change", "staff_words", "start_days", "start_reconciliation", "stop", "stop_link", "stoppable", "submit",
    "switch_links", "take", "take_back_not_same", "take_in", "take_over", "take_over_access", "take_turn",
    "tell_cis", "tell_merged_values", "text_received", "try_claim_code", "turn_day", "undo_link", "unlink",
    "unmerge", "unsubscribe", "unsubscribes", "upload", "wake", "ways_to_settle", "what_follows", "what_stayed",
    "who_is_told", "who_serves", "withdraw", "withdraw_care", "words", "would_stay",
    "wrong_with_place",
]  # fmt: skip
