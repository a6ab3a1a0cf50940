"""Who may open which address of the console (T-31)? Every address is in the table, by its name in the URL map."""

import pytest
from django.db import transaction
from django.test import Client
from django.urls import URLPattern

from keyturn import flow
from keyturn.console.urls import urlpatterns
from keyturn.records.models import (
    AccountAccess,
    CisDifference,
    DuplicatePair,
    MedicalCertification,
    Person,
    PersonMerge,
    Proposal,
    RedFlag,
)
from keyturn.terms.person import PersonDetails
from keyturn.terms.request import Actor, Role
from tests import factories
from tests.flow.town import ANA, BEN, Case, Town

CARLA = PersonDetails(given_name="Carla", family_name="Otto", emails=("carla@example.com",))
ROLES = ("anonymous", "customer", "reviewer", "supervisor", "engineer")

# For each address and method: what each of ROLES gets. "in" is anything but a refusal,
# "its page" leads to where the form stands, which has rows of its own; "not here" is about requests of another kind.
TABLE = {
    ("queue", "GET"): ("sign in", "no", "in", "in", "in"),
    ("queue", "POST"): ("405", "405", "405", "405", "405"),
    ("search", "GET"): ("its page", "its page", "its page", "its page", "its page"),
    ("search", "POST"): ("sign in", "no", "in", "in", "in"),
    ("persons", "GET"): ("sign in", "no", "in", "in", "no"),
    ("persons", "POST"): ("sign in", "no", "in", "in", "no"),
    ("person", "GET"): ("sign in", "no", "in", "in", "no"),
    ("person", "POST"): ("405", "405", "405", "405", "405"),
    ("keep", "GET"): ("sign in", "no", "in", "in", "no"),
    ("keep", "POST"): ("405", "405", "405", "405", "405"),
    ("address", "GET"): ("its page", "its page", "its page", "its page", "its page"),
    ("address", "POST"): ("sign in", "no", "no", "in", "no"),
    ("protect", "GET"): ("its page", "its page", "its page", "its page", "its page"),
    ("protect", "POST"): ("sign in", "no", "no", "in", "no"),
    ("proposal", "GET"): ("its page", "its page", "its page", "its page", "its page"),
    ("proposal", "POST"): ("sign in", "no", "in", "in", "no"),
    ("take_over", "GET"): ("sign in", "no", "no", "in", "no"),
    ("take_over", "POST"): ("sign in", "no", "no", "in", "no"),
    ("end_access", "GET"): ("its page", "its page", "its page", "its page", "its page"),
    ("end_access", "POST"): ("sign in", "no", "in", "in", "no"),
    ("grant", "GET"): ("sign in", "no", "in", "in", "no"),
    ("grant", "POST"): ("sign in", "no", "in", "in", "no"),
    ("change", "GET"): ("sign in", "no", "in", "in", "no"),
    ("change", "POST"): ("sign in", "no", "in", "in", "no"),
    ("change_contact", "GET"): ("sign in", "no", "in", "in", "no"),
    ("change_contact", "POST"): ("sign in", "no", "in", "in", "no"),
    ("care", "GET"): ("sign in", "no", "in", "in", "no"),
    ("care", "POST"): ("405", "405", "405", "405", "405"),
    ("care_act", "GET"): ("its page", "its page", "its page", "its page", "its page"),
    ("care_act", "POST"): ("sign in", "no", "in", "in", "no"),
    ("care_claim", "GET"): ("sign in", "no", "in", "in", "no"),
    ("care_claim", "POST"): ("sign in", "no", "in", "in", "no"),
    ("cases", "GET"): ("sign in", "no", "in", "in", "no"),
    ("cases", "POST"): ("405", "405", "405", "405", "405"),
    ("case", "GET"): ("its page", "its page", "its page", "its page", "its page"),
    ("case", "POST"): ("sign in", "no", "in", "in", "no"),
    ("proposals", "GET"): ("sign in", "no", "in", "in", "no"),
    ("proposals", "POST"): ("405", "405", "405", "405", "405"),
    ("duplicates", "GET"): ("sign in", "no", "in", "in", "no"),
    ("duplicates", "POST"): ("405", "405", "405", "405", "405"),
    ("next_duplicate", "GET"): ("its page", "its page", "its page", "its page", "its page"),
    ("next_duplicate", "POST"): ("sign in", "no", "in", "in", "no"),
    ("duplicate", "GET"): ("sign in", "no", "in", "in", "no"),
    ("duplicate", "POST"): ("405", "405", "405", "405", "405"),
    ("decide_duplicate", "GET"): ("its page", "its page", "its page", "its page", "its page"),
    ("decide_duplicate", "POST"): ("sign in", "no", "in", "in", "no"),
    ("merge_with", "GET"): ("sign in", "no", "in", "in", "no"),
    ("merge_with", "POST"): ("sign in", "no", "in", "in", "no"),
    ("merge", "GET"): ("sign in", "no", "in", "in", "no"),
    ("merge", "POST"): ("sign in", "no", "in", "in", "no"),
    ("merges", "GET"): ("sign in", "no", "in", "in", "no"),
    ("merges", "POST"): ("405", "405", "405", "405", "405"),
    ("merge_made", "GET"): ("sign in", "no", "in", "in", "no"),
    ("merge_made", "POST"): ("405", "405", "405", "405", "405"),
    ("decide_merge", "GET"): ("its page", "its page", "its page", "its page", "its page"),
    ("decide_merge", "POST"): ("sign in", "no", "in", "in", "no"),
    ("undo_merge", "GET"): ("sign in", "no", "no", "in", "no"),
    ("undo_merge", "POST"): ("sign in", "no", "no", "in", "no"),
    ("whose_login", "GET"): ("its page", "its page", "its page", "its page", "its page"),
    ("whose_login", "POST"): ("sign in", "no", "no", "in", "no"),
    ("take_back_apart", "GET"): ("its page", "its page", "its page", "its page", "its page"),
    ("take_back_apart", "POST"): ("sign in", "no", "in", "in", "no"),
    ("reconciliation", "GET"): ("sign in", "no", "in", "in", "in"),
    ("reconciliation", "POST"): ("405", "405", "405", "405", "405"),
    ("repair_drift", "GET"): ("its page", "its page", "its page", "its page", "its page"),
    ("repair_drift", "POST"): ("sign in", "no", "in", "in", "no"),
    ("difference", "GET"): ("sign in", "no", "in", "in", "no"),
    ("difference", "POST"): ("405", "405", "405", "405", "405"),
    ("settle_difference", "GET"): ("its page", "its page", "its page", "its page", "its page"),
    ("settle_difference", "POST"): ("sign in", "no", "in", "in", "no"),
    ("links", "GET"): ("sign in", "no", "in", "in", "in"),
    ("links", "POST"): ("405", "405", "405", "405", "405"),
    ("switch_links", "GET"): ("its page", "its page", "its page", "its page", "its page"),
    ("switch_links", "POST"): ("sign in", "no", "no", "in", "no"),
    ("blind", "GET"): ("sign in", "no", "in", "in", "no"),
    ("blind", "POST"): ("sign in", "no", "in", "in", "no"),
    ("undo_link", "GET"): ("its page", "its page", "its page", "its page", "its page"),
    ("undo_link", "POST"): ("sign in", "no", "no", "in", "no"),
    ("next", "GET"): ("its page", "its page", "its page", "its page", "its page"),
    ("next", "POST"): ("sign in", "no", "in", "in", "no"),
    ("request", "GET"): ("sign in", "no", "in", "in", "in"),
    ("request", "POST"): ("405", "405", "405", "405", "405"),
    ("decide", "GET"): ("its page", "its page", "its page", "its page", "its page"),
    ("decide", "POST"): ("sign in", "no", "in", "in", "no"),
    ("identifier", "GET"): ("its page", "its page", "its page", "its page", "its page"),
    ("identifier", "POST"): ("sign in", "no", "in", "in", "in"),
    ("document", "GET"): ("its page", "its page", "its page", "its page", "its page"),
    ("document", "POST"): ("sign in", "no", "in", "in", "no"),
    ("own_data", "GET"): ("sign in", "no", "not here", "not here", "no"),
    ("own_data", "POST"): ("sign in", "no", "not here", "not here", "no"),
    ("take", "GET"): ("its page", "its page", "its page", "its page", "its page"),
    ("take", "POST"): ("sign in", "no", "in", "in", "no"),
    ("put_back", "GET"): ("its page", "its page", "its page", "its page", "its page"),
    ("put_back", "POST"): ("sign in", "no", "in", "in", "no"),
    ("look_again", "GET"): ("its page", "its page", "its page", "its page", "its page"),
    ("look_again", "POST"): ("sign in", "no", "in", "in", "no"),
    ("deliver", "GET"): ("its page", "its page", "its page", "its page", "its page"),
    ("deliver", "POST"): ("sign in", "no", "not here", "not here", "not here"),
    ("operations", "GET"): ("sign in", "no", "no", "in", "in"),
    ("operations", "POST"): ("405", "405", "405", "405", "405"),
    ("ask_cis", "GET"): ("its page", "its page", "its page", "its page", "its page"),
    ("ask_cis", "POST"): ("sign in", "no", "no", "in", "in"),
    ("retry", "GET"): ("its page", "its page", "its page", "its page", "its page"),
    ("retry", "POST"): ("sign in", "no", "no", "in", "in"),
}


