"""Where is one request, and what has been done about it?"""

from typing import Any
from uuid import UUID

from django.db.models import F

from keyturn.records.models import Event, Evidence, Request
from keyturn.records.prepared import Prepared, at_once
from keyturn.terms.finding import Finding


def by_id(ident: Any) -> Request | None:
    """The request with this id, or None for anything else."""
    try:
        return _by_id.first(pk=ident if isinstance(ident, UUID) else UUID(str(ident)))
    except ValueError:
        return None


def by_reference(reference: str) -> Request | None:
    """The request with this public reference, as people type it: small letters and missing dashes do not matter."""
    normal = normal_reference(reference)
    return _by_reference.first(reference=normal) if normal else None


def normal_reference(typed: str) -> str:
    """A reference in its one spelling, "KT-7QX4-M2ZP"; "" for what is none."""
    plain = "".join(char for char in typed.upper()[:40] if char.isascii() and char.isalnum())
    body = plain.removeprefix("KT")
    return f"KT-{body[:4]}-{body[4:]}" if len(body) == 8 and plain.startswith("KT") else ""


def _whole() -> Any:
    return Request.objects.select_related("premise", "account", "person")


_by_id = Prepared(lambda pk: _whole().filter(pk=pk))
_by_reference = Prepared(lambda reference: _whole().filter(reference=reference))
_proved = Prepared(
    lambda request, subject: Evidence.objects.filter(request=request, kind="email", subject=subject).values_list(
        "pk", flat=True
    )
)


_proved_there = Prepared(
    lambda pk: (
        Evidence.objects.filter(request=pk, kind="email", subject=F("request__email_digest"))
        .exclude(subject="")
        .values_list("pk", flat=True)
    )
)


def with_proof(ident: UUID) -> tuple[Request | None, bool]:
    """The request, and whether its e-mail is proved, in one trip."""
    found, proved = at_once(_by_id.asked(pk=ident), _proved_there.asked(pk=ident))
    return next(iter(found), None), bool(proved)


def email_is_proved(request: Request) -> bool:
    """Whether the e-mail address that the request bears now has been proved in it."""
    if not request.email_digest:
        return False
    return bool(_proved(request=request.pk, subject=request.email_digest))


def events(request: Request) -> list[Event]:
    """Everything that happened to it, oldest first."""
    return list(request.events.order_by("number"))


def open_question(request: Request) -> str:
    """What staff asked last, in the words that the applicant reads; "" where they asked nothing."""
    note = request.notes.filter(kind="question").order_by("-at", "-id").first()
    return note.text if note else ""


def reason(request: Request) -> str:
    """Why staff refused, in the words that the applicant reads; "" where the rules did."""
    note = request.notes.filter(kind="reason").order_by("-at", "-id").first()
    return note.text if note else ""


def findings_of(request: Request) -> list[Finding]:
    """The findings that the last look at it left."""
    return [Finding.from_json(row) for row in request.findings]
