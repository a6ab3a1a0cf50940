"""What is the customer told, when, and by which channel?"""

from collections.abc import Collection, Mapping
from enum import StrEnum
from typing import Any

from keyturn.terms.finding import rule


class News(StrEnum):
    """What can happen that a customer hears about; each has a template in both languages."""

    EMAIL_CODE = "email_code"
    STATUS_CODE = "status_code"
    RESUME_LINK = "resume_link"
    RECEIVED = "received"
    QUESTION = "question"
    REFUSED = "refused"
    COMPLETED = "completed"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"
    CHANGE_COMING = "change_coming"
    CHANGE_DONE = "change_done"
    CHANGE_STOPPED = "change_stopped"
    CLAIM_CODE = "claim_code"
    CLAIM_DONE = "claim_done"
    CLAIM_STOPPED = "claim_stopped"
    CHANGE_REFUSED = "change_refused"
    CHANGE_ENDED = "change_ended"
    INVITED = "invited"
    DELEGATE_ADDED = "delegate_added"
    ACCESS_ENDED = "access_ended"
    INVITATION_OVER = "invitation_over"
    PRIVACY_DONE = "privacy_done"
    PRIVACY_LATER = "privacy_later"
    CARE_BEGUN = "care_begun"
    CARE_REMINDER = "care_reminder"
    CARE_CERTIFIED = "care_certified"
    CARE_ENDED = "care_ended"
    CARE_REFUSED = "care_refused"


@rule("C-01", "Everybody is told by e-mail where they gave one, else by letter", implements=("BR-51",))
def channel_for(answers: Mapping[str, Any]) -> str:
    return "email" if answers.get("email") else "letter"


@rule("C-02", "A text message goes only to a number whose owner asked for texts", implements=("BR-17", "BR-65"))
def also_by_text(news: News, answers: Mapping[str, Any]) -> bool:
    """Only that service is arranged: nothing that identifies anybody, no code, no reason."""
    return news is News.COMPLETED and bool(answers.get("phone")) and "texts" in answers.get("consents", ())


@rule("C-03", "A customer is written to in their own language")
def language_for(answers: Mapping[str, Any], *, spoken: str, offered: Collection[str]) -> str:
    """The language chosen for letters, where we write in it, else the one in which they filled in the form."""
    chosen = str(answers.get("language") or "")
    return chosen if chosen in offered else spoken


@rule("C-04", "A new code or link is not sent by letter: it would arrive too late")
def can_be_sent(news: News, channel: str) -> bool:
    return channel != "letter" or news not in (News.EMAIL_CODE, News.STATUS_CODE, News.RESUME_LINK)


ENDED_BY_STOP = frozenset({"completed", "notice"})
"""Texts about their service. What proves or guards an account is sent all the same, and so is the answer to STOP."""
