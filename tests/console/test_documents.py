"""How do staff open a document: only for a reason, written down, in a page in which nothing can run?"""

import re
from collections.abc import Callable
from typing import Any

import pytest

from keyturn import flow
from keyturn.records.models import Document, Reading
from tests.console.desk import Desk
from tests.flow import papers
from tests.flow.town import BEN, Case, Town


@pytest.fixture
def case(town: Town) -> Case:
    """A request in review, with a photo and a PDF that were given when staff asked."""
    return with_papers(town.moves_in(id_type="none", id_value=""))


def with_papers(case: Case) -> Case:
    case.staff("ask", "Please send us a photo of your lease.")
    for name, data in (("lease.jpg", papers.a_photo()), ("lease.pdf", papers.a_pdf())):
        flow.upload(
            request_id=case.id, purpose="reply", file_name=name, data=data, actor=case.actor, now=case.town.now,
            policy=case.town.policy,
        )  # fmt: skip
    return case.replies("Here they are.")


def opens(desk: Desk, case: Case, which: int = 0, **fields: Any) -> Desk:
    document = list(Document.objects.filter(request_id=case.id).order_by("uploaded_at", "id"))[which]
    return desk.posts(desk.address(case, "document"), document=str(document.pk), **{"why": "decide", **fields})


def test_staff_see_what_was_given_and_why_they_may_open_it(rosa: Desk, case: Case) -> None:
    rosa.opens(case).sees("Documents", "lease.jpg", "lease.pdf", "Sent with an answer", "Not scanned for viruses")
    rosa.sees("Why do you need to see it?", "To decide this request", "Document added")
    assert Reading.objects.count() == 0


def test_a_photo_is_shown_where_nothing_can_run_and_stays_nowhere(rosa: Desk, case: Case) -> None:
    page = opens(rosa, case).page
    assert page is not None
    assert page.status_code == 200
    assert page.content[:3] == b"\xff\xd8\xff"
    assert page["Content-Type"] == "image/jpeg"
    assert page["Content-Disposition"].startswith('inline; filename="document.jpg"')
    assert page["Content-Security-Policy"].startswith("sandbox; default-src 'none'")
    assert page["X-Content-Type-Options"] == "nosniff"
    assert page["X-Frame-Options"] == "DENY"
    assert "no-store" in page["Cache-Control"]


def test_a_pdf_is_shown_by_the_browser_s_own_viewer(rosa: Desk, case: Case) -> None:
    page = opens(rosa, case, 1).page
    assert page is not None
    assert page.content.startswith(b"%PDF-")
    assert page["Content-Type"] == "application/pdf"
    assert page["Content-Security-Policy"].startswith("sandbox; default-src 'none'")


def test_each_opening_is_written_down_with_its_reason(rosa: Desk, case: Case) -> None:
    opens(rosa, case)
    opens(rosa, case, why="law")
    assert [(each.actor, each.reason) for each in Reading.objects.order_by("id")] == [
        (str(rosa.user.pk), "decide"), (str(rosa.user.pk), "law"),
    ]  # fmt: skip
    rosa.opens(case).sees("Document opened", "rosa")


@pytest.mark.parametrize("why", ["", "curious", "decide\x00"])
def test_without_a_reason_nothing_is_shown(rosa: Desk, case: Case, why: str) -> None:
    opens(rosa, case, why=why).sees("Say why you need to see it.")
    assert rosa.status == 422
    assert Reading.objects.count() == 0


def test_another_request_s_document_is_not_here(town: Town, rosa: Desk, case: Case) -> None:
    other = with_papers(town.moves_in(BEN, id_type="none", id_value=""))
    theirs = Document.objects.filter(request_id=other.id).first()
    assert theirs is not None
    for document in (str(theirs.pk), "x", ""):
        rosa.posts(rosa.address(case, "document"), document=document, why="decide").sees("This document is not here")
        assert rosa.status == 409
    assert Reading.objects.count() == 0


def test_looking_does_not_take_the_request_from_a_colleague(desk: Callable[..., Desk], rosa: Desk, case: Case) -> None:
    emil = desk("emil")
    emil.posts(emil.address(case, "take"))
    opens(rosa, case)
    rosa.opens(case).sees("emil is looking at it")


def test_looking_does_not_make_an_open_page_old(rosa: Desk, case: Case) -> None:
    rosa.opens(case)
    hidden = {name: rosa.hidden(name) for name in ("version", "seen", "person_id")}
    opens(rosa, case)
    rosa.posts(rosa.address(case, "decide"), **{**hidden, "decision": "approve"})
    assert "is approved" in rosa.text


def test_an_engineer_does_not_open_documents(desk: Callable[..., Desk], case: Case) -> None:
    emil = desk("emil", role="engineer")
    emil.opens(case).sees("lease.jpg")
    assert "Why do you need to see it?" not in re.sub(r"(?s)<details.*?</details>", "", emil.html)
    opens(emil, case)
    assert emil.status == 403
    assert Reading.objects.count() == 0


def test_a_forgotten_document_says_that_it_was_there(rosa: Desk, case: Case) -> None:
    case.staff("refuse", "The owner says that the house is not for rent.")
    flow.forget_documents(now=case.town.now, policy=case.town.policy)
    from datetime import timedelta

    flow.forget_documents(now=case.town.now + timedelta(days=366), policy=case.town.policy)
    rosa.opens(case).sees("Forgotten, as its time was over.")
    rosa.sees_nothing_of("lease.jpg")
