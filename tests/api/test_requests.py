"""What can a program do with a request, from the first answer to the CIS's references?"""

from datetime import UTC, datetime
from uuid import UUID

import pytest
from django.conf import settings

from keyturn import flow
from keyturn.records.models import Event, Person, Request
from keyturn.terms.request import Actor, Role
from tests import factories
from tests.api.caller import Caller, a_key, answers, codes_and_fields, in_days, machine_looks, machine_works
from tests.flow.town import ANA, answers_of


def test_a_draft_says_what_is_missing(caller: Caller) -> None:
    found = caller.begins({"given_name": "Alma"})
    assert found["status"] == "draft"
    assert found["next"]["action"] == "answer"
    assert {"service_address", "services", "start_date"} <= set(found["next"]["missing"])


def test_a_draft_with_all_answers_is_to_be_submitted(caller: Caller) -> None:
    assert caller.begins(answers())["next"] == {"action": "submit", "missing": []}


def test_a_request_sent_at_once_goes_to_the_machine(caller: Caller) -> None:
    response = caller.post("/requests", {"journey": "start_service", "answers": answers(), "submit": True})
    found = response.json()
    assert response.status_code == 201
    assert (found["status"], found["findings"], found["next"]["action"]) == ("processing", [], "wait")
    assert response["Location"] == f"/api/v1/requests/{found['id']}"
    assert response["ETag"] == f'"{found["version"]}"'


def test_a_completed_request_names_person_account_and_what_the_cis_calls_them(caller: Caller) -> None:
    begun = caller.moves_in(attested=("email", "identity"))
    machine_works(begun["id"])
    found = caller.get(f"/requests/{begun['id']}").json()
    assert found["status"] == "completed"
    assert found["next"] == {"action": "none", "missing": []}
    assert [each["what"] for each in found["timeline"]] == [
        "begun", "answered", "attested", "submitted", "established", "handed_to_cis", "completed",
    ]  # fmt: skip
    assert found["cis"]["person_ref"] and found["cis"]["account_ref"] and found["cis"]["agreement_refs"]["electric"]
    assert caller.get(f"/persons/{found['person_id']}").json()["ref"] == found["cis"]["person_ref"]
    assert caller.get(f"/accounts/{found['account_id']}").json()["ref"] == found["cis"]["account_ref"]


def test_nothing_of_person_or_account_is_told_before_it_is_complete(caller: Caller) -> None:
    begun = caller.moves_in()
    machine_looks(begun["id"])
    found = caller.get(f"/requests/{begun['id']}").json()
    assert found["status"] == "processing"
    assert (found["person_id"], found["account_id"], found["cis"]) == (None, None, None)


def test_sending_what_must_be_mended_says_so_and_keeps_the_draft(caller: Caller) -> None:
    response = caller.post(
        "/requests", {"journey": "start_service", "answers": answers(email="not an address"), "submit": True}
    )
    assert codes_and_fields(response) == ("invalid", ["email"])
    kept = response.json()["request"]
    assert caller.get(f"/requests/{kept['id']}").json()["status"] == "draft"
    mended = caller.patch(f"/requests/{kept['id']}", {"answers": {"email": "alma@example.com"}}).json()
    assert mended["next"]["action"] == "submit"
    assert caller.post(f"/requests/{kept['id']}/submit").json()["status"] == "processing"


def test_an_answer_with_a_name_that_is_no_question_is_not_dropped_in_silence(caller: Caller) -> None:
    response = caller.post("/requests", {"journey": "start_service", "answers": answers(phonee="1"), "submit": True})
    assert codes_and_fields(response) == ("invalid", ["phonee"])
    assert Request.objects.get(pk=response.json()["request"]["id"]).submitted_at is None


def test_the_name_of_an_unknown_answer_is_not_written_into_the_history(caller: Caller) -> None:
    caller.begins({"Alma Reyes 4471902": "x", "given_name": "Alma"})
    assert "4471902" not in str(list(Event.objects.values_list("data", flat=True)))


def test_an_answer_is_replaced_as_a_whole_and_null_removes_it(caller: Caller) -> None:
    begun = caller.begins(answers(phone="503 555 0142", service_address={"line1": "1 Elm St", "city": "Millbrook"}))
    caller.patch(f"/requests/{begun['id']}", {"answers": {"phone": None, "service_address": {"line1": "2 Oak St"}}})
    kept = Request.objects.get(pk=begun["id"]).answers
    assert "phone" not in kept
    assert kept["service_address"] == {"line1": "2 Oak St"}


