"""Which rows that are not dated go over to the survivor, and which come back, those made since the merge among them?

What went is noted by its id (`PersonMerge.moved`), what was changed by what it said before (`PersonMerge.kept`).
"""

from datetime import datetime
from typing import Any

from django.db.models import Q

from keyturn.records import consents
from keyturn.records.models import (
    AccountAccess,
    AccountGroup,
    BlindReview,
    Consent,
    DuplicatePair,
    NotSamePerson,
    Person,
    Preference,
    Protection,
    Request,
)
from keyturn.records.queries.blind import VOID
from keyturn.records.queries.joining.later import Ids, Kept, Later, of_person
from keyturn.records.queries.joining.tables import MOVES
from keyturn.terms.merging import stricter

# ---------------------------------------------------------------- two become one


def move(survivor: Person, loser: Person, *, by: str, now: datetime, request: Request) -> tuple[Ids, Kept]:
    """Everything that can go over goes. Answers with what went, and what must be put back as it was."""
    kept: Kept = {
        "own": {name: of_person(table, survivor.pk) for name, table in MOVES.items()},
        "not_same": _not_same(survivor, loser),
        "pairs": _pairs(survivor, loser, by=by, now=now),
        "redirects": _redirects(survivor, loser),
        "preferences": _preferences(survivor, loser, now),
        "groups": _group_names(survivor, loser),
        "withdrawn": _withdrawals(survivor, loser, request=request, now=now),
    }
    kept["stays"] = [
        *kept["preferences"]["stays"],
        *_second_protection(survivor, loser),
        *_second_reviews(survivor, loser),
    ]
    moved = gather(survivor, loser, moved={}, kept=kept)
    kept["void"] = _void_reviews(survivor, kept["stays"], now)
    kept["own"]["consent"] += kept["withdrawn"]
    return moved, kept


def gather(survivor: Person, loser: Person, *, moved: Ids, kept: Kept) -> Ids:
    """Give the survivor every row that is still the loser's, but for those that stay; which they were."""
    found = {}
    for name, table in MOVES.items():
        known = {*kept["stays"], *moved.get(name, ())}
        found[name] = [each for each in of_person(table, loser.pk) if each not in known]
        table.model.objects.filter(pk__in=found[name]).update(person=survivor)
    return found


def _preferences(survivor: Person, loser: Person, now: datetime) -> Kept:
    """Of two wishes about one topic and channel the stricter holds (K-93); the loser's row stays where it is."""
    mine = {(row.topic, row.channel): row for row in Preference.objects.filter(person=survivor)}
    found: Kept = {"stays": [], "changed": {}}
    for row in Preference.objects.filter(person=loser):
        own = mine.get((row.topic, row.channel))
        if own is None:
            continue
        found["stays"].append(str(row.pk))
        state = stricter(own.state, row.state)
        if state != own.state:
            found["changed"][str(own.pk)] = [own.state, own.changed_at.isoformat(), state]
            Preference.objects.filter(pk=own.pk).update(state=state, changed_at=now)
    return found


def _group_names(survivor: Person, loser: Person) -> dict[str, list[str]]:
    """Groups of one name get a number, so that both stay."""
    taken = set(AccountGroup.objects.filter(person=survivor, ended_at=None).values_list("name", flat=True))
    renamed: dict[str, list[str]] = {}
    for group in AccountGroup.objects.filter(person=loser, ended_at=None).order_by("pk"):
        name = group.name
        if name in taken:
            name = next(each for n in range(2, 10_000) if (each := f"{group.name[:90]} ({n})") not in taken)
            renamed[str(group.pk)] = [group.name, name]
            AccountGroup.objects.filter(pk=group.pk).update(name=name)
        taken.add(name)
    return renamed


def _second_protection(survivor: Person, loser: Person) -> list[str]:
    """One programme protects a person; where both have one, the loser's stays with its file."""
    if not Protection.objects.filter(person=survivor, ended_at=None).exists():
        return []
    return [str(pk) for pk in Protection.objects.filter(person=loser, ended_at=None).values_list("pk", flat=True)]


def _second_reviews(survivor: Person, loser: Person) -> list[str]:
    """Of a request that is looked at again beside both of them, the loser's review stays: one of each person is kept."""
    both = BlindReview.objects.filter(person=survivor).values("request")
    return [str(pk) for pk in BlindReview.objects.filter(person=loser, request__in=both).values_list("pk", flat=True)]


def _void_reviews(survivor: Person, stays: list[str], now: datetime) -> list[str]:
    """What nobody can judge any more is closed in the open, and no agreement: a second review of one request, and a pair
    that nobody had linked and that is the very person now."""
    due = BlindReview.objects.filter(verdict="")
    found = due.filter(Q(pk__in=stays) | Q(decoy=True, person=survivor, request__person=survivor))
    ids = [str(pk) for pk in found.values_list("pk", flat=True)]
    due.filter(pk__in=ids).update(verdict=VOID, decided_by="machine:merge", decided_at=now)
    return ids


def _withdrawals(survivor: Person, loser: Person, *, request: Request, now: datetime) -> list[str]:
    """Where one of the two has taken back what the other has given, it is taken back (K-93): an entry more in the ledger."""
    mine, theirs = consents.current(survivor), consents.current(loser)
    written = []
    for key in sorted(mine.keys() & theirs.keys()):
        if mine[key].act == theirs[key].act:
            continue
        said = min((mine[key], theirs[key]), key=lambda each: stricter(each.act, "given") == "given")
        entry = Consent(
            request=request, person=survivor, purpose=key[0], channel=key[1], contact_digest=said.contact_digest,
            act="withdrawn", basis=said.basis, wording=said.wording, wording_version=said.wording_version, language=said.language,
            how="merge", at=now,
        )  # fmt: skip
        entry.save(force_insert=True)
        written.append(str(entry.pk))
    return written


