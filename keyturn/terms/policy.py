"""Which numbers and switches may a utility set, and what do they mean?

One field each, with its unit. A profile (`profiles/<name>/policy.toml`) overrides the defaults; `load` refuses a name
that is not here. The version that every decision keeps is the profile's own label and a digest of all values.
"""

import hashlib
import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import date
from difflib import get_close_matches
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Any

from keyturn.terms import owners, verification
from keyturn.terms.document import MEDIA_TYPES, PURPOSES
from keyturn.terms.levels import ORDER

RISKS = ("apply", "cool_off", "propose")
CHANGE_RISK = {
    "name": "propose", "identifier": "propose", "date_of_birth": "propose", "alias": "propose",
    "mailing": "cool_off", "season": "cool_off", "email": "apply", "phone": "apply", "proof": "apply",
    "language": "apply", "formats": "apply", "paperless": "apply", "preference": "apply",
}  # fmt: skip
KINDS = {"bool": "true or false", "int": "a whole number", "float": "a number", "str": "a text in quotation marks"}
IDENTITY_CHECKS = ("off", "new", "always")
WHILE_AWAY = ("wait", "review", "go_on")
CLAIM_PROOFS = ("sms", "email", "letter", "federated", "desk")
LEVELS = ("", *ORDER)
SHARES = {"blind_review_share": 1, "blind_decoy_share": 0.5, "link_precision_floor": 1}
"""Settings that are a share, and the largest that makes sense."""
AT_LEAST_ONE = (
    "cis_at_once", "cis_breaker_failures", "cis_probe_seconds", "cis_drain_per_second", "cis_eligibility_hours",
)  # fmt: skip
MOVED = {
    "link_probability": "thresholds.link",
    "review_probability": "thresholds.review",
    "link_margin": "thresholds.margin",
    "candidates_kept": "thresholds.kept",
}
"""Former settings that are part of the matching model now (`keyturn/matching/model.py`)."""


