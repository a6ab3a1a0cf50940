"""Does the simulated CC&B answer over the socket as its documentation and its rules say, without any of our engine?"""

import base64
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import zeep
from zeep.exceptions import Fault
from zeep.wsse.username import UsernameToken

from keyturn.connectors.cis.ccb.simulator import rest, soap
from keyturn.connectors.cis.contract_kit import START
from tests.connectors.ccb import conftest as ccb

pytestmark = pytest.mark.usefixtures("town")

PRIMARY = {"nameType": "PRIM", "isPrimaryName": True, "firstName": "Ada", "lastName": "Lind"}


def client(url: str, *, password: str = ccb.PASSWORD, use_digest: bool = False) -> Any:
    token = UsernameToken(ccb.USER, password, use_digest=use_digest)
    return zeep.Client(f"{url}{soap.PATH}?wsdl", wsse=token).service


@pytest.fixture(scope="module")
def services(simulator: str) -> Any:
    return client(simulator)


@pytest.fixture(scope="module")
def web(simulator: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=f"{simulator}{rest.BASE}", auth=(ccb.USER, ccb.PASSWORD)) as web:
        yield web


def refused(call: Any, number: int, **said: Any) -> None:
    with pytest.raises(Fault) as no:
        call(**said)
    assert no.value.code == "soapenv:Client"
    assert no.value.detail.findtext("messageNumber") == str(number)


def a_person(services: Any, **more: Any) -> str:
    person = {"personOrBusiness": "P", "names": [PRIMARY], **more}
    return str(services["CM-PersonMaintenance"](action="ADD", person=person)["personId"])


def main_customer(person: str) -> dict[str, Any]:
    return {"personId": person, "isMainCustomer": True, "isFinanciallyResponsible": True}


