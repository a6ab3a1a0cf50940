"""May this file be taken, and is it one of those that were given here?"""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from keyturn.journeys.journey import Ask, Journey
from keyturn.terms.document import EICAR, MEDIA_TYPES, PURPOSES
from keyturn.terms.finding import Finding, rule
from keyturn.terms.policy import Policy

_BEGINNINGS = ((b"\xff\xd8\xff", "image/jpeg"), (b"\x89PNG\r\n\x1a\n", "image/png"), (b"%PDF-", "application/pdf"))
LONGEST_NAME = 80


def type_of(data: bytes) -> str:
    """The type that the first bytes tell, "" for none that we know. Name and header of an upload are its sender's word."""
    return next((kind for beginning, kind in _BEGINNINGS if data.startswith(beginning)), "")


@rule("G-20", "A document is a photo or a PDF, told by what is in the file", implements=("ER-30",))
def type_is_taken(data: bytes, *, field: str, policy: Policy) -> Iterator[Finding]:
    if data and type_of(data) not in policy.document_types:
        yield Finding("G-20", field)


@rule("G-21", "A document is neither empty nor larger than the utility takes", implements=("ER-30",))
def size_is_taken(size: int, *, field: str, policy: Policy) -> Iterator[Finding]:
    """`size` in bytes; a megabyte has a million, as people's phones say it."""
    if size == 0:
        yield Finding("G-21", field, params={"why": "empty"})
    elif size > policy.document_max_mb * 1_000_000:
        yield Finding("G-21", field, params={"most": policy.document_max_mb})


@rule("G-22", "A request holds no more documents than the utility wants to read", implements=("ER-30",))
def number_is_taken(held: int, *, field: str, policy: Policy) -> Iterator[Finding]:
    if held >= policy.documents_per_request:
        yield Finding("G-22", field, params={"most": policy.documents_per_request})


@rule(
    "G-23", "A document is made anew before it is kept, so whole, open and not too large to open", implements=("ER-30",)
)
def could_be_made(problem: str, *, field: str, policy: Policy) -> Iterator[Finding]:
    """`problem` is what the making said (terms/document.py), "" where it went well."""
    most = {"too_many_pages": policy.document_max_pages, "too_many_pixels": policy.document_max_megapixels}
    if problem:
        yield Finding("G-23", field, params={"why": problem, "most": most.get(problem, 0)})


@rule("G-24", "Nothing is kept that is known to do harm", implements=("ER-30",))
def harms_nobody(found: str, data: bytes, *, field: str) -> Iterator[Finding]:
    """`found` is the scanner's name for it. The test file of scanners is known without one."""
    if found or EICAR in data:
        yield Finding("G-24", field)


@rule("G-25", "Where the utility says so, nothing is kept that no scanner has seen", implements=("ER-30",))
def was_scanned(scanned: bool, *, field: str, policy: Policy) -> Iterator[Finding]:
    if policy.documents_need_scan and not scanned:
        yield Finding("G-25", field)


@rule("G-30", "A file that cannot be opened or kept just now is asked for again", implements=("ER-30",))
def could_be_kept(possible: bool, *, field: str) -> Iterator[Finding]:
    """Not `possible`: too many are being made anew, or the disk that holds them is full."""
    if not possible:
        yield Finding("G-30", field)


@rule("G-26", "A document is for a purpose that the journey asks about, or for what staff asked")
def purpose_is_asked(journey: Journey, purpose: str, *, question_open: bool) -> bool:
    """`question_open`: staff asked the customer something, and papers may be the answer."""
    return purpose in PURPOSES and (question_open or purpose in purposes_of(journey))


def purposes_of(journey: Journey) -> dict[str, str]:
    """Purpose -> the name of the question that it answers."""
    return {
        question.purpose or "reply": question.name
        for question in journey.questions.values()
        if question.ask is Ask.DOCUMENTS
    }


@rule("G-27", "An answer names only documents that were given with this very request")
def documents_are_its_own(journey: Journey, answers: Mapping[str, Any], held: Collection[str]) -> Iterator[Finding]:
    for name, value in answers.items():
        question = journey.questions.get(name)
        named = value if isinstance(value, list) else []
        if question is not None and question.ask is Ask.DOCUMENTS and any(each not in held for each in named):
            yield Finding("G-27", name)


@rule("G-28", "A file’s name is one line of text that ends as its content is")
def clean_name(text: str, kind: str) -> str:
    """`text` is cleaned already (G-02). No folders, nothing that a computer might take for something else."""
    last = re.split(r"[/\\]", text)[-1]
    bare = re.sub(r'[<>:"|?*\x00-\x1f]', "", last).strip(". ")
    stem = bare.rpartition(".")[0] if re.search(r"\.[A-Za-z0-9]{1,5}$", bare) else bare
    stem = stem.strip(". ")[:LONGEST_NAME].strip()
    return (stem or "document") + MEDIA_TYPES[kind]


@rule("G-29", "A document is forgotten when its purpose is over and the utility’s time for it has passed")
def kept_until(purpose: str, ended_at: datetime, *, policy: Policy) -> datetime:
    """`ended_at`: when the request was over that it was given for."""
    return ended_at + timedelta(days=policy.document_days_by_purpose.get(purpose, policy.document_days))


def without(named: Sequence[str], gone: str) -> list[str]:
    """An answer without one of its documents."""
    return [each for each in named if each != gone]