@dataclass(frozen=True)  # no slots: `version` is kept
class Policy:
    """The utility's settings. Times are in the unit that the name ends with; money is in the utility's currency."""

    label: str = "default"

    # Who we are
    time_zone: str = "UTC"
    country: str = "US"
    languages: tuple[str, ...] = ("en", "es")
    territory_postal_codes: tuple[str, ...] = ()  # prefixes; empty: only known premises say what is inside
    neighbours: Mapping[str, str] = field(
        default_factory=lambda: MappingProxyType({})
    )  # postal prefix -> who serves it

    # Drafts and codes
    draft_days: int = 30
    answer_days: int = 14  # to answer a question that staff asked; then the request expires
    resume_link_hours: int = 72
    email_code_minutes: int = 30
    email_code_tries: int = 5  # wrong guesses until the code is void
    email_codes_per_hour: int = 5  # codes sent for one draft
    status_code_minutes: int = 30  # to enter the code; then the page closes when it was left alone for as long

    # What we ask
    identifiers_for_person: tuple[str, ...] = ("driver_licence", "state_id", "passport", "ssn_last4")
    identifiers_for_organisation: tuple[str, ...] = ("tax_id",)
    identifier_required: bool = False  # when true, the form insists on one; otherwise staff look at those without
    unique_identifiers: tuple[str, ...] = (
        "driver_licence",
        "state_id",
        "passport",
        "tax_id",
        "ssn",
    )  # BR-08: on one person only
    minimum_age_years: int = 18
    oldest_age_years: int = 130  # nobody has lived beyond 122
    required_consents: tuple[str, ...] = ("terms",)
    optional_consents: tuple[str, ...] = ("texts", "marketing")

    # When service can start
    earliest_start_days: int = 0
    latest_start_days: int = 60
    same_day_cut_off_hour: int = 14  # local hour after which "today" is no longer offered
    closed_weekdays: tuple[int, ...] = ()  # 0 is Monday
    holidays: tuple[str, ...] = ()  # ISO dates
    back_date_days: int = 0  # how far back a partner may set a start that has happened

    # Knowing a person again (quality.md section 2)
    match_profile: str = "default"  # a model that comes with Keyturn; a profile's own matching.json goes before it
    link_automatically: bool = True
    blind_review_share: float = 0.02  # of the machine's links, looked at again by somebody who is told nothing
    blind_decoy_share: float = 0.2  # of what they are shown, pairs that nobody linked
    link_precision_floor: float = 0.999  # of the links looked at again; where fewer are right, the machine makes none
    link_precision_window_days: int = 90
    duplicates_open_most: int = 200  # pairs of persons on file who may be one, before staff at a time; others are held

    # What staff must look at
    identity_check: str = "off"  # off | new | always: when the outside identity check is asked
    identity_check_timeout_seconds: float = 5.0
    debt_refer_minimum: float = 0.01  # unpaid final bill from which a request is flagged for review
    debt_age_limit_years: int = 7  # BR-54: older debt is not held against anybody
    shared_contact_limit: int = 3  # BR-61: other persons already using this e-mail or phone
    review_promise_hours: int = 24  # when staff mean to have decided

    # Keeping what is on file true (process phase 10). What a kind of change leads to: apply (at once), cool_off (after
    # a pause, the old and the new contact told), propose (staff look first). What is not named is proposed.
    change_risk: Mapping[str, str] = field(default_factory=lambda: MappingProxyType(dict(CHANGE_RISK)))
    cooling_off_hours: int = 72
    proved_again_minutes: int = 15  # how fresh a second proof of oneself must be before a sensitive change
    sensitive_changes: tuple[str, ...] = (
        "name", "email", "phone", "mailing", "season", "identifier", "date_of_birth", "privacy",
    )  # fmt: skip
    fresh_contact_days: int = 30  # a contact changed within these days proves no account and warns of a take-over
    invitation_days: int = 14  # to accept an invitation to act for an account
    farthest_change_days: int = 365  # how far ahead a change can be dated

    # Their own data. 45 days, and 45 more, are California's (CCPA); Europe's (GDPR) would be 30 and 60.
    privacy_days: int = 45  # to answer a request about one's own data
    privacy_extension_days: int = 45  # how far the clock may be set on, once; 0: not at all
    privacy_copy_days: int = 14  # a copy can be downloaded so long
    account_years: float = 7.0  # how long an account is kept for the books after its last service has ended
    denied_request_days: int = 90  # what was typed in a request that came to nothing is forgotten then
    message_days: int = 180  # the text of a message that was sent is forgotten then
    attempt_days: int = 30  # tries to guess something
    sign_in_days: int = 90  # who signed in from where

    # Somebody depends on service (BR-63): protected at once, then for as long as a certificate says
    medical_temporary_days: int = 10  # business days in which the certificate is to come
    medical_shortest_days: int = 30  # the shortest certificate that counts
    medical_longest_days: int = 366  # the longest
    medical_reminder_hours: int = 72  # before the temporary protection is over
    medical_reminder_days: int = 30  # before a certificate runs out

    # Signing in
    staff_second_factor: bool = True  # staff enrol a passkey or an authenticator app before the console opens
    signin_idle_minutes: int = 60  # without a press, then the sign-in ends
    signin_longest_hours: int = 12

    # Claiming an account (C.14): what finds it, and what proves that it is theirs
    verification: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType(dict(verification.DEFAULT)))
    account_number_digits: int = 10  # without the check digit that is shown after them; 0: none is shown
    claim_proofs: tuple[str, ...] = CLAIM_PROOFS  # offered; "federated" only where a provider counts
    federated_providers: tuple[str, ...] = ()  # ids of the OpenID providers whose word about a person counts
    federated_identifiers: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))  # claim -> our type
    claim_sms_minutes: int = 10
    claim_email_hours: int = 24
    claim_letter_days: int = 21
    claim_code_tries: int = 5  # wrong guesses until a code is void
    claim_tries: int = 5  # for one login in the window below; then each one more waits twice as long
    claim_tries_from_address: int = 20  # the same for all who come from one internet address
    claim_tries_at_account: int = 5  # then no quick code goes out for this number: a letter or the desk
    claim_letters: int = 3  # for one account, until the first of them has lapsed
    claim_window_hours: int = 24
    claim_pause_minutes: int = 15
    claim_breadth: int = 3  # more accounts by one login, or logins at one account, in the window look like fraud
    claim_closed_days: int = 365  # an account can be claimed so long after its last service ended; then staff look
    claim_second_login: bool = True  # false: an account that a login owns already goes to staff (ER-09)
    claim_level_others: str = "view"  # of persons on the account who are not responsible; "": staff decide
    claim_seamless: bool = False  # true: a person on file whom a request was linked to gets access at its end, too
    claim_stop_days: int = 30  # so long the owners can undo a new link by themselves

    # Documents that customers upload (C.21)
    document_types: tuple[str, ...] = ("image/jpeg", "image/png", "application/pdf")
    document_max_mb: int = 10
    document_max_megapixels: int = 60
    document_max_pages: int = 50
    documents_per_request: int = 10
    documents_need_scan: bool = False  # true: without an answer of the virus scanner nothing is taken
    document_scan_seconds: float = 20.0
    document_days: int = 365  # kept so long after the end of the request that they were given for
    document_days_by_purpose: Mapping[str, int] = field(
        default_factory=lambda: MappingProxyType({"identity": 30, "medical": 730, "authority": 2555, "estate": 2555})
    )

    # The CIS
    cis_timeout_seconds: float = 10.0
    cis_tries: int = 120  # then an engineer looks; calls that are not made while the CIS is away do not count
    cis_first_wait_seconds: float = 2.0
    cis_longest_wait_seconds: float = 900.0
    cis_at_once: int = 4  # calls under way at a time, of all workers together
    cis_breaker_failures: int = 10  # unanswered calls in a row; then nobody calls it but a probe
    cis_probe_seconds: float = 15.0  # between two probes of a CIS that does not answer
    cis_drain_per_second: int = 200  # of what waited meanwhile, so many are let go in a second
    cis_late_hours: float = 48.0  # so long a request that came to nothing is looked for in the CIS, ever more seldom
    cis_search_before_new: bool = (
        True  # a person whom the CIS has under the same identifier is looked at by staff first
    )
    cis_eligibility: bool = False  # ask the CIS, where it can tell, whether it would serve somebody, before we write
    cis_eligibility_away: str = "wait"  # while it does not answer: wait, then staff look; review: staff look; go_on
    cis_eligibility_wait_minutes: float = 240.0  # how long "wait" waits
    cis_eligibility_hours: float = 24.0  # so long an answer is good; then it is asked for anew
    # Whose word counts where the CIS and we hold different things (`terms/owners.py`)
    owners: Mapping[str, str] = field(default_factory=lambda: MappingProxyType(dict(owners.DEFAULT)))
    customer_class_person: str = "residential"
    customer_class_organisation: str = "commercial"

    @cached_property
    def version(self) -> str:
        """Label and digest: two policies that differ in any value never share a version. Which model matches is not part
        of it: each decision keeps the model's own version beside this one."""
        values = {name: value for name, value in _values(self).items() if name != "match_profile"}
        text = json.dumps({k: dict(v) if isinstance(v, Mapping) else v for k, v in values.items()}, sort_keys=True)
        return f"{self.label}-{hashlib.sha256(text.encode()).hexdigest()[:8]}"


