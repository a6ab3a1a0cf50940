"""How does somebody who is signed in connect an account that is theirs, page by page (2.5-2.12)?

Every page is the same for an account that is there and for one that is not: nothing here reads what was found (T-32).
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import get_language, gettext, pgettext
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache

from keyturn import flow
from keyturn.flow import sentences
from keyturn.journeys import JOURNEYS
from keyturn.journeys.journey import Page
from keyturn.look.parts import Part, Problem, problems_of
from keyturn.portal import forms, uploads
from keyturn.portal import seat as seats
from keyturn.portal.account.door import Visit, signed_in
from keyturn.portal.desk import show
from keyturn.portal.forms import Setting
from keyturn.portal.proof import code_field
from keyturn.portal.way import status_of
from keyturn.records.queries import claims, requests
from keyturn.signin.adapter import address_of
from keyturn.signin.logins import begin_login_for
from keyturn.signin.proof import prove_again, recently_proved
from keyturn.terms import verification
from keyturn.terms.errors import Invalid, NotAllowed
from keyturn.terms.finding import Finding
from keyturn.terms.request import Status, Step

JOURNEY = JOURNEYS["link_account"]
CODES = ("sms", "email", "letter")
NEXT = {"line": "details", "details": "proof", "document": "done"}
BEFORE = {"line": "", "details": "/line", "proof": "/details", "document": "/proof"}


@signed_in
def claim(visit: Visit) -> HttpResponse:
    """Before the first page: what it takes; and what is open already."""
    if visit.request.method == "POST":
        return _begin(visit)
    open_claim = flow.open_claim(user=visit.user, now=visit.now)
    waits = open_claim is not None and open_claim.submitted_at is not None
    checked = claims.latest(visit.user.pk)
    return visit.show(
        "../claim/start.html", back="/account", waits=waits and open_claim.answers.get("proof") in CODES,
        question=requests.open_question(open_claim) if waits else "", reference=open_claim.reference if waits else "",
        in_review=checked is not None and status_of(checked) is Status.IN_REVIEW,
    )  # fmt: skip


def _begin(visit: Visit) -> HttpResponse:
    language = (get_language() or "en")[:2]
    try:
        draft = flow.begin_claim(user=visit.user, language=language, now=visit.now, policy=visit.policy)
    except NotAllowed:
        return show(
            visit.request, "notice.html", title=_("First prove your e-mail address"), link="/signin/email",
            link_text=_("Prove it now"), status=409,
            paragraphs=[_("Before you connect an account, we must know that your e-mail address is yours.")],
        )  # fmt: skip
    lines = verification.lines(visit.policy.verification)
    if len(lines) == 1:
        _answer(visit, draft, {"line_of_business": lines[0]})
        return _go("details")
    return _go("line")


def _go(name: str) -> HttpResponse:
    return redirect(f"/account/claim/{name}" if name else "/account/claim")


@signed_in
@uploads.takes_files
def page(visit: Visit, name: str) -> HttpResponse:
    """One page of questions."""
    asked, draft = JOURNEY.page(name), flow.open_claim(user=visit.user, now=visit.now)
    if draft is None or (draft.submitted_at and draft.step == Step.REVIEW):
        return _go("")
    if asked is None or not asked.shown_if(draft.answers):
        raise Http404
    asked = _only_asked(visit, asked, draft.answers)
    if not asked.questions:
        return _go("line")
    if visit.request.method == "POST":
        return _take(visit, draft, asked)
    return _show(visit, asked, draft.answers, [])


def _only_asked(visit: Visit, asked: Page, answers: Mapping[str, Any]) -> Page:
    """The details that the utility's policy wants, in its order."""
    if asked.name != "details":
        return asked
    fields = verification.fields_of(visit.policy.verification, str(answers.get("line_of_business") or ""))
    return replace(asked, questions=tuple(JOURNEY.questions[each] for each in fields))