@pytest.fixture
def case(town: Town) -> Case:
    """A request that waits for staff, and one of everything else."""
    case = town.moves_in(ANA, date_of_birth="1985-03-27", id_type="none", id_value="")
    things_of(case)
    return case


def a_client(role: str) -> Client:
    client = Client()
    if role != "anonymous":
        user = factories.a_member_of_staff(f"the-{role}", role="" if role == "customer" else role)
        client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


def things_of(case: Case) -> dict[str, str]:
    """One of each thing that an address can name: a case, a proposal, an access, a contact of the first person."""
    person = Person.objects.first() or factories.a_person(BEN)
    flag = RedFlag.objects.first() or RedFlag.objects.create(trigger="stopped", person=person, opened_at=case.town.now)
    said = Proposal.objects.filter(person=person).first()
    if said is None:
        said = Proposal(request=case.request, person=person, field="phone", created_at=case.town.now)
        said.value = "+15035550111"
        said.save()
    held = AccountAccess.objects.filter(account__people__person=person).first()
    if held is None:
        account = factories.an_account(person, case.town.house())
        factories.a_login("holder@example.com", account=account, person=person)
        held = AccountAccess.objects.get(account=account)
    account = AccountAccess.objects.get(pk=held.pk).account
    sick = MedicalCertification.objects.first() or MedicalCertification.objects.create(
        account=account, person=person, kind="life_support", state="temporary", claimed_at=case.town.now,
        temporary_until=case.town.now,
    )  # fmt: skip
    other = Person.objects.exclude(pk=person.pk).order_by("pk").first() or factories.a_person(CARLA)
    pair = DuplicatePair.objects.first() or factories.a_pair(person, other)
    merge = PersonMerge.objects.first() or flow.propose_merge(
        survivor_id=person.pk, loser_id=other.pk, choices={}, reason="The same passport number.", now=case.town.now,
        actor=Actor(Role.STAFF, "777"), policy=case.town.policy,
    )  # fmt: skip
    apart = CisDifference.objects.first() or CisDifference.objects.create(
        noun="person", ref=person.ref or "P1", why="gone_there", opened_at=case.town.now
    )
    return {
        "<uuid:difference>": str(apart.pk), "<uuid:pair>": str(pair.pk), "<uuid:merge>": str(merge.pk), "<uuid:survivor>": str(person.pk),
        "<uuid:loser>": str(other.pk), "<uuid:other>": str(other.pk),
        "<uuid:care>": str(sick.pk), "<uuid:account>": str(account.pk),
        "<uuid:case>": str(flag.pk), "<uuid:proposal>": str(said.pk), "<uuid:access>": str(held.pk),
        "<str:what>": "name", "<str:contact>": "new",
    }  # fmt: skip