def _not_same(survivor: Person, loser: Person) -> dict[str, list[str]]:
    """That somebody else is not the loser holds for the survivor, too."""
    turned: dict[str, list[str]] = {}
    for row in NotSamePerson.objects.filter(Q(one=loser) | Q(other=loser)):
        third = row.other_id if row.one_id == loser.pk else row.one_id
        if third == survivor.pk:
            continue
        one, other = sorted((survivor.pk, third), key=str)
        standing = NotSamePerson.objects.filter(one_id=one, other_id=other, withdrawn_at=None)
        if row.withdrawn_at is None and standing.exists():
            continue
        turned[str(row.pk)] = [str(row.one_id), str(row.other_id)]
        NotSamePerson.objects.filter(pk=row.pk).update(one_id=one, other_id=other)
    return turned


def _pairs(survivor: Person, loser: Person, *, by: str, now: datetime) -> dict[str, Any]:
    """The pair is decided; those of the loser with others are looked for anew under the survivor."""
    became: dict[str, Any] = {}
    for row in DuplicatePair.objects.filter(Q(one=loser) | Q(other=loser)):
        state = "merged" if survivor.pk in (row.one_id, row.other_id) else "gone"
        if state == "gone" and row.state not in ("held", "open"):
            continue
        became[str(row.pk)] = [row.state, row.decided_by, row.decided_at and row.decided_at.isoformat(), state]
        DuplicatePair.objects.filter(pk=row.pk).update(state=state, decided_by=by, decided_at=now)
    return became


def _redirects(survivor: Person, loser: Person) -> list[str]:
    """Whoever was merged into the loser leads to the survivor at once: a redirect always leads to the end."""
    rows = Person.objects.filter(redirect_to=loser)
    led = [str(pk) for pk in rows.values_list("pk", flat=True)]
    rows.update(redirect_to=survivor)
    return led


# ---------------------------------------------------------------- and two again


def put_back(found: Later, *, kept: Kept, now: datetime) -> None:
    """What went comes back, with what came since and is theirs."""
    for name, ids in found.going.items():
        MOVES[name].model.objects.filter(pk__in=_fitting(name, ids, found.loser)).update(person=found.loser)
    _group_names_back(kept["groups"])
    for ident, (state, changed_at, became) in kept["preferences"]["changed"].items():
        untouched = Preference.objects.filter(pk=ident, state=became, changed_at=datetime.fromisoformat(kept["at"]))
        untouched.update(state=state, changed_at=datetime.fromisoformat(changed_at))
    Consent.objects.filter(pk__in=kept["withdrawn"]).update(person=None)  # stays in the ledger, about nobody
    void = BlindReview.objects.filter(pk__in=kept.get("void", ()), verdict=VOID)
    void.update(verdict="", decided_by="", decided_at=None)
    for ident, (one, other) in kept["not_same"].items():
        NotSamePerson.objects.filter(pk=ident).update(one_id=one, other_id=other)
    AccountAccess.objects.filter(pk__in=found.ending, ended_at=None).update(ended_at=now, ended_by="machine:unmerge")
    for ident, (state, by, at, became) in kept["pairs"].items():
        DuplicatePair.objects.filter(pk=ident, state=became).update(state=state, decided_by=by, decided_at=at)
    Person.objects.filter(pk__in=kept["redirects"], redirect_to=found.survivor).update(redirect_to=found.loser)
    _told_apart_since(found.survivor, found.loser, kept)


def _group_names_back(renamed: Kept) -> None:
    """Once they are the loser's again: the survivor has a group of the old name. A new one of that name keeps it."""
    for ident, (old, name) in renamed.items():
        group = AccountGroup.objects.filter(pk=ident, name=name).first()
        if group is None:
            continue
        taken = AccountGroup.objects.filter(person=group.person_id, name=old, ended_at=None).exclude(pk=ident)
        if group.ended_at is not None or not taken.exists():
            AccountGroup.objects.filter(pk=ident).update(name=old)


def _told_apart_since(survivor: Person, loser: Person, kept: Kept) -> None:
    """Who was said not to be the one person that they were, is neither of the two: nobody can tell which was meant."""
    rows = NotSamePerson.objects.filter(Q(one=survivor) | Q(other=survivor), withdrawn_at=None)
    since = rows.filter(said_at__gte=datetime.fromisoformat(kept["at"])).exclude(pk__in=list(kept["not_same"]))
    for row in since:
        third = row.other_id if row.one_id == survivor.pk else row.one_id
        one, other = sorted((loser.pk, third), key=str)
        if third == loser.pk or NotSamePerson.objects.filter(one_id=one, other_id=other, withdrawn_at=None).exists():
            continue
        NotSamePerson.objects.create(one_id=one, other_id=other, said_by=row.said_by, said_at=row.said_at)
        asked = DuplicatePair.objects.filter(one_id=one, other_id=other, state__in=("held", "open"))
        asked.update(state="not_same", decided_by=row.said_by, decided_at=row.said_at)


def _fitting(name: str, ids: list[str], loser: Person) -> list[str]:
    """Of wishes that came since, none where the loser has one of their own for that topic and channel."""
    if name != Preference._meta.db_table:
        return ids
    there = set(Preference.objects.filter(person=loser).values_list("topic", "channel"))
    rows = Preference.objects.filter(pk__in=ids)
    return [str(row.pk) for row in rows if (row.topic, row.channel) not in there]
