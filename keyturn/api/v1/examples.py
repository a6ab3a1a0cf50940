"""What does a call look like? One example for each operation; the tests hold them against the schema."""

from typing import Any

_ID = "0193a6c2-5f1e-7c4a-9b3d-2f6e8a1c4d70"
_PERSON = "0193a6c3-0b7d-7e21-8f54-6c9d1e2f3a4b"
_ACCOUNT = "0193a6c3-0b81-7aa3-9c16-4d5e6f708192"
_PREMISE = "01939f00-1c2d-7b3e-8a4f-5b6c7d8e9fa0"
_NEXT = "AZOmwl8efEqbPS9uihxNcA"

NEW_REQUEST: dict[str, Any] = {
    "journey": "start_service",
    "answers": {
        "kind": "person",
        "given_name": "Alma",
        "family_name": "Reyes",
        "date_of_birth": "1991-04-12",
        "id_type": "driver_licence",
        "id_value": "4471902",
        "email": "alma.reyes@example.com",
        "service_address": {"premise_id": _PREMISE},
        "services": ["electric"],
        "start_date": "2026-12-01",
        "consents": ["terms"],
    },
    "submit": True,
    "attested": ["email", "identity"],
}
MORE_ANSWERS: dict[str, Any] = {"answers": {"phone": "503 555 0142", "suffix": None}}
REPLY: dict[str, Any] = {"text": "The lease begins on 1 December; I sent a copy by e-mail."}
REVIEW: dict[str, Any] = {"decision": "same_person", "person_id": _PERSON, "reason": "Same licence, moved last year."}

_BRIEF: dict[str, Any] = {"id": _ID, "reference": "KT-7QX4-M2ZP", "journey": "start_service"}
SENT: dict[str, Any] = {
    **_BRIEF, "status": "processing", "version": 5, "findings": [], "next": {"action": "wait", "missing": []},
}  # fmt: skip
PROCESSING = SENT
IN_REVIEW: dict[str, Any] = {**SENT, "status": "in_review", "version": 8}
DRAFT: dict[str, Any] = {
    **_BRIEF,
    "status": "draft",
    "version": 3,
    "findings": [{"rule": "G-05", "field": "start_date", "message": "Enter the date from which you need service."}],
    "next": {"action": "answer", "missing": ["start_date"]},
}
WITHDRAWN: dict[str, Any] = {
    **_BRIEF, "status": "withdrawn", "version": 6, "findings": [], "next": {"action": "none", "missing": []},
}  # fmt: skip

_DATES = {"channel": "api", "created_at": "2026-11-20T15:04:05Z", "submitted_at": "2026-11-20T15:04:05Z"}
COMPLETED: dict[str, Any] = {
    **_BRIEF,
    "status": "completed",
    "version": 9,
    "findings": [],
    "next": {"action": "none", "missing": []},
    **_DATES,
    "expires_at": None,
    "ended_at": "2026-11-20T15:04:07Z",
    "timeline": [
        {"at": "2026-11-20T15:04:05Z", "what": "begun", "by": "partner", "status": "draft"},
        {"at": "2026-11-20T15:04:05Z", "what": "submitted", "by": "partner", "status": "processing"},
        {"at": "2026-11-20T15:04:07Z", "what": "completed", "by": "machine", "status": "completed"},
    ],
    "messages": [],
    "person_id": _PERSON,
    "account_id": _ACCOUNT,
    "cis": {"person_ref": "P100482", "account_ref": "A200913", "agreement_refs": {"electric": "S300771"}},
    "review": None,
}
REQUESTS: dict[str, Any] = {
    "items": [{**_BRIEF, "status": "in_review", "version": 8, **_DATES}],
    "next": _NEXT,
}

PROBE: dict[str, Any] = {
    "ref": "row-17",
    "kind": "person",
    "given_name": "Alma",
    "family_name": "Reyes",
    "date_of_birth": "1991-04-12",
    "email": "alma.reyes@example.com",
    "line1": "12 Alder St Apt 3",
    "city": "Lumen",
    "state": "OR",
    "postal_code": "97301",
}
MATCH: dict[str, Any] = {
    "ref": "row-17",
    "zone": "link",
    "candidates": [
        {
            "person_id": _PERSON,
            "ref": "P100482",
            "weight": 27.4,
            "probability": 0.999999,
            "margin": 21.6,
            "linkable": False,
            "fields": [
                {"field": "birth_date", "level": "exact", "weight": 13.8},
                {"field": "email", "level": "exact", "weight": 12.1},
            ],
            "missing": [{"field": "phone", "where": "probe"}],
            "vetoes": [],
            "why": ["nothing_verified"],
            "relation": ["household", "namesake"],
            "words": [
                {"field": "birth_date", "side": "for", "text": "The birth dates are the same."},
                {"field": "", "side": "for", "text": "Nobody else on file fits nearly as well."},
            ],
        }
    ],
    "model": "default-1",
}