def _values(policy: Policy) -> dict[str, Any]:
    return {each.name: getattr(policy, each.name) for each in fields(policy)}


def load(path: Path) -> Policy:
    """Read a profile's `policy.toml`; where a `matching.json` lies beside it, that is the model. ValueError says in a sentence which name or value is not good enough."""
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except ValueError as problem:  # not TOML, or not UTF-8
        raise ValueError(f"{path.name} cannot be read: {problem}") from None
    policy = from_mapping(values, source=path.name)
    model = path.with_name("matching.json")
    return replace(policy, match_profile=str(model)) if model.is_file() else policy


def from_mapping(values: Mapping[str, Any], *, source: str = "policy") -> Policy:
    """Build a policy from plain values, checking names, kinds and bounds."""
    known = [each.name for each in fields(Policy)]
    for name in values:
        if name in MOVED:
            raise ValueError(
                f"{source}: {name} is {MOVED[name]} of the matching model now (matching.json beside this file)"
            )
        if name not in known:
            near = get_close_matches(name, known, n=1, cutoff=0.75)
            meant = f" (did you mean {near[0]}?)" if near else ""
            raise ValueError(f"{source}: there is no setting called {name}{meant}")
    default = Policy()
    policy = Policy(
        **{name: _of_kind(getattr(default, name), value, f"{source}: {name}") for name, value in values.items()}
    )
    for name in values:
        if wanted := _amiss(name, getattr(policy, name)):
            raise ValueError(f"{source}: {name} must be {wanted}")
    return policy


