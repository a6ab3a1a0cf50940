"""How do staff change what is on file about somebody: which form, and what if a colleague was faster?"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters

from keyturn.console.access import DECIDERS, actor_of, only
from keyturn.console.people import find, refused
from keyturn.console.queue import page
from keyturn.console.vocabulary import ANSWERS, FIELDS, say
from keyturn.flow import desk
from keyturn.look.parts import Problem
from keyturn.records.queries import files, on_file
from keyturn.terms.errors import Invalid, NotAllowed, StaleVersion
from keyturn.terms.slots import ALL
from keyturn.terms.words import gettext_noop

NAMES = ("given_name", "middle_name", "family_name", "suffix")
PARTS = ("line1", "line2", "city", "state", "postal_code", "country")
TITLES = {
    "name": gettext_noop("Change the name"),
    "email": gettext_noop("Change an e-mail address"),
    "phone": gettext_noop("Change a phone number"),
    "address": gettext_noop("Change the mailing address"),
}
LABELS = {
    "line1": gettext_noop("Address line 1"),
    "line2": gettext_noop("Address line 2 (optional)"),
    "city": gettext_noop("City"),
    "state": gettext_noop("State"),
    "postal_code": gettext_noop("ZIP code"),
    "country": gettext_noop("Country, two letters"),
}


@dataclass(frozen=True, slots=True)
class Field:
    """One input. `now` is what stands on file, shown beside it when it changed meanwhile."""

    name: str
    label: str
    value: str
    now: str
    error: str = ""


@only(DECIDERS)
@sensitive_post_parameters()
def change(request: HttpRequest, person: UUID, what: str, contact: str = "new") -> HttpResponse:
    """The form (GET), or the change (POST); where it could not be made the form again, nothing that was typed lost."""
    held = find(person, now=timezone.now())
    if what not in TITLES or (what == "address" and held.protected):
        raise Http404
    if request.method != "POST":
        return _form(request, held, what, contact)
    typed = request.POST
    try:
        made = desk.staff_change(
            person_id=held.person.pk, journey=_journey(what), answers=_answers(typed, held, what, contact),
            how=typed.get("how", ""), reason=typed.get("reason", ""), version=_number(typed.get("version", "")),
            actor=actor_of(request), now=timezone.now(), policy=settings.KEYTURN_POLICY,
        )  # fmt: skip
    except Invalid as problem:
        return _form(request, held, what, contact, typed=typed, problems=refused(problem), status=422)
    except StaleVersion:
        text = _("The file changed while you had it open. Look at what is there now, then save again.")
        held = find(person, now=timezone.now())
        return _form(
            request, held, what, contact, typed=typed, problems=(Problem(text, "#now"),), stale=True, status=412
        )
    except NotAllowed:
        text = _("This is your own file: a colleague must change it.")
        return _form(request, held, what, contact, typed=typed, problems=(Problem(text),), status=403)
    messages.success(request, _("Changed. The customer and the CIS are told: %(ref)s.") % {"ref": made.reference})
    return redirect("console:keep", person)


def _journey(what: str) -> str:
    return {"name": "change_name", "address": "change_mailing_address"}.get(what, "change_contact")


def _answers(typed: Mapping[str, str], held: files.File, what: str, contact: str) -> dict[str, Any]:
    """What was typed, as the journey's answers."""
    if what == "name":
        names = ("organisation_name",) if held.person.kind == "organisation" else NAMES
        wrong = typed.get("how") == "wrong"
        return {**{name: typed.get(name, "") for name in names}, "name_reason": "correction" if wrong else "other"}
    if what == "address":
        parts = {part: typed.get(part, "") for part in PARTS}
        return {"accounts": [ALL], "mail_elsewhere": True, "mailing_address": parts, "when": "now"}
    if typed.get("act") == "remove":
        return {"contact_id": contact, "channel": what, "act": "remove"}
    return {"contact_id": contact, "channel": what, "act": "set", what: typed.get(what, "")}


def _form(
    request: HttpRequest,
    held: files.File,
    what: str,
    contact: str,
    *,
    typed: Mapping[str, str] | None = None,
    problems: tuple[Problem, ...] = (),
    stale: bool = False,
    status: int = 200,
) -> HttpResponse:
    there = _there(held, what, contact)
    if typed is None and what not in ("name", "address") and contact != "new" and not there[what]:
        raise Http404
    errors = {each.href.lstrip("#").rpartition(".")[2]: each.text for each in problems if each.href}
    said = typed if typed is not None else there
    fields = [Field(name, _label(name), said.get(name, ""), there[name], errors.get(name, "")) for name in there]
    return page(
        request, "console/change.html", status=status, title=_(TITLES[what]), name=held.name,
        person_id=str(held.person.pk), version=held.person.version, fields=fields, what=what, contact=contact,
        removable=what in ("email", "phone") and contact != "new", stale=stale, problems=problems, errors=errors,
        how=(typed or {}).get("how", ""), reason=(typed or {}).get("reason", ""), act=(typed or {}).get("act", "set"),
    )  # fmt: skip


def _there(held: files.File, what: str, contact: str) -> dict[str, str]:
    """What stands on file now, input by input."""
    if what == "name":
        names = ("organisation_name",) if held.person.kind == "organisation" else NAMES
        row = next((each for each in held.person.names.all() if each.name_type == "primary"), None)
        return {name: str(getattr(row, name, "") or "") for name in names}
    if what == "address":
        found = on_file.slots(held.person, at=timezone.now()).get(f"mailing.{ALL}") or {"country": "US"}
        return {part: str(found.get(part) or "") for part in PARTS}
    row = next((each for each in held.contacts if each.key == contact and each.channel == what), None)
    return {what: row.value if row else ""}


def _label(name: str) -> str:
    return say({**FIELDS, **ANSWERS, **LABELS}, name)


def _number(text: str) -> int:
    """The version that the page showed; without a readable one the page counts as stale."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else -1
