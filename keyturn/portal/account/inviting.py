"""What will somebody be able to do who is invited, and what happens then: the check and the thanks?

The questions are asked by the one engine for every journey; `changing.py` leads here for invitations.
"""

from typing import Any

from django.http import Http404, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from keyturn.portal import forms
from keyturn.portal.account import home
from keyturn.portal.account import powers as words
from keyturn.portal.account.desk import ChangeDesk
from keyturn.portal.account.door import Visit
from keyturn.portal.dates import shown
from keyturn.records.queries import groups
from keyturn.terms.levels import Level


def check_of(desk: ChangeDesk) -> dict[str, Any]:
    """What the page before sending shows."""
    answers, is_designee = desk.answers, desk.draft.journey == "name_designee"
    return {
        "is_designee": is_designee, "who": answers.get("delegate_name", ""),
        "rows": _rows(desk), "about": _about(desk.visit, desk.draft), "may": words.may(answers.get("level", "")),
        "gives_all": answers.get("level") == Level.OWNER, "days": desk.policy.invitation_days,
    }  # fmt: skip


def _rows(desk: ChangeDesk) -> list[dict[str, Any]]:
    questions = desk.walk.journey.questions
    names = ("delegate_name", "delegate_email", "level")
    pages = {question.name: page.name for page in desk.walk.pages for question in page.questions}
    rows = [
        {"label": forms.label_of(questions[each]), "lines": forms.shown(questions[each], desk.answers.get(each)), "name": each}
        for each in names if each in questions
    ]  # fmt: skip
    if "delegate_ends" in questions:
        ends = desk.answers.get("delegate_ends") is True
        day = shown(desk.answers.get("delegate_until")) if ends else _("Until you end it")
        rows.append({"label": _("Last day"), "lines": [day], "name": "delegate_ends"})
    return [each | {"href": f"{desk.address(pages[each['name']])}?check=yes"} for each in rows]


def _about(visit: Visit, request: Any) -> list[str]:
    """Which account it is for, or which group with its accounts."""
    titles, group_id = home.titles(visit), request.answers.get("group_id")
    if not group_id:
        return [titles[str(request.account_id)]]
    found = groups.looked_after(visit.user.pk, group_id, at=visit.now)
    if found is None:
        raise Http404
    accounts = sorted(titles[str(each)] for each in found.accounts)
    return [
        _("The group “%(name)s”") % {"name": found.group.name},
        *accounts[:10],
        *(["…"] if len(accounts) > 10 else []),
    ]


def done(visit: Visit, request: Any) -> HttpResponse:
    """It is sent; whose answer it waits for."""
    group_id = request.answers.get("group_id")
    back = reverse("people:group", args=[group_id]) if group_id else reverse("people:people", args=[request.account_id])
    seen = visit.account(request.account_id)
    return visit.show(
        "invite_done.html", back="", reference=request.reference, who=request.answers.get("delegate_name", ""),
        is_designee=request.journey == "name_designee", days=visit.policy.invitation_days, home=back,
        acting=visit.acting_for(seen), over=bool(request.ended_at),
        is_looked_at=request.standing == "staff",
    )  # fmt: skip
