"""How does a customer give us files on a page, without JavaScript, and what do they see when one cannot be taken?"""

from collections.abc import Callable
from io import BytesIO
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import OperationalError
from django.test import Client
from PIL import Image
from psycopg.errors import DiskFull

from keyturn.connectors import file_making
from keyturn.records import documents as rows
from keyturn.records.models import Document
from keyturn.terms.errors import Unavailable
from tests import factories
from tests.flow import papers
from tests.flow.town import ANA
from tests.portal.visitor import Visitor

pytestmark = pytest.mark.usefixtures("a_page_that_asks_for_a_lease")


def file(data: bytes, name: str = "lease.jpg", said: str = "image/jpeg") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, data, said)


def at_the_page(visitor: Visitor) -> Visitor:
    return visitor.begins().opens("/start/lease").sees("Show us your lease", "up to 10 MB each")


def test_files_are_added_listed_and_removed(visitor: Visitor) -> None:
    at_the_page(visitor).sends(lease=[file(papers.a_photo()), file(papers.a_pdf(), "page2.pdf")], upload="lease")
    visitor.is_at("/start/lease").sees("lease.jpg", "page2.pdf", "JPEG", "PDF", "Add another file")
    first, second = Document.objects.order_by("uploaded_at", "id")
    assert visitor.request.answers["lease"] == [str(first.pk), str(second.pk)]
    visitor.sends(remove=str(first.pk)).is_at("/start/lease").sees("page2.pdf")
    assert "lease.jpg" not in visitor.text
    assert visitor.request.answers["lease"] == [str(second.pk)]


def test_what_was_chosen_goes_with_continue_too_and_what_was_typed_is_kept(visitor: Visitor) -> None:
    at_the_page(visitor).sends(called="Rose Cottage", lease=file(papers.a_photo()))
    visitor.is_at("/start/where")
    assert visitor.request.answers["called"] == "Rose Cottage"
    assert len(visitor.request.answers["lease"]) == 1
    visitor.opens("/start/lease").sends(called="Rose House").is_at("/start/where")
    assert len(visitor.request.answers["lease"]) == 1


def test_an_error_keeps_what_was_there(visitor: Visitor) -> None:
    at_the_page(visitor).sends(called="Rose Cottage", lease=file(papers.a_photo()), upload="lease")
    visitor.sends(called="Rose House", lease=file(papers.AN_SVG, "x.jpg"), upload="lease")
    assert visitor.status == 422
    visitor.sees("Let’s fix this first", "We can only take photos (JPEG or PNG) and PDF files.", "lease.jpg")
    assert 'value="Rose House"' in visitor.html
    assert 'href="#f-lease"' in visitor.html
    assert visitor.request.answers["called"] == "Rose House"


def test_one_bad_file_keeps_no_good_one_out(visitor: Visitor) -> None:
    at_the_page(visitor).sends(lease=[file(b"MZ", "a.exe"), file(papers.a_photo())], upload="lease")
    assert visitor.status == 422
    visitor.sees("We can only take photos", "lease.jpg")


@pytest.mark.rule("G-30")
@pytest.mark.parametrize(("place", "problem"), [(rows, DiskFull()), (file_making, Unavailable("file_making_busy"))])
def test_what_cannot_be_opened_or_kept_now_is_asked_for_again(
    visitor: Visitor, monkeypatch: pytest.MonkeyPatch, place: Any, problem: Exception
) -> None:
    def cannot(*_: Any, **__: Any) -> None:
        if isinstance(problem, Unavailable):
            raise problem
        raise OperationalError from problem

    at_the_page(visitor)
    with monkeypatch.context() as patched:
        patched.setattr(place, "remake" if place is file_making else "keep", cannot)
        visitor.sends(called="Rose Cottage", lease=file(papers.a_photo()), upload="lease")
    assert visitor.status == 422
    visitor.sees("We cannot take files right now. Everything else is kept")
    assert visitor.request.answers["called"] == "Rose Cottage"
    assert not Document.objects.exists()
    visitor.sends(lease=file(papers.a_photo()), upload="lease").is_at("/start/lease").sees("lease.jpg")


