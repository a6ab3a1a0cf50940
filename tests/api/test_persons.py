"""What does a program learn about persons, accounts and premises, and what does it never learn?"""

from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.db import connection, transaction

from keyturn.records import dated
from keyturn.records.models import AccountPerson, Person, PersonLink, PersonName, Protection, Request
from keyturn.terms.address import Address
from keyturn.terms.person import Identifier, Kind, PersonDetails
from keyturn.terms.premise import AgreementStatus
from tests import factories
from tests.api.caller import Caller, answers, codes_and_fields, machine_works
from tests.flow.town import ANA, BEN
from tests.trips import Trips

HOME = Address("9 Birch Avenue", "", "Millbrook", "OR", "97901")


def somebody() -> Person:
    """One more person on file."""
    return factories.a_person(PersonDetails(given_name="Noor", family_name="Haddad"))


def probe(**changes: Any) -> dict[str, Any]:
    return {
        "ref": "row-1", "given_name": "Ana", "family_name": "Zelenko", "date_of_birth": "1985-03-27",
        "email": "ana@example.com", **changes,
    }  # fmt: skip


def test_the_matcher_knows_somebody_on_file(caller: Caller) -> None:
    ana = factories.a_person(ANA)
    found = caller.post("/persons/match", probe()).json()
    assert (found["ref"], found["zone"]) == ("row-1", "link")
    [best] = found["candidates"]
    assert (best["person_id"], best["ref"], best["vetoes"]) == (str(ana.pk), ana.ref, [])
    assert {each["field"] for each in best["fields"]} >= {"given", "family", "birth_date", "email"}
    assert best["probability"] > 0.999


def test_the_matcher_says_what_forbids_a_link(caller: Caller) -> None:
    factories.a_person(ANA)
    found = caller.post("/persons/match", probe(id_type="driver_licence", id_value="D7654321")).json()
    assert found["zone"] == "review"
    assert "different_identifier" in found["candidates"][0]["vetoes"]


def test_nobody_fits_a_stranger(caller: Caller) -> None:
    factories.a_person(BEN)
    assert caller.post("/persons/match", probe()).json()["zone"] == "new"
    assert caller.post("/persons/match", {}).json()["candidates"] == []


def test_an_organisation_is_matched_by_its_own_name(caller: Caller) -> None:
    bakery = PersonDetails(kind=Kind.ORGANISATION, organisation_name="Alder Bakery LLC", addresses=(HOME,))
    place = factories.a_person(bakery)
    row = {"kind": "organisation", "organisation_name": "Alder Bakery", **HOME.as_json()}
    assert caller.post("/persons/match", row).json()["candidates"][0]["person_id"] == str(place.pk)


def test_a_match_writes_nothing_and_asks_little(caller: Caller) -> None:
    factories.a_person(ANA)
    caller.get("/journeys")
    with transaction.atomic(), Trips(connection) as asked:
        connection.cursor().execute("SET TRANSACTION READ ONLY")
        assert caller.post("/persons/match", probe()).status_code == 200
        transaction.set_rollback(True)
    assert len(asked) <= 3 + 3  # ours are the savepoint, its end, and that nothing is written


@pytest.mark.parametrize(
    ("row", "field"),
    [({"date_of_birth": "27.3.1985"}, "date_of_birth"), ({"nickname": "Anita"}, "nickname"), ({"kind": "cat"}, "kind"),
     ({"given_name": "A\x00na"}, "given_name"), ({"given_name": "x" * 300}, "given_name")],
)  # fmt: skip
def test_a_description_of_another_shape_is_refused(caller: Caller, row: dict[str, Any], field: str) -> None:
    assert codes_and_fields(caller.post("/persons/match", row)) == ("invalid", [field])


def test_a_person_is_read_whole_but_for_identifiers(caller: Caller) -> None:
    ana = factories.a_person(PersonDetails(**{**_as_kwargs(ANA), "addresses": (HOME,)}))
    account = factories.an_account(ana, factories.a_premise())
    response = caller.get(f"/persons/{ana.pk}")
    found = response.json()
    assert (found["id"], found["ref"], found["display_name"]) == (str(ana.pk), ana.ref, "Ana Zelenko")
    assert {each["channel"]: each["value"] for each in found["contacts"]} == {
        "email": "ana@example.com", "phone": "+15035550142",
    }  # fmt: skip
    dated = {"valid_from": "2020-01-06T09:00:00Z", "valid_to": None, "recorded_at": "2020-01-06T09:00:00Z"}
    assert found["identifiers"] == [{"id_type": "driver_licence", "masked": "•••• 4567", "is_primary": True, **dated}]
    assert [each["line1"] for each in found["addresses"]] == ["9 Birch Avenue"]
    assert [each["account_id"] for each in found["accounts"]] == [str(account.pk)]
    assert response["ETag"] == '"1"'
    assert b"D1234567" not in response.content


