"""What does a customer see of the way of a request: its word, its sentence, its stations?

Nothing here tells why staff look, whether somebody is on file, or who decided (I7).
"""

from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext, pgettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from keyturn.portal.dates import written
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


def status_of(request: Any) -> Status:
    return public_status(Step(request.step), Standing(request.standing), Outcome(request.outcome))


def tag_of(request: Any) -> dict[str, str]:
    status = status_of(request)
    return {"text": str(_TAGS[status]), "colour": _COLOURS.get(status, "blue")}


def heading_of(request: Any) -> str:
    return str(_HEADINGS[status_of(request)])


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
            return [gettext("You need not be at home. If your plans change, tell us before the start date.")]
        case Status.REFUSED:
            return [
                gettext(
                    "If something in it is not right, or has changed, call us on %(phone)s, or ask for a review in writing."
                    " A person who did not take this decision will look at it again."
                )
                % {"phone": phone}
            ]
        case Status.WITHDRAWN:
            return [gettext("No service will start, and there is nothing to pay. You can ask again at any time.")]
        case _:
            return []


def way_of(request: Any) -> list[dict[str, str]]:
    """The stations: received, checked, set up; what is done, where it is now, what comes."""
    status = status_of(request)
    received = _station(_("We have your request"), "is-done", _at(request.submitted_at))
    if status in (Status.REFUSED, Status.WITHDRAWN):
        return [received, _station(_HEADINGS[status], "is-now", _at(request.ended_at))]
    if status is Status.COMPLETED:
        return [
            received,
            _station(_("We have checked it"), "is-done"),
            _station(_("Your service is arranged"), "is-done", _at(request.ended_at)),
        ]
    return [
        received,
        _checking(request, status),
        _station(_("Your service is arranged"), "is-later", _("We send you an e-mail when it is.")),
    ]


def _checking(request: Any, status: Status) -> dict[str, str]:
    if status is Status.NEEDS_CUSTOMER:
        return _station(_("We have a question for you"), "is-now", _until(request.due_at))
    if status is Status.IN_REVIEW:
        return _station(_("A person is checking it"), "is-now", _promise(request.promised_at))
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


def _at(at: datetime | None) -> str:
    if at is None:
        return ""
    local = timezone.localtime(at)
    return gettext("%(day)s at %(time)s") % {"day": written(local.date()), "time": _clock(local)}


def _day(at: datetime | None) -> str:
    return written(timezone.localtime(at).date()) if at else ""


def _clock(at: datetime) -> str:
    return date_format(at, pgettext("the format of a time of day, as Django's date filter has it", "g:i A"))