def _take(visit: Visit, draft: Any, asked: Page) -> HttpResponse:
    typed = forms.answers_in(asked, visit.request.POST, draft.answers)
    files = uploads.receive(
        visit.request, request_id=draft.pk, purposes=uploads.purposes_on(asked), actor=visit.actor(), now=visit.now,
        policy=visit.policy,
    )  # fmt: skip
    answers, problems = _answer(visit, draft, typed) if typed else (_fresh(draft).answers, [])
    if files.pressed and not files.problems:
        return _go(asked.name)
    if files.problems:
        return _show(visit, asked, answers, files.problems)
    problems = [*problems, *_missing(asked, answers)]
    if not problems:
        problems = [each for each in _mistakes(visit, draft) if each.field in {q.name for q in asked.questions}]
    if problems:
        return _show(visit, asked, {**answers, **{n: v for n, v in typed.items() if v is not None}}, problems)
    if asked.name in NEXT and asked.name != "document":
        return _go(NEXT[asked.name])
    if asked.name == "proof" and answers.get("proof") == "desk":
        return _go("document")
    return _send(visit, draft, asked, answers)


def _answer(visit: Visit, draft: Any, typed: Mapping[str, Any]) -> tuple[Mapping[str, Any], list[Finding]]:
    request, problems = flow.answer(
        request_id=draft.pk, answers=typed, actor=visit.actor(), now=visit.now, policy=visit.policy
    )
    return request.answers, problems


def _fresh(draft: Any) -> Any:
    return requests.by_id(draft.pk)


def _missing(asked: Page, answers: Mapping[str, Any]) -> list[Finding]:
    return [Finding("G-05", each.name) for each in asked.questions if each.required and not answers.get(each.name)]


def _mistakes(visit: Visit, draft: Any) -> list[Finding]:
    """What the form's own rules find: nothing is looked up for them but the login's own accounts."""
    found = flow.lacking(request=_fresh(draft), now=visit.now, policy=visit.policy)
    return [each for each in found if not each.rule.startswith("Y-")]  # the proof is still to come


def _send(visit: Visit, draft: Any, asked: Page, answers: Mapping[str, Any]) -> HttpResponse:
    """Record and enqueue; the worker does the rest."""
    try:
        flow.claim(
            request_id=draft.pk,
            client=address_of(visit.request),
            actor=visit.actor(),
            now=visit.now,
            policy=visit.policy,
        )
    except Invalid as refused:
        return _show(visit, asked, answers, list(refused.findings))
    return _go("code" if answers.get("proof") in CODES else "done")


def _show(visit: Visit, asked: Page, answers: Mapping[str, Any], problems: list[Finding]) -> HttpResponse:
    problems = [_with_time(visit, each) for each in problems]
    said = sentences.by_field(problems)
    offered = {
        "proof": flow.proofs_for(user=visit.user, policy=visit.policy),
        "line_of_business": verification.lines(visit.policy.verification),
    }
    parts = forms.parts_of(asked, answers, said, Setting(offered))
    names = {each.name for each in asked.questions}
    elsewhere = [Problem(text, "") for field, text in said.items() if field not in names]
    single = bool(forms.heading_of(asked))
    return visit.show(
        "../claim/page.html", name=asked.name, title=gettext(asked.title), single=single, parts=parts,
        problems=(*problems_of(parts), *elsewhere), back=f"/account/claim{BEFORE[asked.name]}",
        files=bool(uploads.purposes_on(asked)), lead=LEADS.get(asked.name, lambda: "")(), aside=ASIDES[asked.name](),
        last=asked.name in ("proof", "document"), status=422 if problems else 200,
    )  # fmt: skip