def test_a_change_to_an_older_version_is_refused_with_the_current_one(caller: Caller) -> None:
    begun = caller.begins(answers())
    old = f'"{begun["version"]}"'
    newer = caller.patch(f"/requests/{begun['id']}", {"answers": {"suffix": "Jr"}}, If_Match=old).json()["version"]
    for path, body in (("", {"answers": {"suffix": "Sr"}}), ("/submit", None), ("/withdraw", None)):
        response = caller.call("PATCH" if body else "POST", f"/requests/{begun['id']}{path}", body, If_Match=old)
        assert codes_and_fields(response) == ("stale_version", [])
        assert (response.json()["version"], response["ETag"]) == (newer, f'"{newer}"')
    assert Request.objects.get(pk=begun["id"]).answers["suffix"] == "Jr"


@pytest.mark.parametrize("tag", ["*", None])
def test_without_a_version_the_change_is_made_to_whatever_is_there(caller: Caller, tag: str | None) -> None:
    begun = caller.begins(answers())
    headers = {"If_Match": tag} if tag else {}
    assert caller.patch(f"/requests/{begun['id']}", {"answers": {"suffix": "Jr"}}, **headers).status_code == 200


@pytest.mark.parametrize("tag", ["yesterday's", "", " ", '"x"', "-1", '"1', "1, 2"])
def test_an_if_match_that_is_no_etag_is_refused(caller: Caller, tag: str) -> None:
    begun = caller.begins()
    response = caller.patch(f"/requests/{begun['id']}", {"answers": {}}, If_Match=tag)
    assert codes_and_fields(response) == ("bad_if_match", [])


def test_sending_in_twice_is_once(caller: Caller) -> None:
    begun = caller.moves_in()
    again = caller.post(f"/requests/{begun['id']}/submit")
    assert (again.status_code, again.json()["version"]) == (200, begun["version"])


def test_a_request_on_its_way_cannot_be_changed(caller: Caller) -> None:
    begun = caller.moves_in()
    response = caller.patch(f"/requests/{begun['id']}", {"answers": {"suffix": "Jr"}})
    assert codes_and_fields(response) == ("not_open", [])
    assert response.status_code == 409


def test_a_request_is_taken_back_once_and_for_all(caller: Caller) -> None:
    begun = caller.begins(answers())
    for _time in range(2):
        found = caller.post(f"/requests/{begun['id']}/withdraw").json()
        assert (found["status"], found["next"]["action"]) == ("withdrawn", "none")
    assert codes_and_fields(caller.post(f"/requests/{begun['id']}/submit")) == ("not_open", [])


def test_a_request_that_is_established_cannot_be_taken_back(caller: Caller) -> None:
    begun = caller.moves_in()
    machine_works(begun["id"])
    assert codes_and_fields(caller.post(f"/requests/{begun['id']}/withdraw")) == ("too_late", [])


def test_a_partner_knows_only_of_requests_that_it_began(caller: Caller, partner: Caller) -> None:
    other = caller.begins(answers())
    own = partner.begins(answers())
    assert partner.get(f"/requests/{own['id']}").status_code == 200
    assert codes_and_fields(partner.get(f"/requests/{other['id']}")) == ("not_found", [])
    for method, path, body in (
        ("PATCH", "", {"answers": {"suffix": "Jr"}}), ("POST", "/submit", None), ("POST", "/withdraw", None),
        ("POST", "/reply", {"text": "It is me."}),
    ):  # fmt: skip
        response = partner.call(method, f"/requests/{other['id']}{path}", body)
        assert codes_and_fields(response) == ("not_found", []), path
    assert [each["id"] for each in partner.get("/requests").json()["items"]] == [own["id"]]


def test_who_may_read_all_requests_still_changes_only_their_own(caller: Caller, partner: Caller) -> None:
    other = partner.begins(answers())
    assert caller.get(f"/requests/{other['id']}").status_code == 200
    assert caller.patch(f"/requests/{other['id']}", {"answers": {}}).status_code == 404


def test_vouching_needs_its_scope_and_nothing_is_begun_without(partner: Caller) -> None:
    body = {"journey": "start_service", "answers": answers(), "attested": ["email"]}
    response = partner.post("/requests", body)
    assert codes_and_fields(response) == ("scope_missing", ["attested"])
    assert response.json()["scopes"] == ["requests:attest"]
    assert not Request.objects.exists()


def test_the_history_says_who_vouched(caller: Caller) -> None:
    begun = caller.moves_in(attested=("identity", "email"))
    event = Event.objects.get(request_id=begun["id"], what="attested")
    assert (event.role, event.data) == ("partner", {"kinds": ["email", "identity"]})


def test_a_partner_does_not_learn_why_staff_look_but_staff_do(partner: Caller, reviewer: Caller) -> None:
    factories.a_person(ANA)
    begun = partner.moves_in(**answers_of(ANA))
    machine_looks(begun["id"])
    theirs, ours = (each.get(f"/requests/{begun['id']}").json() for each in (partner, reviewer))
    assert theirs["status"] == ours["status"] == "in_review"
    assert (theirs["findings"], theirs["review"]) == ([], None)
    assert "M-02" in [each["rule"] for each in ours["findings"]]
    assert len(ours["review"]["candidates"]) == 1