def _as_kwargs(details: PersonDetails) -> dict[str, Any]:
    return {name: getattr(details, name) for name in PersonDetails.__slots__}


def test_a_person_who_was_merged_leads_to_the_other(caller: Caller) -> None:
    kept, merged = factories.a_person(ANA), factories.a_person(BEN)
    Person.objects.filter(pk=merged.pk).update(redirect_to=kept)
    assert caller.get(f"/persons/{merged.pk}").json()["id"] == str(kept.pk)


@pytest.mark.parametrize("typed", ["zel", "Ana Z", "ana@example.com", "ANA@example.com ", "(503) 555-0142"])
def test_a_person_is_found_by_what_people_type(caller: Caller, typed: str) -> None:
    ana = factories.a_person(ANA)
    factories.a_person(BEN)
    response = caller.client.get("/api/v1/persons", {"q": typed}, headers={"Authorization": f"Bearer {caller.secret}"})
    assert [each["id"] for each in response.json()["items"]] == [str(ana.pk)]


def test_persons_are_listed_page_by_page(caller: Caller) -> None:
    known = [str(somebody().pk) for _each in range(3)]
    first = caller.get("/persons?limit=2").json()
    rest = caller.get(f"/persons?limit=2&after={first['next']}").json()
    assert [each["id"] for each in first["items"] + rest["items"]] == known
    assert rest["next"] is None


def test_a_list_of_persons_asks_the_database_no_more_for_many_than_for_one(
    caller: Caller, django_assert_max_num_queries: Any
) -> None:
    for _each in range(8):
        factories.an_account(somebody(), factories.a_premise())
    caller.get("/journeys")
    with django_assert_max_num_queries(6):
        assert len(caller.get("/persons").json()["items"]) == 8


def test_a_persons_history_says_when_and_through_which_request(caller: Caller) -> None:
    begun = caller.moves_in(attested=("email", "identity"))
    machine_works(begun["id"])
    person_id = Request.objects.get(pk=begun["id"]).person_id
    found = caller.get(f"/persons/{person_id}/history").json()
    assert {each["what"] for each in found["items"]} >= {"person_entered", "name_entered", "contact_entered"}
    [linked] = [each for each in found["items"] if each["what"] == "request_linked"]
    assert linked["request_id"] == begun["id"]
    assert "alma" not in str(found).lower()


def test_a_history_is_read_page_by_page(caller: Caller) -> None:
    ana = factories.a_person(ANA)
    everything = caller.get(f"/persons/{ana.pk}/history").json()["items"]
    first = caller.get(f"/persons/{ana.pk}/history?limit=2").json()
    rest = caller.get(f"/persons/{ana.pk}/history?limit=200&after={first['next']}").json()
    assert first["items"] + rest["items"] == everything
    for after in ("h", "hx", "h-1", "x9", "h" + "9" * 20, "h²"):
        assert codes_and_fields(caller.get(f"/persons/{ana.pk}/history?after={after}")) == ("invalid", ["after"])


def test_an_account_shows_who_is_on_it_and_what_is_served(caller: Caller) -> None:
    ana, place = factories.a_person(ANA), factories.a_premise(services="electric;water")
    account = factories.an_account(ana, place, balance="12.50")
    found = caller.get(f"/accounts/{account.pk}").json()
    assert (found["ref"], found["balance"], found["division"]) == (account.ref, "12.50", "north")
    [part] = found["people"]
    assert (part["person_id"], part["relationship"], part["is_main"], part["valid_to"]) == (
        str(ana.pk), "main", True, None,
    )  # fmt: skip
    assert {(each["service"], each["status"], each["premise_id"]) for each in found["agreements"]} == {
        ("electric", "active", str(place.pk)), ("water", "active", str(place.pk)),
    }  # fmt: skip


