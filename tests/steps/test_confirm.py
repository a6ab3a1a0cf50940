"""Who is told what, by which channel and in which language? (C-01 to C-04)"""

from typing import Any

import pytest
from django.conf import settings

from keyturn.records.models import Message
from keyturn.steps.confirm import rules
from keyturn.steps.confirm.rules import News
from keyturn.steps.confirm.step import render


@pytest.mark.rule("C-01")
@pytest.mark.parametrize(
    ("answers", "channel"), [({"email": "a@b.co"}, "email"), ({"email": ""}, "letter"), ({}, "letter")]
)
def test_everybody_is_told_somehow(answers: dict[str, str], channel: str) -> None:
    assert rules.channel_for(answers) == channel


@pytest.mark.rule("C-02")
@pytest.mark.parametrize(
    ("news", "answers", "texted"),
    [
        (News.COMPLETED, {"phone": "1", "consents": ["terms", "texts"]}, True),
        (News.COMPLETED, {"phone": "1", "consents": ["terms"]}, False),
        (News.COMPLETED, {"phone": "1"}, False),
        (News.COMPLETED, {"phone": "", "consents": ["texts"]}, False),
        (News.REFUSED, {"phone": "1", "consents": ["texts"]}, False),
        (News.EMAIL_CODE, {"phone": "1", "consents": ["texts"]}, False),
    ],
)
def test_a_text_goes_only_to_who_asked_for_texts_and_holds_no_secret(
    news: News, answers: dict[str, Any], texted: bool
) -> None:
    assert rules.also_by_text(news, answers) is texted


@pytest.mark.rule("C-03")
@pytest.mark.parametrize(
    ("chosen", "language"), [("es", "es"), ("en", "en"), ("", "en"), (None, "en"), ("tlh", "en"), (["es"], "en")]
)
def test_everybody_is_written_to_in_a_language_that_they_chose_and_we_write(chosen: Any, language: str) -> None:
    assert rules.language_for({"language": chosen}, spoken="en", offered=("en", "es")) == language


@pytest.mark.rule("C-04")
@pytest.mark.parametrize("news", list(News))
def test_a_letter_carries_no_code_and_no_link(news: News) -> None:
    secret = news in (News.EMAIL_CODE, News.STATUS_CODE, News.RESUME_LINK)
    assert rules.can_be_sent(news, "letter") is not secret
    assert rules.can_be_sent(news, "email")


@pytest.mark.parametrize("news", [News.CHANGE_COMING, News.CARE_CERTIFIED, News.CARE_REMINDER, News.PRIVACY_LATER])
@pytest.mark.parametrize(("language", "day"), [("en", "December 9, 2026"), ("es", "9 de diciembre de 2026")])
def test_a_day_is_written_as_people_write_it(news: News, language: str, day: str) -> None:
    content = {"to": "a@b.co", "values": {"until": "2026-12-09", "token": "t", "what": []}}
    message = Message(template=str(news), channel="email", language=language)
    message.content = content
    text = " ".join(render(message, policy=settings.KEYTURN_POLICY).text.split())
    assert day in text and "2026-12-09" not in text
