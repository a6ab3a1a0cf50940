"""How does a signed-in customer change something: begin, answer, check old and new, send?

The questions themselves are asked by the one engine for every journey (`portal/questions.py`, `portal/proof.py`).
"""

from datetime import timedelta
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext as _

from keyturn import flow
from keyturn.flow import sentences
from keyturn.journeys import JOURNEYS, Kind
from keyturn.look.parts import Problem
from keyturn.portal import dates, forms, proof, questions, uploads
from keyturn.portal.account import home, inviting, pending, said
from keyturn.portal.account.desk import ChangeDesk, address_of, at_change, desk_for, own_choices
from keyturn.portal.account.door import Visit, signed_in
from keyturn.portal.rows import rows_of
from keyturn.records.queries import my_information, requests
from keyturn.signin.proof import prove_again, recently_proved
from keyturn.terms.errors import Invalid, NotAllowed, StaleVersion
from keyturn.terms.finding import Finding
from keyturn.terms.levels import Level
from keyturn.terms.slots import ALL, Wish


@signed_in
def begin(visit: Visit) -> HttpResponse:
    """A button was pressed: open the draft, and go to its first page (or the one named in `to`)."""
    posted = visit.request.POST
    if visit.request.method != "POST":  # what was to be changed is not in the address
        return redirect("account:home")
    journey = JOURNEYS.get(posted.get("journey", ""))
    if journey is None or journey.kind is Kind.START:
        raise Http404
    about = posted.get("account", "")
    if about:
        visit.account(about, level=Level.MANAGE)
    given = {each.name: posted[each.name][:100] for each in journey.given if posted.get(each.name)}
    try:
        draft = flow.begin_change(
            journey=journey.name, user=visit.user, account_id=visit.account(about).account.pk if about else None,
            person_id=None if about else visit.person(posted.get("person", "")).pk, answers=given,
            language=get_language() or "en", now=visit.now, policy=visit.policy,
        )  # fmt: skip
    except NotAllowed:
        raise Http404 from None
    if given.get("act") == "prove":
        flow.send_code(request_id=draft.pk, purpose="prove", now=visit.now, policy=visit.policy)
        return redirect("account:change_prove", draft.reference)
    desk = _with_the_only_account(desk_for(visit, requests.by_id(draft.pk)))
    names = desk.walk.names
    return redirect(address_of(draft, posted["to"] if posted.get("to") in names else names[0]))


def _with_the_only_account(desk: ChangeDesk) -> ChangeDesk:
    """Nobody is asked for which of one account."""
    if "accounts" not in desk.walk.skipped or "accounts" not in desk.walk.journey.questions:
        return desk
    only = str(own_choices(desk.visit, desk.draft)[0].account.pk) if desk.draft.account_id else ALL
    if desk.answers.get("accounts") != [only]:
        flow.answer(
            request_id=desk.draft.pk, answers={"accounts": [only]}, actor=desk.actor, now=desk.now, policy=desk.policy
        )
    return desk.again()


page = uploads.takes_files(at_change(questions.page_of))
code = at_change(proof.code_of)


@signed_in
def stay(visit: Visit) -> HttpResponse:
    """Somebody pressed "Stay on this page": the sign-in is noted as used."""
    return HttpResponse(status=204)


# ---- check and send


@at_change
def check(desk: ChangeDesk) -> HttpResponse:
    """What it is now, what it will be, and what happens then; the button sends it once."""
    barrier = desk.walk.barrier("check")
    if barrier:
        return desk.go(barrier)
    if desk.answers.get("act") == "prove":
        return redirect("account:change_prove", desk.draft.reference)
    if flow.differences(request=desk.draft, now=desk.now):
        return redirect("account:change_choose", desk.draft.reference)
    if flow.is_sensitive(request=desk.draft, policy=desk.policy) and not recently_proved(desk.request):
        return prove_again(desk.request, desk.address("check"))
    if desk.request.method == "POST":
        return _send(desk)
    return _show(desk, [])


def _send(desk: ChangeDesk) -> HttpResponse:
    seen = desk.request.POST.get("version", "")
    version = int(seen) if seen.isdecimal() and len(seen) < 10 else 0
    if version != desk.draft.version:
        return _changed_elsewhere(desk)
    try:
        if flow.is_sensitive(request=desk.draft, policy=desk.policy):
            flow.proved_again(request_id=desk.draft.pk, actor=desk.actor, now=desk.now)
        flow.submit(request_id=desk.draft.pk, actor=desk.actor, now=desk.now, policy=desk.policy)
    except Invalid as refused:
        return _mend(desk, list(refused.findings))
    except StaleVersion:
        return _changed_elsewhere(desk)
    return redirect("account:change_done", desk.draft.reference)


def _changed_elsewhere(desk: ChangeDesk) -> HttpResponse:
    banner = {
        "title": _("You changed something in another window"), "text": _("This is what would be sent now. Check it, and send."),
        "tone": "wait", "urgent": True,
    }  # fmt: skip
    return _show(desk.again(), [], status=409, banners=[banner])