MARRIED_ON, TOLD_ON = datetime(2024, 6, 1, tzinfo=UTC), datetime(2025, 3, 10, 15, tzinfo=UTC)


def ana_marries() -> Person:
    """On file since 2020; in March 2025 we learn that she has had another name since June 2024."""
    ana = factories.a_person(ANA)
    with transaction.atomic(), dated.changing(person=ana, now=TOLD_ON, source="staff:7") as file:
        file.enter(PersonName(given_name="Ana", family_name="Bauer"), start=MARRIED_ON)
    return ana


@pytest.mark.parametrize(
    ("asked", "name"),
    [
        ("", "Bauer"),
        ("?as_of=2024-05-31", "Zelenko"),
        ("?as_of=2024-06-01", "Bauer"),
        ("?as_of=2024-12-24", "Bauer"),
        ("?as_of=2024-12-24&known_at=2025-01-01T00:00:00Z", "Zelenko"),
        ("?as_of=2024-12-24&known_at=2025-03-10T15:00:00Z", "Bauer"),
        ("?known_at=2025-03-10T16:59:59%2B02:00", "Zelenko"),
        ("?as_of=2019-12-31", ""),
    ],
)
def test_a_person_is_read_as_of_a_day_and_as_known_at_a_moment(caller: Caller, asked: str, name: str) -> None:
    ana = ana_marries()
    names = [each["family_name"] for each in caller.get(f"/persons/{ana.pk}{asked}").json()["names"]]
    assert names == ([name] if name else [])


@pytest.mark.parametrize(
    ("asked", "field"),
    [("as_of=yesterday", "as_of"), ("as_of=20240601", "as_of"), ("as_of=9999-12-31", "as_of"),
     ("known_at=2025-01-01", "known_at"), ("known_at=2025-01-01T00:00:00", "known_at"), ("known_at=7", "known_at")],
)  # fmt: skip
@pytest.mark.parametrize("thing", ["persons", "accounts"])
def test_a_day_or_moment_of_another_shape_is_refused(caller: Caller, thing: str, asked: str, field: str) -> None:
    ana = factories.a_person(ANA)
    ident = ana.pk if thing == "persons" else factories.an_account(ana, factories.a_premise()).pk
    assert codes_and_fields(caller.get(f"/{thing}/{ident}?{asked}")) == ("invalid", [field])


def test_an_account_is_read_as_of_a_day(caller: Caller) -> None:
    ana, ben = factories.a_person(ANA), factories.a_person(BEN)
    account = factories.an_account(ana, factories.a_premise(), since=date(2021, 5, 1))
    with transaction.atomic(), dated.changing(account=account, now=TOLD_ON, source="staff:7") as file:
        file.enter(AccountPerson(person=ben, relationship="main"), start=MARRIED_ON)
    path = f"/accounts/{account.pk}"
    before, after = (caller.get(f"{path}?as_of={day}").json() for day in ("2024-05-31", "2024-06-01"))
    assert [each["person_id"] for each in before["people"]] == [str(ana.pk)]
    assert [each["person_id"] for each in after["people"]] == [str(ben.pk)]
    assert caller.get(f"{path}?as_of=2021-04-30").json()["agreements"] == []
    assert [each["person_id"] for each in caller.get(path).json()["people"]] == [str(ben.pk)]


def test_a_history_tells_both_times(caller: Caller) -> None:
    found = caller.get(f"/persons/{ana_marries().pk}/history").json()["items"]
    told = [each for each in found if each["at"] == "2025-03-10T15:00:00Z"]
    assert [(each["what"], each["valid_from"], each["valid_to"], each["source"]) for each in told] == [
        ("name_ended", "2020-01-06T09:00:00Z", "2024-06-01T00:00:00Z", "staff"),
        ("name_entered", "2024-06-01T00:00:00Z", None, "staff"),
    ]
    assert "Bauer" not in str(found)


@pytest.mark.parametrize("how", ["flag", "programme"])
def test_where_a_protected_person_lives_is_told_to_no_program(caller: Caller, how: str) -> None:
    ana = factories.a_person(PersonDetails(**{**_as_kwargs(ANA), "addresses": (HOME,)}))
    if how == "flag":
        Person.objects.filter(pk=ana.pk).update(flags=["protected_address"])
    else:
        Protection.objects.create(person=ana, programme="ACP", set_by="staff:7", since=TOLD_ON)
    for path in (f"/persons/{ana.pk}", f"/persons/{ana.pk}?as_of=2026-01-01", "/persons"):
        response = caller.get(path)
        assert b"Birch" not in response.content
        assert b'"addresses_protected": true' in response.content


