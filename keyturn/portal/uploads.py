"""How does a customer give us files on a page, with or without JavaScript, and get them back?

Reusable by every page with a form: mark the view with `takes_files`, show `part` in it, and call `receive` with what was
posted. Two buttons belong to the field, "add" and "remove"; files that were chosen go with the page's own button, too.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from keyturn import flow
from keyturn.journeys.journey import Ask, Page
from keyturn.look import files
from keyturn.look.parts import Part
from keyturn.portal import seat as seats
from keyturn.records.queries import documents
from keyturn.records.queries.documents import Held
from keyturn.terms.errors import Invalid, NotAllowed
from keyturn.terms.finding import Finding
from keyturn.terms.policy import Policy
from keyturn.terms.request import Actor

View = TypeVar("View", bound=Callable[..., HttpResponse])
KINDS = {"image/jpeg": "JPEG", "image/png": "PNG", "application/pdf": "PDF"}


def takes_files(view: View) -> View:
    """Say that the view's form may bring files (site/uploads.py); to stand below every other decorator."""
    view.takes_files = True  # type: ignore[attr-defined]
    return view


@dataclass(frozen=True, slots=True)
class Received:
    """`pressed`: a button of the field itself, so the page is shown again; `problems` name the field as it was posted."""

    pressed: bool = False
    problems: list[Finding] = field(default_factory=list)


def purposes_on(page: Page) -> dict[str, str]:
    """Field -> purpose, for the questions of a page that ask for documents."""
    return {each.name: each.purpose or "reply" for each in page.questions if each.ask is Ask.DOCUMENTS}


def receive(
    request: HttpRequest,
    *,
    request_id: UUID,
    purposes: Mapping[str, str],
    actor: Actor,
    now: datetime,
    policy: Policy,
) -> Received:
    """Take what was sent in the file fields, one by one: one that cannot be taken keeps no other from it."""
    if not purposes:
        return Received()
    problems = [
        Finding("G-21", name, params={"most": policy.document_max_mb}) for name in _too_large(request, purposes)
    ]
    for name, purpose in purposes.items():
        for sent in request.FILES.getlist(name):
            try:
                flow.upload(
                    request_id=request_id, purpose=purpose, file_name=sent.name or "", data=sent.read(), actor=actor,
                    now=now, policy=policy,
                )  # fmt: skip
            except Invalid as refused:
                problems += [Finding(found.rule, name, params=found.params) for found in refused.findings]
    _remove(request, request_id=request_id, actor=actor, now=now)
    chosen = any(request.FILES.getlist(name) for name in purposes)
    wanted = str(request.POST.get("upload", ""))
    if wanted in purposes and not chosen and not problems:
        problems.append(Finding("G-21", wanted, params={"why": "none"}))
    return Received(pressed=wanted in purposes or "remove" in request.POST, problems=problems)


def _too_large(request: HttpRequest, purposes: Mapping[str, str]) -> list[str]:
    return [name for name in dict.fromkeys(getattr(request, "files_too_large", ())) if name in purposes]


def _remove(request: HttpRequest, *, request_id: UUID, actor: Actor, now: datetime) -> None:
    wanted = str(request.POST.get("remove", ""))
    try:
        if wanted:
            flow.remove_document(request_id=request_id, document_id=UUID(wanted), actor=actor, now=now)
    except (ValueError, NotAllowed):
        pass  # gone already, or sent in meanwhile: the page shows how it stands


def part(name: str, held: Iterable[Held], *, may_remove: bool = True, **shown: Any) -> Part:
    """The field with what was given so far. `shown` is what every field has: label, hint, error, heading, optional."""
    policy: Policy = settings.KEYTURN_POLICY
    limit = _("Photos (JPEG or PNG) or PDF, up to %(most)s\u00a0MB each.") % {"most": policy.document_max_mb}
    shown["hint"] = " ".join(filter(None, (shown.get("hint", ""), limit)))
    rows = [
        {
            "id": each.id, "name": each.name, "kind": KINDS.get(each.media_type, ""), "size": each.size,
            "href": reverse("portal:document", args=[each.id]), "may_remove": may_remove,
        }
        for each in held
    ]  # fmt: skip
    return Part("file", name, value=rows, type=",".join(policy.document_types), **shown)


@never_cache
@require_safe
def fetch(request: HttpRequest, ident: UUID) -> HttpResponse:
    """A document, for the browser that works on its request, for whoever proved to be its sender, and for the signed-in owner."""
    seat, now = seats.of(request), timezone.now()
    known = "" if seat.is_locked(now) else f"{seat.actor.role}:{seat.ident}"[:80]
    reference = seat.status if seat.may_see(seat.status, now) else ""
    user = request.user if request.user.is_authenticated else None
    found = documents.own(ident, begun_by=known, reference=reference, user_id=user.pk if user is not None else None)
    if found is None:
        raise Http404
    return files.answer(found.name, found.media_type, found.content, inline=False)