def address_of(pattern: URLPattern, case: Case) -> str:
    person, of_it = Person.objects.first() or factories.a_person(BEN), things_of(case)
    path = str(pattern.pattern).replace("<str:reference>", case.request.reference)
    for place, value in of_it.items():
        path = path.replace(place, value)
    return "/console" + path.replace("<uuid:person>", str(person.pk))


def test_every_address_of_the_console_has_its_rows() -> None:
    names = {pattern.name for pattern in urlpatterns}
    assert {name for name, _method in TABLE} == names
    assert {(name, method) for name in names for method in ("GET", "POST")} == set(TABLE)


def test_every_address_is_guarded_by_a_list_of_roles() -> None:
    for pattern in urlpatterns:
        view = pattern.callback
        while not hasattr(view, "roles") and hasattr(view, "__wrapped__"):
            view = view.__wrapped__
        assert getattr(view, "roles", None), pattern.name


@pytest.mark.parametrize("role", ROLES)
def test_each_role_gets_what_the_table_says(role: str, case: Case) -> None:
    client = a_client(role)
    for name, method in TABLE:
        with transaction.atomic():
            look_at_one_cell(client, name, method, TABLE[name, method][ROLES.index(role)], case)
            transaction.set_rollback(True)


def look_at_one_cell(client: Client, name: str, method: str, expected: str, case: Case) -> None:
    pattern = next(each for each in urlpatterns if each.name == name)
    before = case.request.version, case.history
    response = client.generic(method, address_of(pattern, case))
    cell = (name, method, expected)
    if expected == "sign in":
        assert response.status_code == 302, cell
        assert response["Location"].startswith("/signin?next=/console"), cell
    elif expected == "its page":
        assert response.status_code == 302, cell
        assert response["Location"] in pages_of(case) or response["Location"].endswith("/keep"), cell
    elif expected == "not here":
        assert response.status_code == 404, cell
    elif expected in ("no", "405"):
        assert response.status_code == (403 if expected == "no" else 405), cell
    else:
        assert response.status_code not in (403, 404, 405, 500), cell
        assert "/signin" not in response.get("Location", ""), cell
    if expected != "in" or method == "GET":
        assert (case.request.version, case.history) == before, cell


