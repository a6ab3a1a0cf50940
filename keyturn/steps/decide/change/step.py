"""Which facts does the decision about a change rest on?"""

from datetime import datetime, timedelta
from uuid import UUID

from keyturn.journeys import JOURNEYS
from keyturn.matching.identifiers import normal_identifier
from keyturn.records.crypto import digest
from keyturn.records.models import AccountAccess, PersonContact, PersonIdentifier, PersonName, RedFlag, Request
from keyturn.records.models.dated import not_over_at
from keyturn.records.queries import access, on_file
from keyturn.steps.decide.change import rules
from keyturn.terms.finding import Finding
from keyturn.terms.levels import allows
from keyturn.terms.policy import Policy
from keyturn.terms.request import Verdict
from keyturn.terms.season import Season, overlapping
from keyturn.terms.slots import ALL, Merged, Wish, merge

CLAIMED_BY = ("sms", "email", "letter")


def run(request: Request, *, now: datetime, policy: Policy) -> Verdict:
    verdict = Verdict(rules.check(facts_about(request, now=now, policy=policy), policy))
    _flag(request, [found for found in verdict.findings if found.rule in rules.FLAGGING], now)
    return verdict


def to_mend(request: Request, *, now: datetime, policy: Policy) -> list[Finding]:
    """What the customer can settle before the change is sent."""
    found = rules.check(facts_about(request, now=now, policy=policy), policy)
    return [each for each in found if each.rule in rules.FOR_THE_CUSTOMER]


def merged(request: Request, *, now: datetime) -> Merged:
    """What the customer wants, what they saw, and what is on file now."""
    wishes = JOURNEYS[request.journey].wishes(request.answers, request.seen)
    same = {
        each.slot: on_file.is_on_file(request.person_id, each, at=now) for each in wishes if each.family == "identifier"
    }
    return merge(request.seen, wishes, on_file.slots(request.person, at=now), same=same)


def facts_about(request: Request, *, now: datetime, policy: Policy) -> rules.Facts:
    """Read what the rules need about a change."""
    together = merged(request, now=now)
    seen = access.accounts_of(request.user_id, at=now)
    mine = [each for each in seen if each.person and each.person.pk == request.person_id and each.is_own]
    wishes = (*together.wishes, *(Wish(each.slot, each.wish) for each in together.conflicts))
    there = on_file.slots(request.person, at=now)
    return rules.Facts(
        now=now,
        families=tuple(each.family for each in wishes),
        may_act=_may_act(request, wishes, seen, is_own=bool(mine)),
        conflicts=tuple(_family(each.slot, each.wish or each.seen) for each in together.conflicts),
        missing=tuple(each.family for each in wishes if _is_missing(each, there, request.seen)),
        overlapping_season=_overlaps(wishes, there),
        rested_since=_rested_since(request),
        name_changes_today=_name_changes(request, now),
        identifier_elsewhere=_is_elsewhere(request, wishes, policy, now),
        flags=frozenset(request.person.flags),
        access_since=_claimed_at([ident for each in mine for ident in each.access_ids])
        if mine
        else _account_claimed_at(request),
        contact_changed_at=_contact_changed(request),
    )


def _family(slot: str, value: object) -> str:
    return Wish(slot, value).family


def _may_act(request: Request, wishes: tuple[Wish, ...], seen: list[access.Seen], *, is_own: bool) -> bool:
    """The level that the journey needs on every account that is touched; what is a person's own only for themselves."""
    needed = JOURNEYS[request.journey].needs
    levels = {str(each.account.pk): each.level for each in seen}
    for wish in wishes:
        kind, _, rest = wish.slot.partition(".")
        scope = rest.partition(".")[0]
        of_account = kind in ("mailing", "season", "paperless") and scope != ALL
        if not (allows(levels.get(scope, ""), needed) if of_account else is_own):
            return False
    return True


def _is_missing(wish: Wish, there: dict[str, object], seen: object) -> bool:
    """A contact that somebody wants changed or removed and that never stood on this file."""
    return wish.slot.startswith("contact.") and wish.slot != "contact.new" and wish.slot not in there


def _overlaps(wishes: tuple[Wish, ...], there: dict[str, object]) -> bool:
    for wish in wishes:
        kind, _, rest = wish.slot.partition(".")
        if kind != "season" or wish.value is None:
            continue
        scope, _, days = rest.partition(".")
        others = [
            slot.rpartition(".")[2] for slot in there if slot.startswith(f"season.{scope}.") and slot != wish.slot
        ]
        if overlapping(_ends(days), map(_ends, others)):
            return True
    return False


def _ends(days: str) -> Season:
    first, _, last = days.partition("-")
    return Season(int(first), int(last))


def _rested_since(request: Request) -> datetime | None:
    """When the pause for these answers began: what was changed since rests anew."""
    rests = request.events.filter(what__in=("rested", "answered")).order_by("-number").first()
    return rests.at if rests and rests.what == "rested" else None


def _name_changes(request: Request, now: datetime) -> int:
    names = PersonName.ever.filter(person_id=request.person_id, name_type="primary", source__startswith="request:")
    own = f"request:{request.pk}"
    return names.filter(recorded_at__gt=now - timedelta(days=1)).exclude(source=own).count()


def _is_elsewhere(request: Request, wishes: tuple[Wish, ...], policy: Policy, now: datetime) -> bool:
    for wish in wishes:
        kind, _, id_type = wish.slot.partition(".")
        if kind == "identifier" and id_type in policy.unique_identifiers:
            value = digest(id_type, normal_identifier(str(wish.value)))
            rows = PersonIdentifier.objects.filter(not_over_at(now), id_type=id_type, digest=value)
            if rows.exclude(person_id=request.person_id).exists():
                return True
    return False


def _claimed_at(access_ids: list[UUID]) -> datetime | None:
    """When the login claimed its first account of this person; who came in by a request or through staff claimed none."""
    rows = AccountAccess.objects.filter(pk__in=access_ids)
    first = rows.order_by("since").first()
    return first.since if first and first.proof in CLAIMED_BY else None


def _account_claimed_at(request: Request) -> datetime | None:
    """For a delegate: when the account was last claimed by anybody, who may have let them in, even if that has ended."""
    claims = AccountAccess.objects.filter(account=request.account_id, capacity="self", proof__in=CLAIMED_BY)
    return claims.order_by("-since").values_list("since", flat=True).first() if request.account_id else None


def _contact_changed(request: Request) -> datetime | None:
    """When an e-mail address of this person was last changed from the portal: to where notices went is gone since."""
    rows = PersonContact.ever.filter(person_id=request.person_id, channel="email", source__startswith="request:")
    return (
        rows.exclude(source=f"request:{request.pk}")
        .order_by("-recorded_at")
        .values_list("recorded_at", flat=True)
        .first()
    )


def _flag(request: Request, found: list[Finding], now: datetime) -> None:
    for each in found:
        RedFlag.objects.get_or_create(
            request=request, trigger=each.rule,
            defaults={"person": request.person, "account": request.account, "user": request.user, "opened_at": now},
        )  # fmt: skip
