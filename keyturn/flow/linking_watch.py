"""Who watches the links that the machine makes, and when must it stop making them (quality.md section 2, policy 6)?

A share of them is looked at again by somebody who is not told what was decided, mixed with pairs that nobody linked.
Where too few turn out right, the same transaction that keeps the verdict turns automatic links off. A decision that
read the switch a moment before still links: it could as well have been made a moment earlier, its link is one row that
can be undone, and no verdict ever waits for the decisions that run.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from django.db import connection, transaction

from keyturn.flow.handling import is_own
from keyturn.journeys.applicant import applicant
from keyturn.matching.identifiers import normal_identifier
from keyturn.records import acts, history
from keyturn.records.crypto import digest
from keyturn.records.models import BlindReview, LinkSwitch, PersonLink, RedFlag, Request
from keyturn.records.queries import as_of, blind, linking, persons
from keyturn.steps.gather.rules import clean_text
from keyturn.steps.review.again import rules
from keyturn.terms.errors import Invalid, NotAllowed
from keyturn.terms.person import PersonDetails
from keyturn.terms.policy import Policy
from keyturn.terms.request import MACHINE, Actor, Role

log = structlog.get_logger("keyturn.linking")

SHOWN_FROM = 20  # so many of the oldest; which of them comes next differs from one reviewer to the next
LINKS = "links:automatic"  # the subject of the switch's acts


# ---------------------------------------------------------------- looking again


@transaction.atomic
def next_blind(
    *, actor: Actor, now: datetime, policy: Policy, email_digest: str = "", before: UUID | None = None
) -> BlindReview | None:
    """What this member of staff should look at next; None where there is nothing for them.

    `before` is what they had before them: that again, while it is theirs to judge. What comes next changes with what
    colleagues judge. `email_digest` is their own (R-01). Whether it is a link or a decoy is on the row: doors show
    `blind_sides` of it, and nothing else.
    """
    if actor.role != Role.STAFF:
        return None
    _lay_decoys(now=now, policy=policy)
    due = blind.due_to(actor.ident).select_related("request")
    rows = list(due.filter(pk=before)) if before else []
    rows = rows or list(due.order_by("chosen_at", "id")[:SHOWN_FROM])
    fine = [each for each in rows if not is_own(request=each.request, actor=actor, email_digest=email_digest)]
    return min(fine, key=lambda each: digest(f"next for {actor.ident}", str(each.pk)), default=None)


def _lay_decoys(*, now: datetime, policy: Policy) -> None:
    """Mix in as many pairs that nobody linked as the policy wants, if there are any that look alike (R-44)."""
    links, decoys = blind.chosen(since=now - timedelta(days=policy.link_precision_window_days))
    missing = rules.decoys_wanted(links=links, decoys=decoys, share=policy.blind_decoy_share)
    if not missing:
        return
    near = sorted(blind.near_misses(at=now), key=lambda each: digest("decoy", str(each.pk)))[:missing]
    BlindReview.objects.bulk_create(
        [
            BlindReview(
                request_id=each.request_id, person_id=each.person_id, decoy=True, model_version=each.model_version,
                chosen_at=now,
            )
            for each in near
        ],
        ignore_conflicts=True,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class BlindSides:
    """What a reviewer is shown: what the applicant said, and what was on file then. Identifiers are their type and last
    four characters, and `same_identifiers` the types that are equal on both sides. `address_hidden`: a programme keeps
    the address on file secret. Nothing of what was decided, no weight and no probability is in it."""

    applicant: PersonDetails
    on_file: PersonDetails
    identifiers_said: tuple[tuple[str, str], ...]
    identifiers_on_file: tuple[tuple[str, str], ...]
    same_identifiers: frozenset[str]
    address_hidden: bool


def blind_sides(review: BlindReview) -> BlindSides:
    """Both sides as they were when the request was decided. NotAllowed("unknown_review") where the person is gone."""
    when = review.request.established_at or review.chosen_at
    person = as_of.person(str(review.person_id), as_of.Moments(when, when))
    if person is None:
        raise NotAllowed("unknown_review")
    said, held = applicant(review.request.answers), list(person.identifiers.all())
    hidden = as_of.is_protected(person)
    on_file = persons.details_of(person, open_identifiers=False)
    digests = {(each.id_type, each.digest) for each in held}
    given = [(each.id_type, normal_identifier(each.value)) for each in said.identifiers]
    return BlindSides(
        applicant=_without_identifiers(said),
        on_file=_without_identifiers(on_file, addresses=not hidden),
        identifiers_said=tuple((kind, value[-4:]) for kind, value in given),
        identifiers_on_file=tuple((each.id_type, each.last_four) for each in held),
        same_identifiers=frozenset(kind for kind, value in given if (kind, digest(kind, value)) in digests),
        address_hidden=hidden,
    )


def _without_identifiers(details: PersonDetails, *, addresses: bool = True) -> PersonDetails:
    return replace(details, identifiers=(), addresses=details.addresses if addresses else ())


@transaction.atomic
def decide_blind(
    *,
    review_id: UUID,
    verdict: str,
    reason: str,
    actor: Actor,
    now: datetime,
    policy: Policy,
    email_digest: str = "",
) -> None:
    """Keep what somebody says who looked again: "same", "other" or "unsure". They are not told what it was.

    "other" about a link opens a case for a supervisor and leaves the link as it is (`flow.undo_link` undoes it); where
    too few links of the policy's window are right, automatic links are off with this very transaction (R-42).
    NotAllowed("unknown_review") where it is not theirs to judge, ("decided_already"); Invalid (R-41).
    """
    review = _locked(review_id)
    if review is None or actor.role != Role.STAFF:
        raise NotAllowed("unknown_review")
    if review.verdict:
        raise NotAllowed("decided_already")
    if not _had_no_part(review, actor, email_digest):
        raise NotAllowed("unknown_review")
    words = clean_text(reason)[:4000]
    if problems := list(rules.verdict_is_possible(verdict, words)):
        raise Invalid(problems)
    _keep(review, verdict, words, by=actor.origin, now=now)
    acts.note(
        subject=f"person:{review.person_id}", what="looked_at_again", actor=actor, now=now,
        data={"review": str(review.pk), "verdict": verdict},
    )  # fmt: skip
    if verdict == "other" and not review.decoy:
        _open_case(review, now=now)
        _stop_where_too_many_are_wrong(now=now, policy=policy)


def _locked(review_id: UUID) -> BlindReview | None:
    """The review with its request, both held; the request first, as everybody does who holds more than it."""
    found = BlindReview.objects.filter(pk=review_id).values_list("request_id", flat=True).first()
    if found is None:
        return None
    request = Request.objects.select_for_update().get(pk=found)
    review = BlindReview.objects.select_for_update().get(pk=review_id)
    review.request = request
    return review


def _had_no_part(review: BlindReview, actor: Actor, email_digest: str) -> bool:
    events = review.request.events.filter(role=str(Role.STAFF), actor=actor.ident[:80])
    beside = review.request.blind_reviews.filter(decided_by=actor.origin)
    return rules.had_no_part(
        is_own=is_own(request=review.request, actor=actor, email_digest=email_digest),
        acted=events.exists(),
        saw_another_of_it=beside.exists(),
    )


def _keep(review: BlindReview, verdict: str, words: str, *, by: str, now: datetime) -> None:
    review.verdict, review.decided_by, review.decided_at = verdict, by, now
    if words:
        review.reason = words
    review.save(update_fields=["verdict", "sealed_reason", "decided_by", "decided_at"])


def _open_case(review: BlindReview, *, now: datetime) -> None:
    """A supervisor looks at it; the link stays until somebody undoes it."""
    request = review.request
    RedFlag.objects.create(
        trigger="wrong_link", request=request, account=request.account, person_id=review.person_id, opened_at=now,
        data={"review": str(review.pk), "link": str(review.link_id)},
    )  # fmt: skip
    history.append(request, "link_doubted", actor=MACHINE, now=now, data={"person": str(review.person_id)})
    request.save(update_fields=["events_written", "chain_head"])


def note_undone(link: PersonLink, *, actor: Actor, now: datetime, policy: Policy) -> None:
    """Staff undid a link that was chosen to be looked at again: it was wrong, whatever was or would have been said."""
    review = BlindReview.objects.select_for_update().filter(link=link).exclude(verdict="other").first()
    if review is None:
        return
    _keep(review, "other", "", by=actor.origin, now=now)
    _stop_where_too_many_are_wrong(now=now, policy=policy)


# ---------------------------------------------------------------- the switch


def _stop_where_too_many_are_wrong(*, now: datetime, policy: Policy) -> None:
    """Turn automatic links off where the links looked at again in the window are not right often enough.

    The window begins anew when somebody turned them on: they have judged what came before, and a verdict given since
    then counts, about an older link too.
    """
    _one_at_a_time()
    last = LinkSwitch.objects.order_by("-id").first()
    if last is not None and not last.on:
        return
    since = now - timedelta(days=policy.link_precision_window_days)
    found = linking.counted(since=max(since, last.at) if last else since)
    if rules.precision_holds(right=found.right, wrong=found.wrong, floor=policy.link_precision_floor):
        return
    said = found.right + found.wrong
    LinkSwitch.objects.create(at=now, on=False, by="machine", why="precision_fell", sampled=said, wrong=found.wrong)
    acts.note(subject=LINKS, what="links_off", actor=MACHINE, now=now, data={"sampled": said, "wrong": found.wrong})
    log.error("automatic links are off", sampled=said, wrong=found.wrong, floor=policy.link_precision_floor)


@transaction.atomic
def switch_links(*, on: bool, reason: str, is_supervisor: bool, actor: Actor, now: datetime) -> LinkSwitch:
    """Turn automatic links on or off by hand. NotAllowed("not_allowed") to who is not staff, ("switched_already");
    Invalid (R-43). What was wrong before they are turned on does not turn them off again."""
    if actor.role != Role.STAFF:
        raise NotAllowed("not_allowed")
    words = clean_text(reason)[:400]
    if problems := list(rules.switching_is_possible(is_supervisor=is_supervisor, reason=words)):
        raise Invalid(problems)
    _one_at_a_time()
    if linking.links_are_on() is on:
        raise NotAllowed("switched_already")
    row = LinkSwitch.objects.create(at=now, on=on, by=actor.origin, why="by_hand", reason=words)
    acts.note(subject=LINKS, what="links_on" if on else "links_off", actor=actor, now=now)
    log.warning("automatic links are " + ("on" if on else "off"), by="staff")
    return row


def _one_at_a_time() -> None:
    """Of two verdicts at the same moment the second counts the first."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", ["keyturn link switch"])
