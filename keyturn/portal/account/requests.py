"""What did they, and others on their accounts, ask for, and where does each of it stand?"""

from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext
from django.utils.translation import gettext as _

from keyturn import flow
from keyturn.flow import sentences
from keyturn.journeys import JOURNEYS, Kind
from keyturn.look import brand
from keyturn.look.parts import Part, problems_of
from keyturn.portal import uploads
from keyturn.portal.account import own_data, pending, said
from keyturn.portal.account.changing import differences_of
from keyturn.portal.account.desk import address_of, desk_for
from keyturn.portal.account.door import Visit, signed_in
from keyturn.portal.dates import written
from keyturn.portal.rows import rows_of
from keyturn.portal.walk import Walk
from keyturn.portal.way import advice_of, heading_of, status_of, tag_of, way_of
from keyturn.records.queries import documents, my_requests, persons, requests
from keyturn.records.queries.my_requests import Asker
from keyturn.terms.days import local_date
from keyturn.terms.errors import Invalid, NotAllowed
from keyturn.terms.request import Status

AT_ONCE = 25
OPEN = (Status.PROCESSING, Status.NEEDS_CUSTOMER, Status.IN_REVIEW, Status.WAITING, Status.STUCK)


@signed_in
def listed(visit: Visit) -> HttpResponse:
    """All of it, the newest first."""
    page = _page(visit)
    found = my_requests.listed(visit.user.pk, at=visit.now, start=(page - 1) * AT_ONCE, most=AT_ONCE + 1)
    shown = found[:AT_ONCE]
    askers = my_requests.askers(shown)
    names = persons.names_of([each.behalf for each in askers.values() if each.behalf], at=visit.now)
    rows = [
        {
            "reference": each.reference, "title": gettext(JOURNEYS[each.journey].title), "tag": tag_of(each),
            "day": written(local_date(each.submitted_at or each.created_at, visit.policy)),
            "who": who(visit, askers[each.pk], names), "is_draft": each.submitted_at is None,
        }
        for each in shown
    ]  # fmt: skip
    return visit.show(
        "requests.html", back="/account", rows=rows, before=page - 1, after=page + 1 if len(found) > AT_ONCE else 0
    )


def _page(visit: Visit) -> int:
    text = visit.request.GET.get("page", "1")
    return max(int(text), 1) if text.isdecimal() and len(text) < 6 else 1


def who(visit: Visit, asker: Asker, names: dict[Any, str]) -> str:
    """Who asked, and for whom."""
    if asker.user_id == visit.user.pk:
        text = _("You")
    elif asker.user_id:
        text = said.masked_email(asker.email)
    else:
        text = {"staff": _("Our staff"), "partner": _("By phone or through a partner")}.get(
            asker.role, _("Without signing in")
        )
    behalf = next((name for key, name in names.items() if str(key) == asker.behalf), "")
    return _("%(who)s, for %(name)s") % {"who": text, "name": behalf} if behalf else text


@signed_in
@uploads.takes_files
def status(visit: Visit, reference: str) -> HttpResponse:
    """One request. What staff asked is answered here; a draft is gone on with."""
    found = _seen(visit, reference)
    if JOURNEYS[found.journey].kind is Kind.CLAIM and _is_own(visit, found) and _claim_is_open(found):
        return redirect("portal:claim")
    over = found.due_at is not None and found.due_at <= visit.now  # kept for as long as we promised
    if found.submitted_at is None and not found.ended_at and not over:
        if found.user_id == visit.user.pk and JOURNEYS[found.journey].kind is not Kind.START:
            desk = desk_for(visit, found)
            return redirect(address_of(found, desk.walk.furthest()))
        raise Http404
    if visit.request.method == "POST" and _is_asked(visit, found):
        return _reply(visit, found)
    before = visit.typed_before()
    return _show(visit, found, typed=before.get("reply", "") if before else "")


def _claim_is_open(found: Any) -> bool:
    """A draft, or one that waits for its code: it has pages of its own (portal/claiming.py)."""
    return not found.ended_at and (
        found.submitted_at is None or (found.standing == "customer" and found.step == "verify")
    )


def _seen(visit: Visit, reference: str) -> Any:
    found = my_requests.seen_by(visit.user.pk, requests.normal_reference(reference), at=visit.now)
    if found is None:
        raise Http404
    return found


def _is_own(visit: Visit, found: Any) -> bool:
    return bool(found.user_id == visit.user.pk)


def _is_asked(visit: Visit, found: Any) -> bool:
    return _is_own(visit, found) and status_of(found) is Status.NEEDS_CUSTOMER and bool(requests.open_question(found))