class TestSoap:
    def test_a_person_that_is_added_can_be_read(self, services):
        ref = a_person(services, birthDate="1984-02-29", language="ENG")
        held = services["CM-PersonMaintenance"](action="READ", personId=ref)
        assert (held["birthDate"], held["language"], held["version"]) == ("1984-02-29", "ENG", 1)
        assert [(name["firstName"], name["isPrimaryName"]) for name in held["names"]] == [("Ada", True)]
        assert len(ref) == 10

    def test_a_password_by_digest_is_as_good(self, simulator):
        assert client(simulator, use_digest=True)["CM-SystemDate"]()

    @pytest.mark.parametrize("use_digest", [False, True])
    def test_nobody_comes_in_with_another_password(self, simulator, use_digest):
        refused(client(simulator, password="guessed", use_digest=use_digest)["CM-SystemDate"], 401)

    def test_nobody_comes_in_without_one(self, simulator):
        refused(zeep.Client(f"{simulator}{soap.PATH}?wsdl").service["CM-SystemDate"], 401)

    def test_a_document_type_is_not_read(self, simulator):
        bomb = b'<!DOCTYPE x [<!ENTITY a "aaaa">]><x>&a;</x>'
        told = httpx.post(f"{simulator}{soap.PATH}", content=bomb, headers={"Content-Type": "text/xml"})
        assert told.status_code == 500
        assert b"<messageNumber>259</messageNumber>" in told.content

    def test_what_is_too_long_or_not_known_is_refused(self, services, simulator):
        refused(
            services["CM-PersonMaintenance"], 254, action="ADD", person={"names": [PRIMARY | {"lastName": "x" * 51}]}
        )
        body = f'<cm:CM-PremiseRead xmlns:cm="{soap.NAMESPACE}"><cm:colour>red</cm:colour></cm:CM-PremiseRead>'
        token = (
            f'<w:Security xmlns:w="{soap.SECURITY}"><w:UsernameToken><w:Username>{ccb.USER}</w:Username>'
            f"<w:Password>{ccb.PASSWORD}</w:Password></w:UsernameToken></w:Security>"
        )
        envelope = (
            f'<s:Envelope xmlns:s="{soap.ENVELOPE}"><s:Header>{token}</s:Header><s:Body>{body}</s:Body></s:Envelope>'
        )
        told = httpx.post(f"{simulator}{soap.PATH}", content=envelope)
        assert b"<messageNumber>255</messageNumber>" in told.content

    def test_a_person_has_one_primary_name_and_an_account_one_main_customer_who_pays(self, services):
        refused(services["CM-PersonMaintenance"], 20503, action="ADD", person={"names": [PRIMARY, PRIMARY]})
        one, other = a_person(services), a_person(services)
        add = services["CM-AccountMaintenance"]
        for persons, number in (
            ([], 20501),
            ([main_customer(one), main_customer(other)], 20501),
            ([main_customer(one) | {"isFinanciallyResponsible": False}], 20502),
            ([main_customer(one) | {"isGuarantor": True}], 20502),
            ([main_customer("1234567890")], 20101),
        ):
            refused(add, number, action="ADD", account={"customerClass": "RES", "persons": persons})

    def test_a_value_of_a_reserved_type_stands_on_one_person_and_one_account_only(self, services):
        key = [{"idType": "KTKEY", "personIdNumber": "key-1"}]
        person = a_person(services, identifiers=key)
        refused(services["CM-PersonMaintenance"], 20401, action="ADD", person={"names": [PRIMARY], "identifiers": key})
        assert services["CM-PersonSearch"](identifiers=key) == [person]
        account = {
            "customerClass": "RES",
            "persons": [main_customer(person)],
            "accountNumbers": [{"accountNumberType": "KTKEY", "accountNumber": "key-1"}],
        }
        services["CM-AccountMaintenance"](action="ADD", account=account)
        refused(services["CM-AccountMaintenance"], 20402, action="ADD", account=account)

    def test_what_is_in_use_is_not_deleted(self, services):
        person = a_person(services)
        account = {"customerClass": "RES", "persons": [main_customer(person)]}
        ref = services["CM-AccountMaintenance"](action="ADD", account=account)["accountId"]
        refused(services["CM-PersonMaintenance"], 257, action="DELETE", personId=person)
        services["CM-AccountMaintenance"](action="DELETE", accountId=ref)
        services["CM-PersonMaintenance"](action="DELETE", personId=person)
        refused(services["CM-PersonMaintenance"], 20101, action="READ", personId=person)

    def test_each_operation_commits_by_itself(self, services, town):
        before = town.totals()
        person = a_person(services)
        refused(services["CM-AccountMaintenance"], 20501, action="ADD", account={"customerClass": "RES"})
        assert services["CM-PersonMaintenance"](action="READ", personId=person)
        assert town.totals() == before | {"persons": before["persons"] + 1}

    def test_a_pending_task_holds_the_place_until_it_is_discarded(self, services, town):
        wish = {
            "externalReference": "task-1",
            "premiseId": town.vacant(),
            "startDate": START.isoformat(),
            "customerClass": "RES",
            "newCustomer": True,
            "serviceTypes": ["E"],
        }
        start = services["CM-StartService"]
        task = start(action="OPEN", task=wish)["task"]["serviceTaskId"]
        assert len(task) == 14
        refused(start, 20403, action="OPEN", task=wish)
        refused(start, 20404, action="OPEN", task=wish | {"digest": "another"})
        refused(start, 20302, action="OPEN", task=wish | {"externalReference": "task-2"})
        start(action="DISCARD", task={"serviceTaskId": task})
        refused(start, 20307, action="COMPLETE", task={"serviceTaskId": task})
        assert start(action="OPEN", task=wish)["task"]["status"] == "PENDING"


def test_premises_of_an_import_are_taken_over_once(services, town):
    row = {
        "ref": "PR1",
        "line1": "1 Mill Lane",
        "city": "Lumen",
        "division": "NORTH",
        "service_types": "electric;gas;heat",
    }
    assert [town.store.adopt_premises([row]) for _ in range(2)] == [1, 0]
    held = services["CM-PremiseRead"](premiseId="PR1")
    assert (held["address"]["address1"], len(held["servicePoints"])) == ("1 Mill Lane", 2)