LEADS = {
    "details": lambda: _("Copy these from a bill. You need not know all of them."),
}
ASIDES = {
    "line": lambda: _("For a business we ask for its name instead of yours."),
    "details": lambda: _("These help us find the account. They do not prove that it is yours: that comes next."),
    "proof": lambda: _(
        "We use only what was on file before today, and never a number or an address that is typed now. For your"
        " safety we do not show it here."
    ),
    "document": lambda: _("A member of our staff compares the document with the account, and we write to you."),
}


def _with_time(visit: Visit, found: Finding) -> Finding:
    """Y-23 says until when, on the clock of the utility."""
    if found.rule != "Y-23":
        return found
    at = timezone.localtime(datetime.fromisoformat(found.params["at"]))
    clock = pgettext("the format of a time of day, as Django's date filter has it", "g:i A")
    return replace(found, params={"at": date_format(at, clock)})


@signed_in
def code(visit: Visit) -> HttpResponse:
    """Enter the code; or ask for another, or choose another proof."""
    draft = flow.open_claim(user=visit.user, now=visit.now)
    if draft is None or draft.submitted_at is None or draft.step != Step.VERIFY:
        return _go("done" if draft is None else "proof")
    if visit.request.method != "POST":
        return _show_code(visit, draft, "", [])
    if visit.request.POST.get("again"):
        try:
            flow.claim(
                request_id=draft.pk, client=address_of(visit.request), actor=visit.actor(), now=visit.now,
                policy=visit.policy,
            )  # fmt: skip
        except Invalid as refused:
            return _show_code(visit, draft, "", [_with_time(visit, each) for each in refused.findings])
        return _show_code(visit, draft, "", [], sent=True)
    typed = visit.request.POST.get("code", "").strip()[:40]
    try:
        problems = (
            flow.try_claim_code(
                request_id=draft.pk, code=typed, client=address_of(visit.request), actor=visit.actor(), now=visit.now,
                policy=visit.policy,
            )
            if typed
            else [Finding("G-05", "code")]
        )  # fmt: skip
    except NotAllowed:
        return _go("")
    return _show_code(visit, draft, typed, problems) if problems else _go("done")


def _show_code(visit: Visit, draft: Any, typed: str, problems: list[Finding], *, sent: bool = False) -> HttpResponse:
    said = sentences.by_field(problems)
    field = code_field(typed, said.get("code", ""))
    proof = str(draft.answers.get("proof"))
    banner = {"title": _("We have asked for a new code"), "text": _("Only the newest one works."), "tone": "good"}
    waiting = {
        "sms": _("If these details fit an account, and there is a mobile number for it that we can use, a code arrives there within a minute."),
        "email": _("If these details fit an account, and there is an e-mail address for it that we can use, a code arrives there within a minute."),
        "letter": _("If these details fit an account, and there is a mailing address for it that we can use, a letter with a code arrives there in about a week."),
    }  # fmt: skip
    elsewhere = [Problem(text, "") for name, text in said.items() if name != "code"]
    return visit.show(
        "../claim/code.html", field=field, lead=waiting.get(proof, waiting["sms"]), back="/account/claim/proof",
        is_letter=proof == "letter", holds=_holds(visit, proof), banners=[banner] if sent else [],
        problems=(*problems_of((field,)), *elsewhere), status=422 if problems else 200,
    )  # fmt: skip


def _holds(visit: Visit, proof: str) -> str:
    policy = visit.policy
    if proof == "letter":
        return _("The code works once, within %(days)s days. You can sign out and come back.") % {
            "days": policy.claim_letter_days
        }
    if proof == "email":
        return _("It works once, within %(hours)s hours.") % {"hours": policy.claim_email_hours}
    return _("It works once, within %(minutes)s minutes.") % {"minutes": policy.claim_sms_minutes}