def test_the_account_of_a_protected_person_names_no_premise(caller: Caller) -> None:
    ana, place = factories.a_person(ANA, flags=("protected_address",)), factories.a_premise()
    account = factories.an_account(ana, place)
    response = caller.get(f"/accounts/{account.pk}")
    assert {each["premise_id"] for each in response.json()["agreements"]} == {""}
    assert str(place.pk).encode() not in response.content


@pytest.mark.parametrize("path", ["/persons/{}", "/persons/{}/history", "/accounts/{}"])
@pytest.mark.parametrize("ident", ["x", "00000000-0000-0000-0000-000000000007", "%00", "%F0%9F%92%A9"])
def test_an_id_of_nobody_is_nothing(caller: Caller, path: str, ident: str) -> None:
    assert codes_and_fields(caller.get(path.format(ident))) == ("not_found", [])


def test_premises_are_found_as_people_write_them(caller: Caller) -> None:
    place = factories.a_premise(line1="12 Alder Street", line2="Apt 3")
    factories.a_premise(line1="14 Elm Road")
    [found] = caller.get("/premises?q=12%20alder%20st%20%233").json()["items"]
    assert (found["id"], found["ref"], found["occupancy"]) == (str(place.pk), place.ref, "vacant")
    assert found["address"]["line1"] == "12 Alder Street"
    assert [each["id"] for each in caller.get(f"/premises?ref={place.ref}").json()["items"]] == [str(place.pk)]


def test_premises_are_listed_by_whether_somebody_is_served_there(caller: Caller) -> None:
    empty, lived_in, let, left = (factories.a_premise() for _each in range(4))
    factories.an_account(factories.a_person(ANA), lived_in)
    factories.an_account(factories.a_person(BEN), let, customer_class="landlord")
    factories.an_account(somebody(), left, status=AgreementStatus.STOPPED, until=date(2024, 1, 1))
    vacant = caller.get("/premises?occupancy=vacant").json()["items"]
    occupied = caller.get("/premises?occupancy=occupied").json()["items"]
    assert {each["id"] for each in vacant} == {str(each.pk) for each in (empty, let, left)}
    assert [each["id"] for each in occupied] == [str(lived_in.pk)]
    assert {each["occupancy"] for each in vacant} == {"vacant"}
    assert {each["occupancy"] for each in occupied} == {"occupied"}


def test_all_premises_are_paged_through_each_seen_once(caller: Caller) -> None:
    known = {str(factories.a_premise(in_cis=False).pk) for _each in range(7)}
    seen: list[str] = []
    after = ""
    while after is not None:
        page = caller.get(f"/premises?limit=3&after={after}").json()
        seen += [each["id"] for each in page["items"]]
        after = page["next"]
    assert (len(seen), set(seen)) == (7, known)
    assert caller.get("/premises?limit=1000").status_code == 200
    assert caller.get("/premises?limit=1001").status_code == 422


def test_premises_tell_nobody_who_lives_there(caller: Caller) -> None:
    place = factories.a_premise()
    factories.an_account(factories.a_person(ANA), place)
    text = caller.get("/premises").content
    assert b"Zelenko" not in text
    assert b"person" not in text


def test_a_link_to_somebody_on_file_shows_as_theirs(caller: Caller) -> None:
    ana = factories.a_person(ANA)
    sent = answers(
        given_name="Ana", family_name="Zelenko", date_of_birth="1985-03-27", email="ana@example.com",
        id_value="D1234567",
    )  # fmt: skip
    begun = caller.begins(sent, submit=True, attested=["email", "identity"])
    machine_works(begun["id"])
    assert caller.get(f"/requests/{begun['id']}").json()["person_id"] == str(ana.pk)
    assert PersonLink.objects.get().automatic


def test_identifiers_are_masked_wherever_they_are_short(caller: Caller) -> None:
    someone = factories.a_person(PersonDetails(family_name="Okafor", identifiers=(Identifier("ssn_last4", "6789"),)))
    assert caller.get(f"/persons/{someone.pk}").json()["identifiers"][0]["masked"] == "•••• 6789"