class TestRest:
    def test_a_problem_says_what_happened_to_which_call(self, web):
        told = web.get("/v-model/persons/0000000000")
        problem = told.json()
        assert told.status_code == problem["httpStatus"] == 404
        assert told.headers["Content-Type"] == "application/problem+json"
        assert {name: problem["instance"][name] for name in ("messageCategory", "messageNumber", "method", "url")} == {
            "messageCategory": 11,
            "messageNumber": 20101,
            "method": "GET",
            "url": f"{rest.BASE}/v-model/persons/0000000000",
        }

    @pytest.mark.parametrize("header", ["", "Bearer x", f"Basic {base64.b64encode(b'KEYTURN:guessed').decode()}"])
    def test_nobody_comes_in_without_the_password(self, simulator, header):
        told = httpx.get(f"{simulator}{rest.BASE}/cm/systemDate", headers={"Authorization": header} if header else {})
        assert told.status_code == 401

    def test_a_person_is_added_read_changed_and_deleted(self, web):
        told = web.post("/v-model/persons", json={"personOrBusiness": "P", "names": [PRIMARY], "language": "ENG"})
        assert told.status_code == 201
        path = f"/v-model/persons/{told.json()['personId']}"
        email = {"contactRoute": "EMAIL", "contactValue": "ada@example.org"}
        person = {
            "language": "SPA",
            "version": 1,
            "names": [PRIMARY | {"lastName": "Byron"}],
            "contactDetails": [email],
        }
        changed = web.put(path, json=person).json()
        assert (changed["language"], changed["names"][0]["lastName"], changed["version"]) == ("SPA", "Byron", 2)
        assert [each["contactValue"] for each in changed["contactDetails"]] == ["ada@example.org"]
        assert web.put(path, json=person).status_code == 409
        assert web.delete(path).status_code == 204
        assert web.get(path).status_code == 404

    def test_a_start_goes_from_eligibility_to_its_end(self, web, town):
        premise, (person, account) = town.vacant(), town.customer()
        wish = {
            "externalReference": "rest-1",
            "requestReference": "KT-1",
            "premiseId": premise,
            "startDate": START.isoformat(),
            "customerClass": "RES",
            "personId": person,
            "serviceTypes": ["E", "G"],
        }
        assert web.post("/startStopTransferTasks/serviceEligibility", json=wish | {"readOnly": True}).json() == {
            "isEligible": True,
            "messages": [],
        }
        task = {
            "serviceTaskId": web.post("/startStopTransferTasks/serviceEligibility", json=wish).json()["serviceTaskId"]
        }
        listed = web.post("/startStopTransferTasks/servicesToStart", json=task).json()["services"]
        assert {each["serviceType"] for each in listed} == {"E", "G"}
        assert web.post("/startStopTransferTasks/startServiceFinalization", json=task).status_code == 400
        chosen = {"spsToStart": [{"spId": each["spId"]} for each in listed], "personId": person, "accountId": account}
        assert web.post("/startStopTransferTasks/serviceToStartProcessing", json=task | chosen).status_code == 200
        done = web.post("/startStopTransferTasks/startServiceFinalization", json=task).json()
        assert (done["status"], len(done["serviceAgreements"])) == ("COMPLETE", 2)
        assert web.post("/startStopTransferTasks/startServiceFinalization", json=task).status_code == 400
        agreements = web.get(f"/v-model/accounts/{account}").json()["serviceAgreements"]
        assert {each["status"] for each in agreements} == {"10"}

    def test_web_users_and_their_accounts_are_kept_and_a_stale_version_is_refused(self, web, town):
        person, account = town.customer()
        told = web.post(
            "/webUsers", json={"clientWebUserId": "ada", "name": "Ada", "isActive": True, "personId": person}
        )
        user = told.json()
        assert web.post("/webUsers", json={"clientWebUserId": "ada"}).status_code == 400
        path = f"/webUsers/{user['webUserId']}"
        assert web.put(path, json=user | {"isActive": False}).json()["version"] == 2
        assert web.put(path, json=user).status_code == 409
        link = {"webUserId": user["webUserId"], "accountId": account, "nickname": "home", "isActive": True}
        web.post("/webUserAccounts", json=link)
        links = web.get(f"/webUserAccounts/{user['webUserId']}").json()["webUserAccounts"]
        assert [(each["accountId"], each["nickname"]) for each in links] == [(account, "home")]
        assert web.delete(f"/webUserAccounts/{user['webUserId']}/{account}").status_code == 204
        assert web.delete(path).status_code == 204

    def test_what_is_not_there_or_not_json_is_refused(self, web):
        assert web.get("/v-model/nothing").status_code == 404
        assert web.post("/v-model/persons", content=b"{").status_code == 400
        assert web.post("/v-model/persons", json=["x"]).status_code == 400
