"""Which premises does a landlord look after, and what goes back to them when a tenant leaves?

Whether a tenant is served is shown, never who: that is between the tenant and the utility.
"""

from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext_lazy

from keyturn import flow
from keyturn.look.parts import Choice, Part
from keyturn.portal import forms
from keyturn.portal.account import home
from keyturn.portal.account.door import Visit, signed_in
from keyturn.records.queries import landlords
from keyturn.terms.errors import NotAllowed, StaleVersion
from keyturn.terms.levels import Level, allows

AT_ONCE = 25
STATES = {
    landlords.LET: (pgettext_lazy("state of a landlord's premise", "In a tenant's name"), "green"),
    landlords.OWN: (pgettext_lazy("state of a landlord's premise", "In your name"), "blue"),
    landlords.NONE: (pgettext_lazy("state of a landlord's premise", "No service"), "grey"),
}


def _number(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) < 6 else 1


def _ids(visit: Visit) -> list[Any]:
    return [each.account.pk for each in visit.accounts]


@signed_in
def listed(visit: Visit) -> HttpResponse:
    """25 at once; found by address, all or those with or without a tenant."""
    asked = visit.request.GET
    text, state = asked.get("q", "").strip()[:100], asked.get("state", "")
    state = state if state in ("served", "vacant") else ""
    page = max(_number(asked.get("page", "1")), 1)
    found = landlords.premises_of(_ids(visit), text=text, state=state, start=(page - 1) * AT_ONCE, most=AT_ONCE)
    if not found.found and not text and not state and not landlords.any_for(_ids(visit)):
        raise Http404
    pages = max(1, -(-found.found // AT_ONCE))
    field = Part(
        "select", "state", _("Show"), value=state,
        choices=(Choice("", _("All")), Choice("served", _("In a tenant's name")), Choice("vacant", _("Not let"))),
    )  # fmt: skip
    return visit.show(
        "premises.html", back=reverse("people:hub"), rows=[_row(each) for each in found.rows], found=found.found,
        text=text, state=state, field=field, page=page, pages=pages, before=page - 1, after=page + 1 if page < pages else 0,
    )  # fmt: skip


def _row(row: Any) -> dict[str, Any]:
    text, colour = STATES[landlords.state_of(row)]
    return {
        "id": str(row.pk), "lines": row.premise.address.lines(), "state": str(text), "colour": colour,
        "reverts": forms.said("services", {"services": row.services}),
    }  # fmt: skip


@signed_in
def premise(visit: Visit, ident: Any) -> HttpResponse:
    """One premise: which services revert; who may look after the account changes it."""
    row = landlords.agreement(_ids(visit), ident)
    if row is None:
        raise Http404
    seen = visit.account(row.account_id)
    may_change = allows(seen.level, Level.MANAGE)
    if visit.request.method != "POST":
        return _show(visit, row, seen, may_change, chosen=row.services)
    if not may_change:
        raise Http404
    posted = visit.request.POST
    version, chosen = posted.get("version", ""), posted.getlist("services")
    try:
        flow.change_landlord(
            agreement_id=row.pk, user=visit.user, services=chosen, now=visit.now,
            version=int(version) if version.isdecimal() and len(version) < 10 else 0,
        )  # fmt: skip
    except StaleVersion:
        return _show(visit, row, seen, may_change, chosen=chosen, stale=True)
    except NotAllowed:
        raise Http404 from None
    return redirect(f"{reverse('people:premise', args=[ident])}?told=saved")


def _show(visit: Visit, row: Any, seen: Any, may_change: bool, *, chosen: Any, stale: bool = False) -> HttpResponse:
    field = Part(
        "checkboxes", "services", _("Which services go back to you when a tenant leaves?"), value=list(chosen),
        hint=_("They are then on your account until the next tenant starts service. Tick none if nothing should go back to you."),
        choices=tuple(
            Choice(each, "".join(forms.said("services", {"services": [each]})), icon=forms.ICONS.get(each, ""))
            for each in row.premise.services
        ),
    )  # fmt: skip
    banners = []
    if stale:
        banners = [{"title": _("This was changed while you were here"), "tone": "wait", "urgent": True,
                    "text": _("Now: %(services)s. Below is what you chose: check it, and save again.") % {
                        "services": ", ".join(forms.said("services", {"services": row.services})) or _("nothing goes back")}}]  # fmt: skip
    elif visit.request.GET.get("told") == "saved":
        banners = [{"title": _("Saved. It holds from now on."), "tone": "good"}]
    return visit.show(
        "premise.html", back=reverse("people:premises"), row=_row(row), field=field, version=row.version,
        may_change=may_change, account=home.number_of(seen), acting=visit.acting_for(seen), banners=banners,
        status=409 if stale else 200,
    )  # fmt: skip
