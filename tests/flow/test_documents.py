"""What becomes of the papers that a customer gives, from the moment of giving to the day on which they are forgotten?"""

import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from io import BytesIO
from typing import Any
from uuid import UUID, uuid4

import pytest
from cryptography.exceptions import InvalidTag
from PIL import Image

from keyturn import flow
from keyturn.connectors.virus_check.simulator import SimulatorServer
from keyturn.flow.documents import forget_documents
from keyturn.journeys import JOURNEYS
from keyturn.journeys.journey import Ask, Page, Question
from keyturn.records import documents as rows
from keyturn.records import history
from keyturn.records.models import Document, Reading
from keyturn.records.queries import documents as queries
from keyturn.terms.errors import Invalid, NotAllowed
from keyturn.terms.request import Actor, Role
from tests.flow import papers
from tests.flow.town import Case, Town

ROSA = Actor(Role.STAFF, "7")


@pytest.fixture
def asked(town: Town) -> Case:
    """Staff have asked Ana for her lease."""
    case = town.moves_in(id_type="none", id_value="")
    return case.staff("ask", "Please send us a photo of your lease.")


@pytest.fixture
def rename(town: Town, monkeypatch: pytest.MonkeyPatch) -> Case:
    """A draft of a journey of this test's own, which asks for a paper."""
    question = Question("proof", Ask.DOCUMENTS, "Proof of your name", purpose="name")
    journey = replace(JOURNEYS["start_service"], name="rename", pages=(Page("proof", "Proof", (question,)),))
    monkeypatch.setitem(JOURNEYS, "rename", journey)
    actor = town.a_customer()
    request = flow.begin(
        journey="rename", actor=actor, channel="portal", language="en", now=town.now, policy=town.policy
    )
    return Case(town, request, actor)


@pytest.fixture
def scanner(settings: Any) -> Iterator[SimulatorServer]:
    with SimulatorServer() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        settings.KEYTURN_CLAMD = server.place
        yield server
        server.shutdown()


def gives(
    case: Case,
    data: bytes | None = None,
    *,
    name: str = "lease.jpg",
    purpose: str = "lease",
    actor: Actor | None = None,
) -> Document:
    return flow.upload(
        request_id=case.id, purpose=purpose, file_name=name, data=papers.a_photo() if data is None else data,
        actor=actor or case.actor, now=case.town.now, policy=case.town.policy,
    )  # fmt: skip


def cannot_give(case: Case, data: bytes, **more: Any) -> str:
    with pytest.raises(Invalid) as problem:
        gives(case, data, **more)
    (found,) = problem.value.findings
    return f"{found.rule} {found.params.get('why', '')}".strip()


def takes_back(case: Case, document: Document, actor: Actor | None = None) -> None:
    flow.remove_document(request_id=case.id, document_id=document.pk, actor=actor or case.actor, now=case.town.now)


def events(case: Case) -> list[str]:
    return [each.what for each in case.request.events.order_by("number")]


# ---- given


def test_a_photo_is_kept_sealed_and_the_history_says_that_it_came_not_what_it_is(asked: Case) -> None:
    sent = papers.a_photo(exif=True)
    document = gives(asked, sent, name="Ana Zelenko lease.JPG")
    row = Document.objects.get(pk=document.pk)
    assert (row.name, row.media_type, row.scan, row.purpose) == (
        "Ana Zelenko lease.jpg",
        "image/jpeg",
        "not_scanned",
        "lease",
    )
    assert b"Zelenko" not in bytes(row.sealed_name)
    assert b"JFIF" not in bytes(row.content)
    assert Image.open(BytesIO(rows.content_of(row))).size == (80, 120)
    assert row.size == len(rows.content_of(row))
    assert row.checksum not in (papers.CAMERA, "") and len(row.checksum) == 64
    last = asked.request.events.order_by("-number").first()
    assert last is not None
    assert (last.what, last.data) == ("document_added", {"document": str(document.pk), "purpose": "lease"})
    assert list(history.broken_chains()) == []


def test_a_sealed_document_cannot_be_moved_to_another_row(asked: Case) -> None:
    one, other = gives(asked), gives(asked, papers.a_pdf())
    Document.objects.filter(pk=one.pk).update(content=other.content)
    with pytest.raises(InvalidTag):
        rows.content_of(Document.objects.get(pk=one.pk))