_TWIN = "0193a6c4-1a2b-7c3d-8e4f-5a6b7c8d9e0f"
NOT_SAME: dict[str, Any] = {
    "one": _PERSON, "other": _TWIN, "relation": "twin", "reason": "Both came to the desk with their passports.",
}  # fmt: skip
NOT_SAME_WITHDRAWN: dict[str, Any] = {"one": _PERSON, "other": _TWIN, "reason": "The wrong file was open."}
TOLD_APART: dict[str, Any] = {
    "one": _PERSON, "other": _TWIN, "relation": "twin", "said_at": "2026-11-20T15:04:05Z",
}  # fmt: skip

_DATED = {"valid_from": "2026-11-20T15:04:06Z", "valid_to": None, "recorded_at": "2026-11-20T15:04:06Z"}
PERSON: dict[str, Any] = {
    "id": _PERSON,
    "ref": "P100482",
    "kind": "person",
    "display_name": "Alma Reyes",
    "date_of_birth": "1991-04-12",
    "language": "en",
    "version": 1,
    "names": [
        {
            "name_type": "primary",
            "given_name": "Alma",
            "middle_name": "",
            "family_name": "Reyes",
            "suffix": "",
            "organisation_name": "",
            **_DATED,
        }
    ],
    "contacts": [
        {"channel": "email", "value": "alma.reyes@example.com", "status": "verified", "is_primary": True, **_DATED}
    ],
    "identifiers": [{"id_type": "driver_licence", "masked": "•••• 1902", "is_primary": True, **_DATED}],
    "addresses": [],
    "addresses_protected": False,
    "accounts": [{"account_id": _ACCOUNT, "ref": "A200913", "relationship": "main", "is_main": True, **_DATED}],
}
PERSONS: dict[str, Any] = {"items": [PERSON], "next": None}
_NO_TIMES: dict[str, Any] = {"valid_from": None, "valid_to": None, "source": ""}
HISTORY: dict[str, Any] = {
    "items": [
        {"at": "2026-11-20T15:04:06Z", "what": "person_entered", "detail": "", "request_id": None, **_NO_TIMES},
        {"at": "2026-11-20T15:04:06Z", "what": "request_linked", "detail": "automatic", "request_id": _ID, **_NO_TIMES},
    ],
    "next": None,
}
ACCOUNT: dict[str, Any] = {
    "id": _ACCOUNT,
    "ref": "A200913",
    "division": "north",
    "customer_class": "residential",
    "balance": "0.00",
    "language": "en",
    "paperless": False,
    "version": 1,
    "set_up_on": "2026-11-20",
    "people": [{"person_id": _PERSON, "relationship": "main", "is_main": True, "is_responsible": True, **_DATED}],
    "agreements": [
        {
            "ref": "S300771",
            "service": "electric",
            "premise_id": _PREMISE,
            "status": "pending_start",
            "start_date": "2026-12-01",
            "end_date": None,
        }
    ],
}

_ADDRESS = {
    "line1": "12 Alder Street",
    "line2": "Apt 3",
    "city": "Lumen",
    "state": "OR",
    "postal_code": "97301",
    "country": "US",
}
PREMISES: dict[str, Any] = {
    "items": [
        {
            "id": _PREMISE,
            "ref": "PR-004711",
            "address": _ADDRESS,
            "services": ["electric", "water"],
            "occupancy": "vacant",
        }
    ],
    "next": None,
}

_SAID = {
    "name": "start_service",
    "title": "Start service",
    "summary": "You are moving in and need electricity, gas or water.",
}
JOURNEYS: dict[str, Any] = {"items": [_SAID], "next": None}
JOURNEY: dict[str, Any] = {
    **_SAID,
    "answers": {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "properties": {"start_date": {"type": "string", "format": "date", "title": "Start date"}},
        "required": ["start_date"],
    },
}
