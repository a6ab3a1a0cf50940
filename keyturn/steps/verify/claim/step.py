"""Which code is open for a claim, where may one be sent, and has the account been proved?

Every claim that is sent gets a row for its code at once, with or without an account behind it: from then on a right and a
wrong claim look alike and cost the same (I7). The worker finds the account and gives the row its code (`arm`).
"""

import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Q

from keyturn.matching.identifiers import normal_identifier
from keyturn.records import attempts, ids
from keyturn.records.crypto import digest
from keyturn.records.models import (
    Account,
    AccountPerson,
    ClaimCode,
    Evidence,
    Person,
    PersonAddress,
    PersonContact,
    PersonIdentifier,
    Request,
    ServiceAgreement,
)
from keyturn.records.models.dated import holds_at
from keyturn.records.queries import persons, proofs
from keyturn.signin.logins import federated
from keyturn.steps.verify.claim import rules
from keyturn.steps.verify.rules import normal_code
from keyturn.terms import account_number
from keyturn.terms.days import local_date
from keyturn.terms.finding import Effect, Finding
from keyturn.terms.policy import Policy
from keyturn.terms.premise import AgreementStatus
from keyturn.terms.request import Actor, Verdict

PROOF = "claim"


@dataclass(frozen=True, slots=True)
class Destination:
    """Where a code goes: `to` is an address, a number or the lines of an envelope."""

    channel: str
    to: str
    code: str
    name: str = ""


def run(request: Request, *, now: datetime, policy: Policy) -> Verdict:
    """Is the account proved? At the desk staff say so; a code was used; or a provider's word agrees with the file."""
    proof = request.answers.get("proof")
    if proof == "desk":
        return Verdict()
    if proof == "federated":
        return Verdict(() if _provider_agrees(request, now, policy) else (Finding("Y-24", "proof", Effect.ASK),))
    return Verdict(tuple(rules.is_proved(_was_proved(request))))


# ---------------------------------------------------------------- codes


def open_code(request: Request, channel: str, *, now: datetime, policy: Policy) -> ClaimCode:
    """A row for the code of this claim; older codes are void. Nobody knows its code yet, not even we."""
    request.claim_codes.filter(used_at=None, expires_at__gt=now).update(expires_at=now)
    return ClaimCode.objects.create(
        request=request, channel=channel, code_digest=_digest(request, ids.new_secret()), sent_at=now,
        expires_at=now + rules.lifetime(channel, policy),
    )  # fmt: skip


def newest(request: Request) -> ClaimCode | None:
    return request.claim_codes.order_by("-sent_at", "-id").first()


def arm(request: Request, account: Account, person: Person, *, now: datetime, policy: Policy) -> Destination | None:
    """Give the open row a code for this account, where it can be sent; None where it cannot: then nothing changes."""
    row = newest(request)
    if row is None or row.account_id or row.expires_at <= now:
        return None
    to = (
        _letter_to(account, person, now, policy)
        if row.channel == "letter"
        else _contact(row.channel, person, now, policy)
    )
    if not to:
        return None
    if row.channel == "letter" and _letters_on_their_way(account, now, policy) >= policy.claim_letters:
        return None
    code = ids.new_code()
    row.account, row.person, row.code_digest = account, person, _digest(request, code)
    row.save(update_fields=["account", "person", "code_digest"])
    return Destination(row.channel, to, code)


def try_code(request: Request, typed: str, *, actor: Actor, now: datetime, policy: Policy) -> bool:
    """Use the newest code. A wrong guess is counted; a right one is used up and entered as evidence."""
    row = ClaimCode.objects.select_for_update().filter(request=request).order_by("-sent_at", "-id").first()
    if row is None:
        return False
    fits = hmac.compare_digest(row.code_digest, _digest(request, normal_code(typed)))
    can = rules.code_can_be_tried(
        used=row.used_at is not None, expires_at=row.expires_at, tries=row.tries, now=now, policy=policy
    )
    if not (can and fits and row.account_id):
        ClaimCode.objects.filter(pk=row.pk).update(tries=min(row.tries + 1, 1000))
        return False
    row.used_at = now
    row.save(update_fields=["used_at"])
    Evidence.objects.create(
        request=request, kind=PROOF, subject=row.pk.hex, source=row.channel, actor=actor.ident[:80], at=now
    )
    return True