def test_the_same_file_twice_is_kept_once(asked: Case) -> None:
    assert gives(asked).pk == gives(asked, name="again.jpg").pk
    assert gives(asked, purpose="identity").pk != gives(asked).pk
    assert events(asked).count("document_added") == 2


@pytest.mark.rule("G-28")
@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("../../../etc/passwd", "passwd.jpg"),
        ("gpj.\u202eexe.lease", "gpj.exe.jpg"),
        ("le\x00ase\n.jpg", "lease.jpg"),
        ("\ud800lease.jpg", "lease.jpg"),
        ("photo.php", "photo.jpg"),
    ],
    ids=["traversal", "right-to-left", "nul", "surrogate", "wrong-extension"],
)
def test_a_name_is_cleaned(asked: Case, typed: str, kept: str) -> None:
    assert gives(asked, name=typed).name == kept


# ---- refused (T-39)


@pytest.mark.rule("G-20", "G-21", "G-23", "G-24")
@pytest.mark.parametrize(
    ("data", "said"),
    [
        (papers.EICAR, "G-20"),
        (papers.A_JPEG_WITH_EICAR, "G-24"),
        (papers.A_GIF_SCRIPT, "G-20"),
        (papers.AN_SVG, "G-20"),
        (papers.A_PAGE, "G-20"),
        (papers.a_zip_bomb, "G-20"),
        (b"MZ" + bytes(100), "G-20"),
        (b"", "G-21 empty"),
        (papers.a_photo() + bytes(10_000_001), "G-21"),
        (papers.a_photo(size=(900, 900))[:3000], "G-23 damaged"),
        (papers.a_flood_of_pixels(), "G-23 too_many_pixels"),
        (papers.a_flate_bomb, "G-23 too_demanding"),
        (papers.a_pdf(pages=51), "G-23 too_many_pages"),
    ],
    ids=["eicar", "jpeg-eicar", "gif-js", "svg", "html", "zip-bomb", "exe", "empty", "huge", "broken", "pixels", "flate", "pages"],
)  # fmt: skip
def test_what_could_do_harm_is_refused_in_a_sentence_and_nothing_of_it_is_kept(
    asked: Case, data: papers.Paper, said: str
) -> None:
    with pytest.raises(Invalid) as problem:
        gives(asked, papers.made(data))
    (found,) = problem.value.findings
    assert f"{found.rule} {found.params.get('why', '')}".strip() == said
    sentence = flow.sentence(found)
    assert "%(" not in sentence
    assert sentence != "This answer cannot be used. Check it, or call us."
    assert Document.objects.count() == 0


@pytest.mark.parametrize(
    "data",
    [papers.a_jpeg_with_a_zip(), papers.a_photo() + papers.SCRIPT, papers.a_pdf(tail=papers.A_PAGE), papers.an_armed_pdf()],
    ids=["jpeg-zip", "jpeg-html", "pdf-html", "armed-pdf"],
)  # fmt: skip
def test_what_is_two_things_at_once_becomes_one(asked: Case, data: bytes) -> None:
    kept = rows.content_of(gives(asked, data))
    assert not any(word in kept for word in (b"<script", b"PK\x03\x04", b"JavaScript", b"run-me.bat"))


@pytest.mark.rule("G-22")
def test_ten_documents_are_enough_and_the_ones_that_are_there_stay(asked: Case) -> None:
    for number in range(10):
        gives(asked, papers.a_photo(size=(20 + number, 20)))
    assert cannot_give(asked, papers.a_photo(size=(99, 20))) == "G-22"
    assert gives(asked, papers.a_photo(size=(20, 20))).pk  # one of those that are there
    assert Document.objects.count() == 10


# ---- scanned


@pytest.mark.rule("G-24")
def test_the_scanner_sees_what_was_sent_and_stops_it(asked: Case, scanner: SimulatorServer) -> None:
    assert gives(asked).scan == "clean"
    assert cannot_give(asked, papers.a_photo() + b"KEYTURN-TEST-VIRUS") == "G-24"
    assert scanner.asked == 2
    assert Document.objects.count() == 1
    assert events(asked)[-1] == "document_refused"