def pages_of(case: Case) -> set[str]:
    """Where forms stand that have an address of their own."""
    of_it = things_of(case)
    return {
        "/console", f"/console/requests/{case.request.reference}", "/console/cases", "/console/life-support",
        "/console/duplicates", f"/console/duplicates/{of_it['<uuid:pair>']}", f"/console/merges/{of_it['<uuid:merge>']}",
        "/console/links", "/console/operations", "/console/reconciliation", f"/console/differences/{of_it['<uuid:difference>']}",
        f"/console/persons/{of_it['<uuid:survivor>']}",
    }  # fmt: skip


def test_nothing_is_done_without_a_token_of_our_own_page(case: Case) -> None:
    client = Client(enforce_csrf_checks=True)
    user = factories.a_member_of_staff("sofia", role="supervisor")
    client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    before = case.history
    for pattern in urlpatterns:
        response = client.post(address_of(pattern, case))
        assert response.status_code in (403, 405), pattern.name
        assert case.history == before


def test_a_draft_is_nobodys_business_but_its_owners(town: Town) -> None:
    draft = town.starts_to_fill_in()
    client = a_client("supervisor")
    assert client.get(f"/console/requests/{draft.request.reference}").status_code == 404


def test_a_reference_that_does_not_exist_is_not_found(town: Town) -> None:
    client = a_client("reviewer")
    assert client.get("/console/requests/KT-2222-2222").status_code == 404
    assert client.post("/console/requests/KT-2222-2222/decide").status_code == 404
    assert client.get("/console/requests/%00").status_code == 404


def test_staff_stay_in_the_console_when_something_is_not_for_them(case: Case) -> None:
    engineer, customer = a_client("engineer"), a_client("customer")
    nowhere = engineer.get("/console/requests/KT-2222-2222").content.decode()
    forbidden = engineer.post(f"/console/requests/{case.request.reference}/decide").content.decode()
    assert "There is nothing here" in nowhere
    assert "Your role may not do this" in forbidden
    assert "Somebody in another role must do this." in forbidden
    for who, page in ((a_client("reviewer"), "/console/operations"), (engineer, "/console/persons")):
        assert "This page is for somebody in another role." in who.get(page).content.decode()
    assert 'class="kc-search"' in nowhere
    assert (
        'type="search" maxlength="100" autocomplete="off" spellcheck="false" placeholder="Reference or name">'
        in nowhere
    )
    assert 'class="kc-search"' in forbidden
    assert 'class="kc-search"' not in customer.get("/console").content.decode()
    assert 'class="kc-search"' not in engineer.get("/nowhere").content.decode()


def test_nothing_of_the_console_is_kept_by_a_browser_or_a_proxy(case: Case) -> None:
    client = a_client("reviewer")
    for path in ("/console", f"/console/requests/{case.request.reference}"):
        assert "no-store" in client.get(path)["Cache-Control"]