def proved_by(request: Request) -> ClaimCode | None:
    """The code that was used."""
    used = [each.subject for each in proofs.of(request) if each.kind == PROOF]
    return request.claim_codes.filter(used_at__isnull=False, pk__in=used).order_by("-used_at").first() if used else None


def _was_proved(request: Request) -> bool:
    """A code was used for the very account and person that the details name now."""
    code = proved_by(request)
    return code is not None and (code.account_id, code.person_id) == (request.account_id, request.person_id)


def _digest(request: Request, code: str) -> str:
    """Bound to the claim and to its login."""
    return digest("claim_code", f"{request.pk}:{request.user_id}:{code}")


# ---------------------------------------------------------------- where a code may go


def _contact(channel: str, person: Person, now: datetime, policy: Policy) -> str:
    rows = [_as_contact(each, person) for each in PersonContact.objects.filter(holds_at(now), person=person)]
    found = rules.best(rows, channel, now=now, policy=policy)
    return found.value if found else ""


def _as_contact(row: PersonContact, person: Person) -> rules.Contact:
    return rules.Contact(
        channel=row.channel,
        value=row.normalised if row.channel == "phone" else row.value,
        contact_type=row.contact_type,
        status=row.status,
        source=row.source,
        since=max(row.valid_from, row.recorded_at),
        is_primary=row.is_primary,
        came_with_them=_came_with(row, person),
    )


def _came_with(row: PersonContact | PersonAddress, person: Person) -> bool:
    return row.source in rules.IMPORTED and row.recorded_at <= person.created_at


def _letter_to(account: Account, person: Person, now: datetime, policy: Policy) -> str:
    post = _post(account, person, now, policy)
    if post is None or not rules.letter_may_go(post, now=now, policy=policy):
        return ""
    return "\n".join([persons.name_of(person.pk, at=now), *post.lines])


def _post(account: Account, person: Person, now: datetime, policy: Policy) -> rules.Post | None:
    """The account's own mailing address, else the person's, else where they are served. No season: they pass."""
    ever = PersonAddress.objects.filter(Q(account=account) | Q(account=None), person=person, purpose="mailing")
    holding = list(ever.filter(holds_at(now), season_from=None).order_by("account_id"))
    own = next((each for each in holding if each.account_id), None) or next(iter(holding), None)
    served = (
        ServiceAgreement.objects.filter(
            account=account,
            status__in=(AgreementStatus.ACTIVE, AgreementStatus.PENDING_STOP),
            start_date__lte=local_date(now, policy),
        )
        .select_related("service_point__premise")
        .order_by("start_date", "id")
    )
    places = [each.service_point.premise.address for each in served]
    changed = _post_changed(account, person, now, policy)
    if own is not None:
        return rules.Post(
            tuple(own.address.lines()), changed, own.address in _all_places(account), own.address in places
        )
    if not places:
        return None
    return rules.Post(tuple(places[0].lines()), changed, True, True)


def _all_places(account: Account) -> list[object]:
    rows = ServiceAgreement.objects.filter(account=account).select_related("service_point__premise")
    return [each.service_point.premise.address for each in rows]


def _post_changed(account: Account, person: Person, now: datetime, policy: Policy) -> datetime | None:
    """When it was last changed where letters go, within the days that count: a row that came, went or was planned."""
    fresh = now - timedelta(days=policy.fresh_contact_days)
    rows = PersonAddress.ever.filter(Q(account=account) | Q(account=None), person=person, purpose="mailing")
    moments = [
        at
        for each in rows
        if not _came_with(each, person)
        for at in (each.recorded_at, each.superseded_at, each.valid_from, each.valid_to)
        if at is not None and at <= now
    ]
    gone = [at for each in rows for at in (each.superseded_at, each.valid_to) if at is not None and at <= now]
    switched = AccountPerson.ever.filter(account=account, person=person, superseded_at__gt=fresh)
    moments += [*gone, *switched.values_list("superseded_at", flat=True)]
    return max(moments, default=None)