@signed_in
def done(visit: Visit) -> HttpResponse:
    """After the proof: connected, being connected, or being looked at."""
    found = claims.latest(visit.user.pk)
    if found is None or found.submitted_at is None:
        return _go("")
    status = status_of(found)
    if status is Status.NEEDS_CUSTOMER:
        if found.answers.get("proof") in CODES or requests.open_question(found):
            return _go("code" if found.step == Step.VERIFY else "")
        problems = [Problem(_("We could not connect an account in this way. Choose another one, or call us."), "")]
        return visit.show("../claim/failed.html", problems=problems, back="/account/claim/details", status=200)
    return visit.show(
        "../claim/done.html", back="", connected=bool(found.established_at), in_review=status is Status.IN_REVIEW,
        over=status in (Status.REFUSED, Status.WITHDRAWN), reference=found.reference,
    )  # fmt: skip


@signed_in
def link(visit: Visit, ident: Any) -> HttpResponse:
    """What the login calls this account, and how it gives it up."""
    seen = visit.account(ident)
    posted = visit.request.POST
    field = Part(
        "text", "nickname", _("Name for this account"), value=seen.nickname, optional=True, width=20, longest=60,
        hint=_("For example “My mother's house”. Only you see it."),
    )  # fmt: skip
    problems: list[Problem] = []
    if visit.request.method == "POST" and posted.get("act") == "name":
        flow.name_account(
            user=visit.user, account_id=seen.account.pk, nickname=posted.get("nickname", ""), now=visit.now
        )
        return redirect("account:account", seen.account.pk)
    if visit.request.method == "POST" and posted.get("act") == "unlink":
        if not recently_proved(visit.request):
            return prove_again(visit.request, visit.request.path)
        try:
            flow.unlink(user=visit.user, account_id=seen.account.pk, now=visit.now)
        except Invalid as refused:
            problems = [Problem(sentences.sentence(each), "") for each in refused.findings]
        else:
            return redirect("account:home")
    return visit.show(
        "../claim/link.html", field=field, problems=problems, back=f"/account/accounts/{seen.account.pk}",
        status=422 if problems else 200,
    )  # fmt: skip


@never_cache
def login_at_the_end(request: HttpRequest) -> HttpResponse:
    """A login for who has just asked for service and proved their e-mail in this very session (2.20).

    Whoever has a login already, or did not prove it here, comes to the page on which one signs in: both look alike (I7).
    """
    seat, now = seats.of(request), timezone.now()
    sent = requests.by_id(seat.draft_id) if seat.draft_id else None
    if request.method != "POST" or sent is None or sent.submitted_at is None or not seat.may_see(sent.reference, now):
        return redirect("portal:done")
    made = begin_login_for(request, email=str(sent.answers.get("email", "")), now=now)
    if made is None:
        return redirect("/signin?next=/account")
    flow.keep_login(request_id=sent.pk, user=request.user, actor=seat.actor, now=now, policy=settings.KEYTURN_POLICY)  # type: ignore[arg-type]
    return made


@never_cache
def stop(request: HttpRequest, token: str) -> HttpResponse:
    """It was not me: end a new link, without signing in. Opening the page does nothing, for mail scanners open links."""
    now = timezone.now()
    if request.method == "POST" and flow.stop_link(token=token, now=now):
        return show(
            request, "notice.html", title=_("We have ended it"), link="/signin", link_text=_("Sign in"),
            paragraphs=[
                _("The login is not connected to your account any more. Our staff will look at what happened."),
                _("If you have a question, call us. We will not ask for your password."),
            ],
        )  # fmt: skip
    if not flow.stoppable(token=token, now=now):
        return show(
            request, "notice.html", title=_("This link does not work any more"), link="/account", link_text=_("Your account"),
            status=410, paragraphs=[_("It was used already, or it is too old. If something on your account is not right, call us at once.")],
        )  # fmt: skip
    return show(
        request, "notice.html", title=_("End this connection?"), form_button=_("It was not me: end it"), warning=True,
        paragraphs=[
            _("A login to our website was connected to your account."),
            _("If it was you, or somebody you know of, close this page. If it was not, end it here."),
        ],
    )  # fmt: skip