def _amiss(name: str, value: Any) -> str:
    """What a value must be and is not; "" where it is fine."""
    if isinstance(value, int | float) and value < 0:
        return "0 or more"
    if name in AT_LEAST_ONE and value < 1:
        return "1 or more"
    if name.endswith("_probability") and not 0 < value <= 1:
        return "more than 0 and at most 1"
    if name in SHARES and value > SHARES[name]:
        return f"between 0 and {SHARES[name]}"
    if name == "identity_check" and value not in IDENTITY_CHECKS:
        return f"one of {', '.join(IDENTITY_CHECKS)}"
    if name == "cis_eligibility_away" and value not in WHILE_AWAY:
        return f"one of {', '.join(WHILE_AWAY)}"
    if name == "change_risk" and not (set(value) <= set(CHANGE_RISK) and set(value.values()) <= set(RISKS)):
        return f"a table from {', '.join(CHANGE_RISK)} to one of {', '.join(RISKS)}"
    if name == "document_types" and not (value and set(value) <= set(MEDIA_TYPES)):
        return f"a list from {', '.join(MEDIA_TYPES)}"
    if name == "document_days_by_purpose" and not (set(value) <= set(PURPOSES) and all(map(_is_count, value.values()))):
        return f"a table from {', '.join(PURPOSES)} to days"
    if name == "owners":
        return owners.amiss(value)
    if name == "verification":
        return verification.amiss(value)
    if name == "claim_proofs" and not (value and set(value) <= set(CLAIM_PROOFS)):
        return f"a list from {', '.join(CLAIM_PROOFS)}"
    if name == "claim_level_others" and value not in LEVELS:
        return 'one of "", view, pay, manage, owner'
    if name == "holidays" and not all(_is_a_date(each) for each in value):
        return 'a list of dates like "2026-12-25"'
    if name == "closed_weekdays" and not set(value) <= set(range(7)):
        return "a list of numbers from 0 (Monday) to 6"
    if name == "languages" and not value:
        return "a list of one language at least"
    return ""


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _is_a_date(text: Any) -> bool:
    try:
        return isinstance(text, str) and len(text) == 10 and bool(date.fromisoformat(text))
    except ValueError:
        return False


def _of_kind(default: Any, value: Any, where: str) -> Any:
    if isinstance(default, tuple):
        if not isinstance(value, (list, tuple)):
            raise ValueError(f"{where} must be a list")
        return tuple(value)
    if isinstance(default, Mapping):
        if not isinstance(value, Mapping):
            raise ValueError(f"{where} must be a table")
        return MappingProxyType(dict(value))
    if isinstance(default, float) and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if type(value) is not type(default):
        raise ValueError(f"{where} must be {KINDS.get(type(default).__name__)}, not {value!r}")
    return value