@pytest.mark.rule("G-25")
def test_without_its_scanner_a_utility_takes_nothing_or_marks_it(asked: Case, settings: Any) -> None:
    settings.KEYTURN_CLAMD = "127.0.0.1:1"
    assert gives(asked).scan == "not_scanned"
    asked.town.policy_says(documents_need_scan=True)
    assert cannot_give(asked, papers.a_pdf()) == "G-25"
    settings.KEYTURN_CLAMD = ""
    assert cannot_give(asked, papers.a_pdf()) == "G-25"
    assert Document.objects.count() == 1


def test_a_scanner_that_is_back_is_all_that_is_needed(asked: Case, scanner: SimulatorServer) -> None:
    asked.town.policy_says(documents_need_scan=True)
    assert gives(asked).scan == "clean"


# ---- whose, and when


@pytest.mark.rule("G-26")
def test_only_the_customer_gives_and_only_when_it_is_their_turn(town: Town, asked: Case) -> None:
    with pytest.raises(NotAllowed, match="unknown_request"):
        gives(asked, actor=town.a_customer())
    with pytest.raises(NotAllowed, match="unknown_purpose"):
        gives(asked, purpose="party_photos")
    with pytest.raises(NotAllowed, match="unknown_purpose"):  # a draft of this journey asks for none
        gives(town.starts_to_fill_in())
    asked.replies("I have no lease: I bought the house.")
    with pytest.raises(NotAllowed, match="not_open"):
        gives(asked)
    assert Document.objects.count() == 0


