"""Which messages tell of life support? To the e-mail addresses on file and the login that asked, else by letter.

They name no patient and no illness: a mailbox is read by more than one.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from keyturn.records.models import MedicalCertification, Message, Request, ServiceAgreement
from keyturn.records.queries import on_file
from keyturn.records.queries.premises import LIVE
from keyturn.steps.confirm.change import rules
from keyturn.steps.confirm.rules import News
from keyturn.terms.address import Address

BY_ACT = {"": News.CARE_BEGUN, "certify": News.CARE_CERTIFIED, "end": News.CARE_ENDED}


def tell(request: Request, news: News, *, now: datetime, values: Mapping[str, Any] | None = None) -> list[Message]:
    """At once when it is written; that the CIS has it is no news."""
    if news is News.COMPLETED:
        return []
    said = dict(values or {})
    if news is News.REFUSED:
        if request.established_at and request.answers.get("act") == "certify":
            return []  # a certificate that was read holds, whatever the CIS says
        held = MedicalCertification.objects.filter(account=request.account_id, ended_at=None)
        news, said["holds"] = News.CARE_REFUSED, held.exists()
    if news is News.CARE_BEGUN:
        news = BY_ACT[str(request.answers.get("act") or "")]
        said["until"] = next((each["until"] for each in request.written), "")
    seen = request.seen or (on_file.slots(request.person, at=now) if request.person else {})
    login = [request.user.email] if request.user and request.user.email else []
    to = [("email", each) for each in dict.fromkeys([*rules.emails_to_tell(seen, ()), *login])]
    if not to and (letter := rules.letter_goes_to(seen, (), _service_address(request))):
        to = [("letter", "\n".join(Address.from_mapping(letter).lines()))]
    return [message(request, news, channel, each, values=said, now=now) for channel, each in to]


def _service_address(request: Request) -> Mapping[str, Any] | None:
    served = ServiceAgreement.objects.filter(account=request.account, status__in=LIVE).order_by("start_date", "id")
    first = served.select_related("service_point__premise").first()
    return first.service_point.premise.address.as_json() if first else None


def message(
    request: Request, news: News, channel: str, to: str, *, values: Mapping[str, Any], now: datetime
) -> Message:
    message = Message(
        request=request, person=request.person, account=request.account, template=str(news), channel=channel,
        language=request.language, created_at=now,
    )  # fmt: skip
    message.content = {"to": to, "values": dict(values)}
    message.save(force_insert=True)
    return message
