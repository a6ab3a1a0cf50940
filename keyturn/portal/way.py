"""What does a customer see of the way of a request: its word, its sentence, its stations?

Nothing here tells why staff look, whether somebody is on file, or who decided (I7).
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.conf import settings
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext, pgettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from keyturn.journeys import JOURNEYS, Kind
from keyturn.portal.dates import written
from keyturn.terms.days import day_of, local_date
from keyturn.terms.request import Outcome, Standing, Status, Step, public_status

_COLOURS = {
    Status.COMPLETED: "green", Status.REFUSED: "red", Status.WITHDRAWN: "grey", Status.NEEDS_CUSTOMER: "yellow",
    Status.DRAFT: "grey",
}  # fmt: skip
_TAGS = {
    Status.DRAFT: pgettext_lazy("status of a request", "Not sent yet"),
    Status.PROCESSING: pgettext_lazy("status of a request", "In progress"),
    Status.NEEDS_CUSTOMER: pgettext_lazy("status of a request", "Your answer is needed"),
    Status.IN_REVIEW: pgettext_lazy("status of a request", "Being checked"),
    Status.WAITING: pgettext_lazy("status of a request", "Waiting"),
    Status.COMPLETED: pgettext_lazy("status of a request", "Service is arranged"),
    Status.REFUSED: pgettext_lazy("status of a request", "Cannot be met"),
    Status.WITHDRAWN: pgettext_lazy("status of a request", "Withdrawn"),
    Status.STUCK: pgettext_lazy("status of a request", "In progress"),
}
_HEADINGS = {
    Status.DRAFT: _("You have not sent this yet"),
    Status.PROCESSING: _("We are setting up your service"),
    Status.NEEDS_CUSTOMER: _("We have a question for you"),
    Status.IN_REVIEW: _("A person is checking your request"),
    Status.WAITING: _("Your request is waiting"),
    Status.COMPLETED: _("Your service is arranged"),
    Status.REFUSED: _("We cannot meet this request"),
    Status.WITHDRAWN: _("This request has ended"),
    Status.STUCK: _("We are setting up your service"),
}


_CHANGE_TAGS = {
    **_TAGS,
    Status.COMPLETED: pgettext_lazy("status of a request", "Done"),
    Status.REFUSED: pgettext_lazy("status of a request", "Not made"),
    Status.WAITING: pgettext_lazy("status of a request", "Waiting, so that you can stop it"),
}
_CHANGE_HEADINGS = {
    **_HEADINGS,
    Status.PROCESSING: _("We are making this change"),
    Status.IN_REVIEW: _("A person is looking at this change"),
    Status.WAITING: _("This change is waiting"),
    Status.COMPLETED: _("This change is made"),
    Status.REFUSED: _("We did not make this change"),
    Status.WITHDRAWN: _("This change was withdrawn"),
    Status.STUCK: _("We are making this change"),
}

_INVITATION_TAGS = {
    **_CHANGE_TAGS,
    Status.WAITING: pgettext_lazy("status of a request", "Waits for their answer"),
    Status.REFUSED: pgettext_lazy("status of a request", "Not accepted"),
}
_INVITATION_HEADINGS = {
    **_CHANGE_HEADINGS,
    Status.PROCESSING: _("We are working on this invitation"),
    Status.IN_REVIEW: _("A person is looking at this invitation"),
    Status.WAITING: _("This invitation waits for their answer"),
    Status.COMPLETED: _("This invitation was accepted"),
    Status.REFUSED: _("This invitation was not accepted"),
    Status.WITHDRAWN: _("This invitation was taken back"),
    Status.STUCK: _("We are working on this invitation"),
}


def is_change(request: Any) -> bool:
    """Whether it is about what is on file, rather than about service that begins."""
    return JOURNEYS[request.journey].kind is not Kind.START


def is_invitation(request: Any) -> bool:
    """Whether it waits for somebody else to say yes."""
    return JOURNEYS[request.journey].kind is Kind.DELEGATE


def status_of(request: Any) -> Status:
    return public_status(Step(request.step), Standing(request.standing), Outcome(request.outcome))


def tag_of(request: Any) -> dict[str, str]:
    status = status_of(request)
    tags = _INVITATION_TAGS if is_invitation(request) else _CHANGE_TAGS if is_change(request) else _TAGS
    return {"text": str(tags[status]), "colour": _COLOURS.get(status, "blue")}


def heading_of(request: Any) -> str:
    return str(_headings(request)[status_of(request)])


def _headings(request: Any) -> Mapping[Status, Any]:
    if is_invitation(request):
        return _INVITATION_HEADINGS
    return _CHANGE_HEADINGS if is_change(request) else _HEADINGS


def advice_of(request: Any, *, phone: str) -> list[str]:
    """What somebody should do now, which mostly is nothing."""
    match status_of(request):
        case Status.PROCESSING | Status.IN_REVIEW | Status.STUCK | Status.WAITING:
            return [
                gettext(
                    "You need not do anything now. We send you an e-mail when it is done, or if we have a question."
                )
            ]
        case Status.COMPLETED:
            if is_change(request):
                return []
            if _is_ahead(request):
                return [gettext("You need not be at home. If your plans change, tell us before the start date.")]
            return [gettext("You need not be at home. If your plans change, tell us.")]
        case Status.REFUSED if is_invitation(request):
            return [gettext("Nobody got access. You can invite them again at any time.")]
        case Status.REFUSED:
            return [
                gettext(
                    "If something in it is not right, or has changed, call us on %(phone)s, or ask for a review in writing."
                    " A person who did not take this decision will look at it again."
                )
                % {"phone": phone}
            ]
        case Status.WITHDRAWN if is_change(request):
            return [gettext("Nothing was changed. You can ask again at any time.")]
        case Status.WITHDRAWN:
            return [gettext("No service will start, and there is nothing to pay. You can ask again at any time.")]
        case _:
            return []


def _is_ahead(request: Any) -> bool:
    """Whether the day on which service starts is still to come."""
    start = day_of(request.answers.get("start_date"))
    return start is not None and start > local_date(timezone.now(), settings.KEYTURN_POLICY)


def way_of(request: Any) -> list[dict[str, str]]:
    """The stations: received, checked, set up; what is done, where it is now, what comes."""
    status, headings = status_of(request), _headings(request)
    received = _station(_("We have your request"), "is-done", moment(request.submitted_at))
    if status in (Status.REFUSED, Status.WITHDRAWN):
        return [received, _station(headings[status], "is-now", moment(request.ended_at))]
    if status is Status.COMPLETED:
        return [
            received,
            _station(_("We have checked it"), "is-done"),
            _station(headings[Status.COMPLETED], "is-done", moment(request.ended_at)),
        ]
    return [
        received,
        _checking(request, status),
        _station(headings[Status.COMPLETED], "is-later", _("We send you an e-mail when it is.")),
    ]


def _checking(request: Any, status: Status) -> dict[str, str]:
    if status is Status.NEEDS_CUSTOMER:
        return _station(_("We have a question for you"), "is-now", _until(request.due_at))
    if status is Status.IN_REVIEW:
        return _station(_("A person is checking it"), "is-now", _promise(request.promised_at))
    if is_change(request):
        resting = status is Status.WAITING and request.due_at
        said = (
            _("They can answer until %(day)s.")
            if is_invitation(request)
            else _("We make it on %(day)s. Until then you can stop it.")
        )
        text = said % {"day": _day(request.due_at)} if resting else ""
        return _station(_headings(request)[status], "is-now", text)
    return _station(
        _("We check and set it up"),
        "is-now",
        _("This usually takes a few minutes. If a person has to look, we tell you by when."),
    )


def _station(title: Any, when: str, text: Any = "") -> dict[str, str]:
    return {"title": str(title), "when": when, "text": str(text)}


def _promise(at: datetime | None) -> str:
    return str(_("We plan to finish by %(when)s.") % {"when": _day(at)}) if at else ""


def _until(at: datetime | None) -> str:
    return str(_("Please answer by %(when)s.") % {"when": _day(at)}) if at else ""


def moment(at: datetime | None) -> str:
    if at is None:
        return ""
    local = timezone.localtime(at)
    return gettext("%(day)s at %(time)s") % {"day": written(local.date()), "time": _clock(local)}


def _day(at: datetime | None) -> str:
    return written(timezone.localtime(at).date()) if at else ""


def _clock(at: datetime) -> str:
    return date_format(at, pgettext("the format of a time of day, as Django's date filter has it", "g:i A"))