def _mend(desk: ChangeDesk, findings: list[Finding]) -> HttpResponse:
    rules = {found.rule for found in findings}
    if "D-21" in rules and flow.differences(request=desk.draft, now=desk.now):
        return redirect("account:change_choose", desk.draft.reference)
    if "Y-11" in rules:
        return desk.go("code")
    return _show(desk.again(), findings, status=422)


def _show(desk: ChangeDesk, problems: list[Finding], *, status: int = 200, **more: Any) -> HttpResponse:
    draft, wishes = desk.draft, pending.wishes_of(desk.draft)
    if not wishes and desk.walk.journey.kind is Kind.CHANGE and not problems:
        problems = [Finding("V-20", "")]
    texts = list(dict.fromkeys(sentences.sentence(each) for each in problems))
    if desk.walk.journey.kind is Kind.DELEGATE:
        wrong = [Problem(each) for each in texts]
        return desk.show(
            "account/invite_check.html", "check", problems=wrong, status=status, **inviting.check_of(desk), **more
        )
    return desk.show(
        "account/check.html", "check", title=gettext(desk.walk.journey.title), rows=differences_of(desk.visit, draft, wishes),
        answers=[] if wishes else [row for row in rows_of(desk.walk, {}) if row["lines"]], questions=_questions(desk),
        follows=what_follows(desk.visit, draft) if wishes else [], problems=[Problem(each) for each in texts], nothing=not wishes and desk.walk.journey.kind is Kind.CHANGE,
        papers=[name for question in desk.walk.journey.questions for name in _papers(desk, question)],
        status=status, **more,
    )  # fmt: skip


def _papers(desk: Any, name: str) -> list[str]:
    question = desk.walk.journey.questions[name]
    return forms.shown(question, desk.answers.get(name)) if question.ask.value == "documents" else []


def _questions(desk: Any) -> list[dict[str, str]]:
    """The pages to go back to."""
    return [{"title": gettext(each.title), "href": f"{desk.address(each.name)}?check=yes"} for each in desk.walk.pages]


def differences_of(visit: Visit, request: Any, wishes: tuple[Wish, ...]) -> list[dict[str, Any]]:
    """A row for each value: what it is, what it will be, between which days."""
    papers = my_information.last_fours(request.person, at=visit.now) if request.person else {}
    sayer = said.Sayer(home.titles(visit), papers)
    rows = []
    for wish in wishes:
        old = request.seen.get(wish.slot)
        rows.append({
            "label": sayer.label(wish.slot, wish.value, old), "old": sayer.lines(wish.slot, old, beside=wish.value, on_file=True),
            "new": sayer.lines(wish.slot, wish.value, beside=old), "from": dates.shown(wish.from_day) if wish.from_day else "",
            "to": dates.shown(wish.to_day) if wish.to_day else "",
        })  # fmt: skip
    return rows


def what_follows(visit: Visit, request: Any) -> list[str]:
    """What happens when it is sent, in sentences."""
    policy = visit.policy
    match flow.what_follows(request=request, now=visit.now, policy=policy):
        case "propose":
            first = _(
                "A person looks at this change before we make it. That usually takes no longer than %(hours)s hours."
            ) % {"hours": policy.review_promise_hours}
        case "cool_off":
            day = dates.written(home.local(visit.now + timedelta(hours=policy.cooling_off_hours), policy))
            first = _("For your safety we wait %(hours)s hours, and make the change on %(day)s. Until then you can stop it.") % {
                "hours": policy.cooling_off_hours, "day": day,
            }  # fmt: skip
        case _:
            first = _("We make the change within a few minutes.")
    emails, letter = flow.who_is_told(request=request)
    told = ", ".join(said.masked_email(each) for each in emails)
    sentences_ = [first]
    if told:
        sentences_.append(_("We tell you of it at %(emails)s.") % {"emails": told})
    if letter:
        sentences_.append(_("We also send a letter to the address that we have now."))
    return sentences_


@signed_in
def done(visit: Visit, reference: str) -> HttpResponse:
    """It is on its way; the same page however often it was sent."""
    found: Any = requests.by_reference(reference)
    if found is None or found.user_id != visit.user.pk or found.submitted_at is None:
        raise Http404
    if JOURNEYS[found.journey].kind is Kind.DELEGATE:
        return inviting.done(visit, found)
    seen = visit.account(found.account_id) if found.account_id else None
    return visit.show(
        "done.html", back="", reference=found.reference, title=gettext(JOURNEYS[found.journey].title), acting=visit.acting_for(seen),
        where=pending.where(found, visit.policy) if not found.ended_at else "", over=bool(found.ended_at),
        follows=what_follows(visit, found) if found.standing == "machine" and pending.wishes_of(found) else [],
        home=f"/account/accounts/{found.account_id}" if found.account_id else "/account/you",
    )  # fmt: skip