def test_staff_ask_and_the_partner_replies(partner: Caller, reviewer: Caller) -> None:
    factories.a_person(ANA)
    begun = partner.moves_in(**answers_of(ANA))
    machine_looks(begun["id"])
    question = "Which licence is yours? Please send its number."
    reviewer.post(f"/requests/{begun['id']}/review", {"decision": "ask", "reason": question})
    asked = partner.get(f"/requests/{begun['id']}").json()
    assert (asked["status"], asked["next"]["action"]) == ("needs_customer", "reply")
    assert [each["text"] for each in asked["messages"]] == [question]
    assert partner.post(f"/requests/{begun['id']}/reply", {"text": "It is D1234567."}).json()["status"] == "in_review"
    assert [each["kind"] for each in partner.get(f"/requests/{begun['id']}").json()["messages"]] == [
        "question",
        "reply",
    ]


def test_a_reply_to_nothing_is_refused(partner: Caller) -> None:
    begun = partner.begins()
    assert codes_and_fields(partner.post(f"/requests/{begun['id']}/reply", {"text": "Hello"})) == ("not_asked", [])


def test_requests_are_found_by_status_and_reference(caller: Caller) -> None:
    draft, sent = caller.begins(answers()), caller.moves_in()
    gone = caller.begins()
    caller.post(f"/requests/{gone['id']}/withdraw")
    for status, wanted in (("draft", draft), ("processing", sent), ("withdrawn", gone)):
        assert [each["id"] for each in caller.get(f"/requests?status={status}").json()["items"]] == [wanted["id"]]
    typed = sent["reference"].lower().replace("-", "")
    assert [each["id"] for each in caller.get(f"/requests?reference={typed}").json()["items"]] == [sent["id"]]
    for status in ("needs_customer", "in_review", "waiting", "completed", "refused", "stuck"):
        assert caller.get(f"/requests?status={status}").json() == {"items": [], "next": None}


def test_a_list_is_walked_page_by_page_and_sees_each_row_once(caller: Caller) -> None:
    begun = [caller.begins()["id"] for _each in range(5)]
    seen, after = [], ""
    while True:
        page = caller.get(f"/requests?limit=2&after={after}").json()
        seen += [each["id"] for each in page["items"]]
        if page["next"] is None:
            break
        after = page["next"]
    assert seen == begun


def test_a_draft_from_the_web_waits_for_its_code_and_belongs_to_the_customer(caller: Caller) -> None:
    now, actor = datetime.now(UTC), Actor(Role.CUSTOMER, "browser")
    draft = flow.begin(
        journey="start_service", actor=actor, channel="portal", language="en", now=now, policy=settings.KEYTURN_POLICY
    )
    given = {**answers_of(ANA), **answers(start_date=in_days(5), email="ana@example.com")}
    flow.answer(request_id=draft.pk, answers=given, actor=actor, now=now, policy=settings.KEYTURN_POLICY)
    assert caller.get(f"/requests/{draft.pk}").json()["next"] == {"action": "prove_email", "missing": []}
    assert caller.post(f"/requests/{draft.pk}/submit").status_code == 404


def test_the_language_of_the_call_is_the_language_of_the_request(caller: Caller) -> None:
    body = {"journey": "start_service", "answers": {}}
    begun = caller.post("/requests", body, Accept_Language="es-MX,es;q=0.9").json()
    assert Request.objects.get(pk=begun["id"]).language == "es"


def test_an_unknown_journey_and_an_unknown_id_are_nothing(caller: Caller) -> None:
    assert codes_and_fields(caller.post("/requests", {"journey": "fly_away"})) == ("unknown_journey", [])
    for ident in ("nothing", "0", str(UUID(int=0)), "%00", "a" * 500):
        assert codes_and_fields(caller.get(f"/requests/{ident}")) == ("not_found", [])
        assert codes_and_fields(caller.post(f"/requests/{ident}/submit")) == ("not_found", [])


def test_two_requests_of_one_new_person_lead_to_one_person(caller: Caller) -> None:
    place = factories.a_premise()
    first = caller.moves_in(place, services=["electric"], attested=("email", "identity"))
    same = Request.objects.get(pk=first["id"]).answers
    second = caller.begins({**same, "services": ["gas"]}, submit=True, attested=["email", "identity"])
    machine_works(first["id"])
    machine_works(second["id"])
    assert Person.objects.count() == 1


def test_a_key_of_another_program_decides(caller: Caller) -> None:
    other = Caller(a_key("review:write"))
    factories.a_person(ANA)
    begun = caller.moves_in(**answers_of(ANA))
    machine_looks(begun["id"])
    assert codes_and_fields(caller.post(f"/requests/{begun['id']}/review", {"decision": "new_person"})) == (
        "own_request", [],
    )  # fmt: skip
    found = other.post(f"/requests/{begun['id']}/review", {"decision": "new_person"})
    assert (found.status_code, found.json()["status"]) == (200, "processing")