def test_a_database_that_is_away_is_no_full_disk(visitor: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(**_: Any) -> None:
        raise OperationalError

    monkeypatch.setattr(rows, "keep", away)
    at_the_page(visitor).sends(lease=file(papers.a_photo()), upload="lease")
    assert visitor.status == 503


def test_add_without_a_file(visitor: Visitor) -> None:
    at_the_page(visitor).sends(upload="lease").sees("Choose a file first, or take a photo.")
    assert visitor.status == 422


def test_a_file_that_is_too_large_is_not_even_read_and_said_so(visitor: Visitor) -> None:
    at_the_page(visitor).sends(
        lease=[file(papers.a_photo() + bytes(10_000_000)), file(papers.a_pdf(), "b.pdf")], upload="lease"
    )
    assert visitor.status == 422
    visitor.sees("This file is larger than 10 MB.", "b.pdf")
    assert Document.objects.count() == 1


def test_more_than_a_post_may_hold_is_not_held(visitor: Visitor) -> None:
    """Three of the largest at once, no more; the fourth is to be sent by itself."""
    large = [file(papers.a_photo(size=(30 + n, 30)) + bytes(9_000_000), f"{n}.jpg") for n in range(4)]
    at_the_page(visitor).sends(lease=large, upload="lease")
    assert visitor.status == 422
    assert Document.objects.count() == 3


def test_names_are_shown_as_text(visitor: Visitor) -> None:
    at_the_page(visitor).sends(lease=file(papers.a_photo(), "<script>alert(1)<.script>.jpg"), upload="lease")
    visitor.does_not_see("<script>alert")


def test_whoever_goes_on_elsewhere_has_the_documents_and_the_device_before_has_not(
    visitor: Visitor, another: Callable[..., Visitor]
) -> None:
    visitor.begins().finds_the_place(factories.a_premise()).chooses_services().says_who().proves_the_email()
    visitor.opens("/start/lease").sends(lease=file(papers.a_photo()), upload="lease")
    link = f"/documents/{Document.objects.get().pk}"
    assert visitor.client.get(link).status_code == 200
    phone = another().opens("/resume").sends(email="ana@example.com")
    phone.opens(phone.link()).sends()
    phone.sends(code=phone.code()).opens("/start/lease").sees("lease.jpg")
    assert phone.client.get(link).status_code == 200
    assert visitor.client.get(link).status_code == 404


def test_a_stranger_s_document_cannot_be_removed_or_fetched(visitor: Visitor, another: Callable[..., Visitor]) -> None:
    at_the_page(visitor).sends(lease=file(papers.a_photo()), upload="lease")
    document = Document.objects.get()
    thief = at_the_page(another())
    thief.sends(remove=str(document.pk)).is_at("/start/lease")
    assert Document.objects.get().erased_at is None
    assert thief.client.get(f"/documents/{document.pk}").status_code == 404
    assert Client().get(f"/documents/{document.pk}").status_code == 404
    assert thief.sends(remove="x").status == 200


def test_the_giver_fetches_their_own_as_a_file_and_no_browser_keeps_it(visitor: Visitor) -> None:
    at_the_page(visitor).sends(lease=file(papers.a_photo(exif=True), "Matrícula.jpg"), upload="lease")
    answer = visitor.client.get(f"/documents/{Document.objects.get().pk}")
    assert answer.status_code == 200
    assert answer["Content-Type"] == "image/jpeg"
    assert answer["Content-Disposition"] == "attachment; filename=\"document.jpg\"; filename*=UTF-8''Matr%C3%ADcula.jpg"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert "no-store" in answer["Cache-Control"]
    assert answer["Content-Security-Policy"].startswith("sandbox; default-src 'none'")
    assert Image.open(BytesIO(answer.content)).size == (80, 120)


def test_the_check_page_names_the_files(visitor: Visitor) -> None:
    premise = factories.a_premise()
    at_the_page(visitor).sends(lease=file(papers.a_photo(), "my lease.png"), upload="lease")
    visitor.finds_the_place(premise).chooses_services().says_who().proves_the_email().answers_the_rest()
    visitor.opens("/start/check").sees("my lease.jpg")


def test_two_tabs_that_add_files_do_not_disturb_each_other(visitor: Visitor) -> None:
    at_the_page(visitor)
    first_tab = visitor.page
    visitor.sends(lease=file(papers.a_photo()), upload="lease")
    visitor.page, visitor.path = first_tab, "/start/lease"
    visitor.sends(called="Rose Cottage", lease=file(papers.a_pdf(), "b.pdf")).is_at("/start/where")
    assert len(visitor.request.answers["lease"]) == 2


# ---- the answer to a question of staff


@pytest.fixture
def asked(visitor: Visitor) -> Visitor:
    case = visitor.town.moves_in(ANA, id_type="none", id_value="", lease=None)
    reference = case.staff("ask", "Please send us a photo of your lease.").request.reference
    visitor.opens(f"/requests/{reference}").sends()
    return visitor.sends(code=visitor.code()).sees("Please send us a photo of your lease.", "Add a document")


def test_what_staff_asked_for_is_sent_with_the_reply(asked: Visitor) -> None:
    reply = f"/requests/{asked.request.reference}/reply"
    asked.sends(reply, reply="Here is ", papers=file(papers.a_photo()), upload="papers").sees("lease.jpg", "Here is")
    asked.sends(reply, reply="", papers=file(papers.a_pdf(), "b.pdf")).sees("Write your answer", "b.pdf")
    assert asked.status == 422
    asked.sends(reply, reply="Here it is.").sees(
        "A person is checking your request", "Your documents", "lease.jpg", "b.pdf"
    )
    assert Document.objects.filter(purpose="reply").count() == 2
    link = f"/documents/{Document.objects.first().pk}"  # type: ignore[union-attr]
    assert asked.client.get(link).status_code == 200
    asked.opens("/").client.cookies.clear()
    assert asked.client.get(link).status_code == 404


def test_a_reply_with_a_file_that_cannot_be_taken_is_not_sent(asked: Visitor) -> None:
    reply = f"/requests/{asked.request.reference}/reply"
    asked.sends(reply, reply="Here it is.", papers=file(papers.A_PAGE, "lease.pdf")).sees(
        "We can only take photos", "Here it is."
    )
    assert asked.status == 422
    assert asked.request.standing == "customer"


# ---- files where none belong


def test_files_are_passed_over_where_no_view_takes_them_and_a_large_post_is_refused(
    visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    visitor.begins().opens("/requests")
    visitor.sends(reference="x", photo=file(papers.a_photo())).sees("Enter the reference")
    assert visitor.client.post("/requests", {"photo": file(bytes(2_000_000))}).status_code == 400
    assert visitor.client.post("/start/lease", {"lease": [file(bytes(31_000_000)) for _ in range(10)]}).status_code in (
        400,
        403,
    )


def test_nothing_is_ever_written_to_the_disk_unsealed(visitor: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    import tempfile

    def never(*_arguments: Any, **_named: Any) -> Any:
        raise AssertionError("a file was written")

    monkeypatch.setattr(tempfile, "NamedTemporaryFile", never)
    at_the_page(visitor).sends(lease=file(papers.a_photo() + bytes(5_000_000)), upload="lease").sees("lease.jpg")