def test_what_the_request_became_while_the_file_was_opened_counts(asked: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    made = flow.documents._made

    def slowly(*arguments: Any) -> Any:
        asked.withdraws()
        return made(*arguments)

    monkeypatch.setattr(flow.documents, "_made", slowly)
    with pytest.raises(NotAllowed, match="not_open"):
        gives(asked)
    assert Document.objects.count() == 0


def test_two_tabs_do_not_fill_a_request_beyond_its_number(asked: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    asked.town.policy_says(documents_per_request=1)
    made, first = flow.documents._made, [papers.a_pdf()]

    def meanwhile(*arguments: Any) -> Any:
        if first:
            gives(asked, first.pop())
        return made(*arguments)

    monkeypatch.setattr(flow.documents, "_made", meanwhile)
    assert cannot_give(asked, papers.a_photo()) == "G-22"
    assert [each.media_type for each in Document.objects.all()] == ["application/pdf"]


def test_a_document_is_taken_back_once_and_only_by_its_giver(town: Town, asked: Case) -> None:
    document = gives(asked)
    with pytest.raises(NotAllowed, match="unknown_request"):
        takes_back(asked, document, town.a_customer())
    takes_back(asked, document)
    takes_back(asked, document)
    row = Document.objects.get(pk=document.pk)
    assert (row.content, row.name, row.erased_at) == (None, "", town.now)
    assert events(asked).count("document_removed") == 1
    assert gives(asked).pk != document.pk  # the same file again
    with pytest.raises(NotAllowed, match="unknown_document"):
        flow.remove_document(request_id=asked.id, document_id=uuid4(), actor=asked.actor, now=town.now)


def test_what_was_sent_in_is_not_taken_back(asked: Case) -> None:
    document = gives(asked)
    asked.replies("Here is my lease.")
    asked.staff("ask", "And the second page of it, please?")
    with pytest.raises(NotAllowed, match="already_sent"):
        takes_back(asked, document)
    second = gives(asked, papers.a_pdf())
    assert [each.id for each in queries.unsent(asked.request)] == [str(second.pk)]


# ---- answers


@pytest.mark.rule("G-27")
def test_an_upload_answers_the_question_that_asks_for_it(rename: Case) -> None:
    one, other = gives(rename, purpose="name"), gives(rename, papers.a_pdf(), purpose="name")
    assert rename.request.answers["proof"] == [str(one.pk), str(other.pk)]
    takes_back(rename, one)
    assert rename.request.answers["proof"] == [str(other.pk)]
    assert [each.rule for each in rename.answers(proof=[str(other.pk)])] == []
    for strange in (str(uuid4()), str(one.pk), "x"):
        assert [each.rule for each in rename.answers(proof=[strange])] == ["G-27"]
    assert rename.request.answers["proof"] == [str(other.pk)]
    takes_back(rename, other)
    assert "proof" not in rename.request.answers


def test_a_document_is_not_part_of_somebody_elses_request(town: Town, asked: Case, rename: Case) -> None:
    elsewhere = gives(asked)
    assert [each.rule for each in rename.answers(proof=[str(elsewhere.pk)])] == ["G-27"]


# ---- looked at


def test_staff_open_a_document_for_a_reason_that_is_written_down_first(town: Town, asked: Case) -> None:
    document = gives(asked, papers.a_pdf(), name="lease.pdf")
    opened = flow.open_document(document_id=document.pk, reason="decide", actor=ROSA, now=town.now)
    assert (opened.name, opened.media_type, opened.content[:5]) == ("lease.pdf", "application/pdf", b"%PDF-")
    reading = Reading.objects.get()
    assert (reading.role, reading.actor, reading.what, reading.subject, reading.reason, reading.at) == (
        "staff", "7", "document", str(document.pk), "decide", town.now,
    )  # fmt: skip
    assert events(asked)[-1] == "document_viewed"
    assert list(history.broken_chains()) == []
    for bad in ("", "curious", "decide "):
        with pytest.raises(Invalid):
            flow.open_document(document_id=document.pk, reason=bad, actor=ROSA, now=town.now)
    assert Reading.objects.count() == 1


def test_a_draft_is_nobodys_business_and_what_is_forgotten_is_gone(town: Town, asked: Case, rename: Case) -> None:
    draft, gone = gives(rename, purpose="name"), gives(asked)
    takes_back(asked, gone)
    for ident in (draft.pk, gone.pk, uuid4()):
        with pytest.raises(NotAllowed, match="unknown_document"):
            flow.open_document(document_id=ident, reason="decide", actor=ROSA, now=town.now)
    assert Reading.objects.count() == 0


def test_a_customer_gets_their_own_back_and_nobody_else_s(asked: Case) -> None:
    document = gives(asked)
    mine = f"customer:{asked.actor.ident}"
    assert queries.own(document.pk, begun_by=mine) is not None
    assert queries.own(document.pk, reference=asked.request.reference) is not None
    for stranger in ({}, {"begun_by": ""}, {"begun_by": "customer:other"}, {"reference": ""}, {"user_id": 5}):
        assert queries.own(document.pk, **stranger) is None  # type: ignore[arg-type]
    assert queries.own("x", begun_by=mine) is None


# ---- forgotten


@pytest.mark.rule("G-29")
def test_each_document_is_forgotten_when_its_time_is_over(town: Town, asked: Case) -> None:
    lease, card = gives(asked), gives(asked, papers.a_pdf(), purpose="identity")
    assert forget_documents(now=town.now + timedelta(days=400), policy=town.policy) == 0  # its request is open
    asked.replies("Here it is.").withdraws()
    assert forget_documents(now=town.now, policy=town.policy) == 0
    over = asked.request.ended_at
    assert over is not None
    assert Document.objects.get(pk=card.pk).retain_until == over + timedelta(days=30)
    assert forget_documents(now=over + timedelta(days=30, seconds=-1), policy=town.policy) == 0
    assert forget_documents(now=over + timedelta(days=30), policy=town.policy) == 1
    assert forget_documents(now=over + timedelta(days=30), policy=town.policy) == 0
    gone, kept = Document.objects.get(pk=card.pk), Document.objects.get(pk=lease.pk)
    assert (gone.content, bytes(gone.sealed_name or b""), gone.erased_at) == (None, b"", over + timedelta(days=30))
    assert kept.content is not None
    assert forget_documents(now=over + timedelta(days=365), policy=town.policy) == 1
    assert Document.objects.count() == 2  # that there were documents stays
    assert [each.gone for each in queries.of_request(asked.request, with_gone=True)] == [True, True]


def test_a_draft_takes_its_documents_with_it(rename: Case) -> None:
    document = gives(rename, purpose="name")
    rename.withdraws()
    row = Document.objects.get(pk=document.pk)
    assert (row.content, row.sealed_name) == (None, None)
    assert row.erased_at == rename.town.now


def test_a_file_s_checksum_says_nothing_to_whoever_has_the_file(asked: Case, settings: Any) -> None:
    import hashlib

    sent = papers.a_photo()
    document = gives(asked, sent)
    assert UUID(str(document.pk))
    assert document.checksum != hashlib.sha256(sent).hexdigest()