def _actor(visit: Visit, found: Any) -> Any:
    behalf = my_requests.askers([found])[found.pk].behalf
    return visit.actor(on_behalf_of=f"person:{behalf}" if behalf else "")


def _reply(visit: Visit, found: Any) -> HttpResponse:
    typed, actor = visit.request.POST.get("reply", "").strip()[:4000], _actor(visit, found)
    try:
        files = uploads.receive(
            visit.request,
            request_id=found.pk,
            purposes={"papers": "reply"},
            actor=actor,
            now=visit.now,
            policy=visit.policy,
        )
        if files.pressed or files.problems:
            wrong = sentences.by_field(files.problems).get("papers", "")
            return _show(visit, _seen(visit, found.reference), typed=typed, file_error=wrong)
        flow.reply(request_id=found.pk, text=typed, actor=actor, now=visit.now, policy=visit.policy)
    except Invalid as refused:
        if {"Y-10", "Y-12"} & {each.rule for each in refused.findings}:
            return redirect(address_of(found, "check"))  # what was changed is sent from there, after a new proof
        return _show(visit, found, typed=typed, error=_("Write your answer, then send it."))
    except NotAllowed:
        pass  # answered in another window, or too late: the page says how it stands
    return redirect("account:request", found.reference)


def _show(
    visit: Visit, found: Any, *, typed: str = "", error: str = "", file_error: str = "", banners: Any = ()
) -> HttpResponse:
    field = Part("textarea", "reply", _("Your answer"), value=typed, error=error, spellcheck=True)
    papers = documents.of_request(found) if _is_own(visit, found) else []
    asked_for = uploads.part(
        "papers", [each for each in papers if each.purpose == "reply"], label=_("Add a document (optional)"), optional=False,
        error=file_error, hint=_("If we asked for one: take a photo of it."),
    )  # fmt: skip
    asker = my_requests.askers([found])[found.pk]
    names = persons.names_of([asker.behalf] if asker.behalf else [], at=visit.now)
    wrong = bool(error or file_error)
    account = next((each for each in visit.accounts if each.account.pk == found.account_id), None)
    conflict = _is_own(visit, found) and status_of(found) is Status.NEEDS_CUSTOMER and not requests.open_question(found)
    return visit.show(
        "request.html", back="/account/requests", reference=found.reference, title=gettext(JOURNEYS[found.journey].title),
        tag=tag_of(found), heading=heading_of(found), way=way_of(found), advice=advice_of(found, phone=brand.current().phone),
        said=_reason(found), question=requests.open_question(found) if _is_asked(visit, found) else "", reply=field, asked_for=asked_for,
        go_on=address_of(found, "check") if conflict else "", who=who(visit, asker, names), papers=papers, acting=visit.acting_for(account),
        may_withdraw=_may_withdraw(visit, found), problems=problems_of((field, asked_for)) if wrong else (), banners=list(banners),
        status=422 if wrong else 200, **_content(visit, found),
    )  # fmt: skip


def _content(visit: Visit, found: Any) -> dict[str, Any]:
    """What was asked for: old and new of a change, the answers of anything else."""
    if JOURNEYS[found.journey].kind is Kind.CHANGE:
        return {"differences": differences_of(visit, found, pending.wishes_of(found))}
    walk = Walk(JOURNEYS[found.journey], found.answers, proved=True)
    return {"rows": [row for row in rows_of(walk, {}) if row["lines"]], "stayed": own_data.stayed(found)}


def _reason(found: Any) -> str:
    if status_of(found) is not Status.REFUSED:
        return ""
    texts = (requests.reason(found), *sentences.by_field(requests.findings_of(found)).values())
    return next((text for text in texts if text), "")


def _may_withdraw(visit: Visit, found: Any) -> bool:
    return _is_own(visit, found) and status_of(found) in OPEN and not found.established_at


@signed_in
def withdraw(visit: Visit, reference: str) -> HttpResponse:
    """Take it back, after one more question."""
    found = _seen(visit, reference)
    if not _may_withdraw(visit, found):
        return redirect("account:request", found.reference)
    if visit.request.method != "POST":
        return visit.show(
            "withdraw.html", back=f"/account/requests/{found.reference}", reference=found.reference,
            title=gettext(JOURNEYS[found.journey].title),
        )  # fmt: skip
    try:
        flow.withdraw(request_id=found.pk, actor=_actor(visit, found), now=visit.now)
    except NotAllowed:
        banner = {"title": _("It is too late to withdraw this"), "text": _("We have begun to make it. Call us, and we see what can be done."), "tone": "wait", "urgent": True}  # fmt: skip
        return _show(visit, _seen(visit, reference), banners=[banner])
    return redirect("account:request", found.reference)