def _letters_on_their_way(account: Account, now: datetime, policy: Policy) -> int:
    since = now - timedelta(days=policy.claim_letter_days)
    return ClaimCode.objects.filter(account=account, channel="letter", sent_at__gt=since).count()


# ---------------------------------------------------------------- a provider's word


def _provider_agrees(request: Request, now: datetime, policy: Policy) -> bool:
    said, person = federated(request.user), request.person
    if said is None or person is None:
        return False
    names = person.names.filter(holds_at(now), name_type__in=("primary", "legal"))
    held = PersonIdentifier.objects.filter(holds_at(now), person=person)
    claimed = [
        digest(id_type, normal_identifier(str(said.claims[claim])))
        for claim, id_type in policy.federated_identifiers.items()
        if said.claims.get(claim)
    ]
    return rules.provider_agrees(
        said.claims,
        counts=said.provider in policy.federated_providers,
        names=names.values_list("given_name", "family_name"),
        date_of_birth=person.date_of_birth.isoformat() if person.date_of_birth else "",
        identifiers=held.values_list("digest", flat=True),
        claimed_identifiers=claimed,
    )


# ---------------------------------------------------------------- how often


def subjects_of(request: Request, client: str, policy: Policy) -> dict[str, str]:
    """By which digests one try is counted: who tries, from where, and each thing that names somebody."""
    answers = request.answers
    number = account_number.ref_of(str(answers.get("account_number") or ""), digits=policy.account_number_digits)
    family = normal_identifier(str(answers.get("family_name") or answers.get("organisation_name") or ""))
    named = {
        "account": number,
        "phone": f"{family}:{answers['phone_last4']}" if answers.get("phone_last4") else "",
        "identifier": f"{family}:{answers['id_last4']}" if answers.get("id_last4") else "",
        "login": str(request.user_id),
        "address": client,
    }
    return {kind: attempts.subject_of(kind, value) for kind, value in named.items() if value}


def pause(subjects: dict[str, str], *, now: datetime, policy: Policy) -> datetime | None:
    """Until when this login, or this internet address, must wait; it says nothing about what they look for."""
    since = now - timedelta(hours=policy.claim_window_hours)
    free = {"login": policy.claim_tries, "address": policy.claim_tries_from_address}
    waits = [
        rules.next_try_at(attempts.times("find", subjects[kind], since=since), free=many, policy=policy)
        for kind, many in free.items()
        if kind in subjects
    ]
    return max((each for each in waits if each and each > now), default=None)


def is_busy(subjects: dict[str, str], *, now: datetime, policy: Policy) -> bool:
    """Whether what was named has been tried so often that no quick code goes out for it."""
    since = now - timedelta(hours=policy.claim_window_hours)
    named = [subjects[kind] for kind in ("account", "phone", "identifier") if kind in subjects]
    return any(len(attempts.times("find", each, since=since)) >= policy.claim_tries_at_account for each in named)


def patterns(subjects: dict[str, str], *, now: datetime, policy: Policy) -> list[str]:
    """Note who tried which account, and say what looks like fraud: "many_accounts" by one, "many_logins" at one."""
    since = now - timedelta(hours=policy.claim_window_hours)
    found = []
    for who in ("login", "address"):
        if who not in subjects or "account" not in subjects:
            continue
        pair = attempts.subject_of("pair", f"{subjects[who]}:{subjects['account']}")
        if attempts.was_tried("pair", pair, since=since):
            continue
        at = attempts.subject_of("logins_at", subjects["account"])
        attempts.note("pair", [pair], now=now)
        attempts.note("breadth", [subjects[who], *([at] if who == "login" else [])], now=now)
        if len(attempts.times("breadth", subjects[who], since=since)) > policy.claim_breadth:
            found.append("many_accounts")
        if who == "login" and len(attempts.times("breadth", at, since=since)) > policy.claim_breadth:
            found.append("many_logins")
    return sorted(set(found))
