"""What do staff see of a change, and what follows when they decide, put a file right, or close a case?"""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from keyturn import flow
from keyturn.flow import cases
from keyturn.records.models import (
    AccountAccess,
    Act,
    MedicalCertification,
    PersonContact,
    PersonName,
    Proposal,
    Reading,
    RedFlag,
    Request,
)
from keyturn.terms.address import Address
from keyturn.terms.errors import NotAllowed
from keyturn.terms.request import Actor, Role
from tests import factories
from tests.console.desk import Desk
from tests.flow.at_home import Change, Customer
from tests.flow.papers import a_photo
from tests.flow.town import ANA, COMPLETED, IN_REVIEW, REFUSED, Town


@pytest.fixture
def ana(town: Town, rosa: Desk) -> Customer:
    return Customer(town)


@pytest.fixture
def renamed(ana: Customer) -> Change:
    """Ana Bauer now, she says: the risk policy wants staff to look."""
    case = ana.changes("change_name", family_name="Bauer", name_reason="marriage")
    assert case.status == IN_REVIEW
    return case


class TestAChangeInTheConsole:
    def test_shows_what_they_saw_what_is_on_file_and_what_they_want(self, rosa: Desk, renamed: Change) -> None:
        rosa.opens(renamed).sees("They saw", "On file now", "Wanted", "Family name", "Zelenko", "Bauer")
        rosa.sees("ana@example.com", "Account holder", "Risk policy")

    def test_shows_nothing_of_starting_service(self, rosa: Desk, renamed: Change) -> None:
        rosa.opens(renamed)
        assert rosa.choices == ["approve", "ask", "refuse"]
        for text in ("Who is served there", "Is it the same person?", "New person", "Service points", "from None"):
            assert text not in rosa.text

    def test_says_when_somebody_else_changed_the_value_meanwhile(
        self, rosa: Desk, ana: Customer, renamed: Change
    ) -> None:
        PersonName.objects.filter(person=ana.person, name_type="primary").update(family_name="Zelenka")
        rosa.opens(renamed).sees("Zelenka", "Changed by somebody else meanwhile")

    def test_is_approved_and_written(self, rosa: Desk, ana: Customer, renamed: Change) -> None:
        rosa.decides(renamed, "approve")
        assert renamed.status == COMPLETED
        assert ana.name() == "Ana Bauer"

    def test_is_refused_with_a_reason(self, rosa: Desk, ana: Customer, renamed: Change) -> None:
        rosa.decides(renamed, "refuse", reason="The document shows another name.")
        assert (renamed.status, ana.name()) == (REFUSED, "Ana Zelenko")

    @pytest.mark.rule("R-11")
    def test_is_nobody_new_and_no_same_person(self, renamed: Change) -> None:
        assert "R-11" in renamed.staff_cannot("new_person")

    @pytest.mark.rule("R-01")
    @pytest.mark.parametrize("how", ["access", "address"])
    def test_of_ones_own_file_is_a_colleagues(self, rosa: Desk, ana: Customer, renamed: Change, how: str) -> None:
        if how == "access":
            AccountAccess.objects.filter(user=ana.user).update(ended_at=ana.town.now, ended_by="test")
            AccountAccess.objects.create(
                user=rosa.user, account=ana.account, person=ana.person, level="view", capacity="delegate",
                proof="invitation", since=ana.town.now - timedelta(days=400), granted_by="test",
            )  # fmt: skip
        else:
            rosa.user.email = "ANA@example.com"
            rosa.user.save()
        rosa.opens(renamed).sees("This is your own request")
        version = str(renamed.request.version)
        assert rosa.posts(rosa.address(renamed, "decide"), decision="approve", version=version).status == 403
        assert renamed.status == IN_REVIEW

    def test_warns_of_fresh_access(self, town: Town, rosa: Desk, ana: Customer) -> None:
        AccountAccess.objects.filter(user=ana.user).update(since=town.now - timedelta(days=2), proof="sms")
        case = ana.changes("change_name", family_name="Bauer", name_reason="marriage")
        rosa.opens(case).sees("This login has had access only since", "Looks like a take-over")


class TestTheQueue:
    def test_shows_the_kind_and_the_name_on_file(self, rosa: Desk, renamed: Change) -> None:
        rosa.opens("/console").sees("Ana Zelenko", "Name")

    def test_is_filtered_by_kind(self, rosa: Desk, town: Town, renamed: Change) -> None:
        other = town.moves_in(ANA, date_of_birth="1985-03-27", id_type="none", id_value="")
        assert set(rosa.opens("/console").rows) == {renamed.request.reference, other.request.reference}
        assert rosa.opens("/console", kind="change").rows == [renamed.request.reference]
        assert rosa.opens("/console", kind="start").rows == [other.request.reference]
        assert rosa.opens("/console", kind="claim").rows == []


@pytest.fixture
def flag(ana: Customer) -> RedFlag:
    return RedFlag.objects.create(
        trigger="D-26", person=ana.person, account=ana.account, user=ana.user, opened_at=ana.town.now
    )


class TestACaseOfFraud:
    def test_is_listed_and_closed_with_a_note(self, rosa: Desk, flag: RedFlag) -> None:
        rosa.opens("/console/cases").sees("New access or contact", "Ana Zelenko", "ana@example.com")
        rosa.posts(f"/console/cases/{flag.pk}", verdict="harmless", note="Called her: she moved to her daughter.")
        flag.refresh_from_db()
        assert (flag.state, flag.decided_by) == ("harmless", f"staff:{rosa.user.pk}")
        rosa.opens("/console/cases", state="decided").sees("she moved to her daughter")
        assert Act.objects.filter(subject=f"person:{flag.person_id}", what="case_harmless").exists()

    @pytest.mark.rule("K-83")
    def test_is_not_closed_without_a_note_and_nothing_is_lost(self, rosa: Desk, flag: RedFlag) -> None:
        rosa.posts(f"/console/cases/{flag.pk}", verdict="harmless", note="no")
        assert rosa.status == 422
        assert ">no</textarea>" in rosa.html
        flag.refresh_from_db()
        assert flag.state == "open"

    @pytest.mark.rule("K-84")
    def test_is_called_fraud_by_a_supervisor_only(self, rosa: Desk, desk: Callable[..., Desk], flag: RedFlag) -> None:
        note = "Somebody else had her bills and her mail."
        assert rosa.posts(f"/console/cases/{flag.pk}", verdict="fraud", note=note).status == 422
        desk("sofia", role="supervisor").posts(f"/console/cases/{flag.pk}", verdict="fraud", note=note)
        flag.refresh_from_db()
        assert (flag.state, flag.note) == ("fraud", note)

    def test_is_decided_once(self, rosa: Desk, desk: Callable[..., Desk], flag: RedFlag) -> None:
        rosa.posts(f"/console/cases/{flag.pk}", verdict="harmless", note="Called her: it was she.")
        sofia = desk("sofia", role="supervisor")
        sofia.posts(f"/console/cases/{flag.pk}", verdict="fraud", note="Something else entirely.")
        sofia.sees("A colleague has decided this case already.")


@pytest.fixture
def moved_in(town: Town, ana: Customer) -> Request:
    """Ana asks for service somewhere else, and gives another phone number: it is kept beside the file."""
    case = town.moves_in(ANA, phone="503 555 0177")
    assert case.proposals() == {"phone": "503 555 0177"}
    return case.request


class TestAProposal:
    def test_is_taken_into_the_file_and_told_to_the_cis(
        self, rosa: Desk, town: Town, ana: Customer, moved_in: Request
    ) -> None:
        said = Proposal.objects.get(request=moved_in)
        rosa.opens(f"/console/requests/{moved_in.reference}").sees("Take it into the file?", "503 555 0177")
        rosa.posts(f"/console/persons/{ana.person.pk}/proposals/{said.pk}", act="accept", back=moved_in.reference)
        town.works()
        said.refresh_from_db()
        assert (said.state, said.decided_by) == ("accepted", f"staff:{rosa.user.pk}")
        assert "503 555 0177" in ana.values("phone")
        assert "555 0177" in repr(town.cis.read("person", ana.person.ref)) or "5035550177" in repr(
            town.cis.read("person", ana.person.ref)
        )

    def test_that_is_declined_changes_nothing(self, rosa: Desk, ana: Customer, moved_in: Request) -> None:
        said, before = Proposal.objects.get(request=moved_in), ana.file()
        rosa.posts(f"/console/persons/{ana.person.pk}/proposals/{said.pk}", act="decline")
        said.refresh_from_db()
        assert (said.state, ana.file()) == ("declined", before)

    def test_a_link_that_was_a_mistake_is_undone_and_what_stays_is_said(
        self, desk: Callable[..., Desk], moved_in: Request
    ) -> None:
        sofia = desk("sofia", role="supervisor")
        sofia.opens(f"/console/requests/{moved_in.reference}").sees("undo the link to the person", "The account stays")
        sofia.posts(f"/console/requests/{moved_in.reference}/undo-link", why="Her sister has the same birthday.")
        sofia.sees("The link is undone.", "The service stays")
        assert not moved_in.links.filter(undone_at=None).exists()
        assert Proposal.objects.get(request=moved_in).state == "declined"
        with pytest.raises(NotAllowed, match="nothing_to_undo"):
            cases.undo_link(
                request_id=moved_in.pk,
                reason="Once more, please.",
                actor=Actor(Role.STAFF, "7"),
                now=moved_in.updated_at,
            )


class TestPuttingAFileRight:
    def edits(self, rosa: Desk, ana: Customer, what: str, **fields: str) -> Desk:
        path = f"/console/persons/{ana.person.pk}/change/{what}"
        rosa.opens(path)
        given = {
            "version": rosa.hidden("version"),
            "how": "changed",
            "reason": "She called from her own number.",
            **fields,
        }
        rosa.posts(path, **given)
        ana.town.works()
        return rosa

    def test_a_name_that_was_wrong_is_corrected_and_never_was(self, rosa: Desk, ana: Customer) -> None:
        self.edits(rosa, ana, "name", given_name="Anna", family_name="Zelenko", how="wrong").sees("Changed.")
        assert ana.name() == "Anna Zelenko"
        assert not PersonName.objects.filter(person=ana.person, given_name="Ana").exists()
        assert PersonName.ever.filter(person=ana.person, given_name="Ana").exists()

    def test_a_name_that_has_changed_stays_as_a_former_one(self, rosa: Desk, ana: Customer) -> None:
        self.edits(rosa, ana, "name", given_name="Ana", family_name="Bauer")
        assert ana.name() == "Ana Bauer"
        assert PersonName.objects.filter(person=ana.person, name_type="former", family_name="Zelenko").exists()

    def test_it_is_told_to_the_customer_and_the_cis_and_says_who_did_it(
        self, rosa: Desk, town: Town, ana: Customer
    ) -> None:
        self.edits(rosa, ana, "phone", phone="503 555 0177")
        request = Request.objects.get(channel="console")
        assert (request.begun_by, request.outcome) == (f"staff:{rosa.user.pk}", "completed")
        assert request.evidence.filter(kind="staff").exists()
        assert town.mails("ana@example.com")
        assert "503 555 0177" in ana.values("phone")

    def test_a_phone_number_is_ended(self, rosa: Desk, ana: Customer) -> None:
        self.edits(rosa, ana, f"phone/{ana.contact('phone')}", act="remove")
        assert ana.values("phone") == set()
        assert PersonContact.ever.filter(person=ana.person, channel="phone").exists()

    def test_an_address_is_added(self, rosa: Desk, ana: Customer) -> None:
        elm = {"line1": "7 Elm Court", "city": "Lumen", "state": "OR", "postal_code": "97890", "country": "US"}
        self.edits(rosa, ana, "address", **elm)
        assert ana.file()["mailing.all"]["line1"] == "7 Elm Court"

    @pytest.mark.rule("K-85")
    def test_it_needs_a_reason_and_whether_it_was_wrong(self, rosa: Desk, ana: Customer) -> None:
        self.edits(rosa, ana, "name", given_name="Anna", family_name="Zelenko", how="", reason="")
        assert rosa.status == 422
        assert 'value="Anna"' in rosa.html
        assert ana.name() == "Ana Zelenko"

    def test_what_a_colleague_changed_meanwhile_is_shown_and_nothing_typed_is_lost(
        self, rosa: Desk, desk: Callable[..., Desk], ana: Customer
    ) -> None:
        path = f"/console/persons/{ana.person.pk}/change/name"
        version = rosa.opens(path).hidden("version")
        self.edits(desk("emil"), ana, "name", given_name="Anna", family_name="Zelenko", how="wrong")
        typed = {"given_name": "Ana", "family_name": "Bauer", "how": "changed", "reason": "She showed her papers."}
        rosa.posts(path, version=version, **typed)
        assert rosa.status == 412
        rosa.sees("The file changed while you had it open", "Anna")
        assert 'value="Bauer"' in rosa.html
        assert "She showed her papers." in rosa.html
        assert ana.name() == "Anna Zelenko"

    def test_nobody_puts_their_own_file_right(self, rosa: Desk, ana: Customer) -> None:
        rosa.user.email = "ana@example.com"
        rosa.user.save()
        assert self.edits(rosa, ana, "name", given_name="Anna", family_name="Zelenko").status == 403
        assert ana.name() == "Ana Zelenko"


class TestAnAccessOfThePortal:
    def test_is_taken_over_for_good_after_a_page_that_says_so(self, desk: Callable[..., Desk], ana: Customer) -> None:
        held = AccountAccess.objects.get(user=ana.user)
        sofia = desk("sofia", role="supervisor")
        sofia.opens(f"/console/persons/{ana.person.pk}/keep").sees("Take over")
        path = f"/console/persons/{ana.person.pk}/access/{held.pk}/take-over"
        sofia.opens(path).sees("This cannot be undone")
        assert AccountAccess.objects.get(pk=held.pk).owned_by == "portal"
        sofia.posts(path).sees("only staff end it", "The utility’s")
        assert AccountAccess.objects.get(pk=held.pk).owned_by == "cis"
        with pytest.raises(NotAllowed, match="not_portal_owned"):
            flow.end_access(access_id=held.pk, user=ana.user, now=ana.town.now, policy=ana.town.policy)


def test_a_request_of_staff_says_so(rosa: Desk, ana: Customer) -> None:
    TestPuttingAFileRight().edits(rosa, ana, "phone", phone="503 555 0177")
    request = Request.objects.get(channel="console")
    rosa.opens(f"/console/requests/{request.reference}").sees("Asked by", "Staff", "503 555 0177")


class TestAProtectedAddress:
    """T-31 for an address: no page of the console shows it to who has not the right."""

    CANARY = Address("77 Canary Crescent", "", "Hideaway", "OR", "97999")

    @pytest.fixture
    def sofia(self, desk: Callable[..., Desk]) -> Desk:
        return desk("sofia", role="supervisor")

    @pytest.fixture
    def eva(self, town: Town, rosa: Desk) -> Customer:
        """At home at the canary's address, which is where she gets her letters, too; with requests of every kind."""
        eva = Customer(town, replace(ANA, addresses=(self.CANARY,)))
        town.moves_in(ANA, town.house(line1="77 Canary Crescent", city="Hideaway", postal_code="97999"))
        elsewhere = {**self.CANARY.as_json(), "line1": "78 Canary Crescent"}
        eva.changes(
            "change_mailing_address", accounts=["all"], mail_elsewhere=True, mailing_address=elsewhere, when="now"
        )
        eva.changes("change_name", family_name="Bauer", name_reason="marriage")
        said = Proposal(request=Request.objects.get(journey="start_service"), person=eva.person, field="address")
        said.created_at, said.value = town.now, "79 Canary Crescent"
        said.save()
        RedFlag.objects.create(trigger="D-26", person=eva.person, opened_at=town.now)
        flow.protect(
            person_id=eva.person.pk, programme="ACP", reason="She is in the programme.", may_see=True,
            actor=Actor(Role.STAFF, "7"), now=town.now,
        )  # fmt: skip
        return eva

    def pages(self, eva: Customer) -> list[str]:
        pk = eva.person.pk
        references = Request.objects.exclude(submitted_at=None).values_list("reference", flat=True)
        return [
            "/console", "/console?tab=decided", "/console?tab=customer", "/console?tab=stuck", "/console/cases",
            "/console/cases?state=decided", "/console/life-support?tab=all", f"/console/persons/{pk}",
            f"/console/persons/{pk}/keep", f"/console/persons/{pk}/change/name", f"/console/persons/{pk}/change/address",
            *(f"/console/requests/{each}" for each in references),
        ]  # fmt: skip

    @pytest.mark.parametrize("role", ["reviewer", "engineer"])
    def test_stands_on_no_page_for_who_has_not_the_right(
        self, desk: Callable[..., Desk], town: Town, eva: Customer, role: str
    ) -> None:
        reader = desk("paul", role=role)
        for path in self.pages(eva):
            reader.opens(path)
            assert "Canary" not in reader.html, path
        for q in ("Ana", "Canary", "Zelenko"):
            reader.posts("/console/search", q=q)
            assert "Crescent" not in reader.html
            reader.posts("/console/persons", q=q)
            assert "Crescent" not in reader.html
        someone = town.moves_in(replace(ANA, given_name="Anna", identifiers=()), id_type="none", id_value="")
        assert "Canary" not in reader.opens(someone).html
        reader.posts(f"/console/persons/{eva.person.pk}/address")
        assert reader.status == 403
        assert not Reading.objects.filter(what="protected").exists()

    def test_is_shown_to_who_has_the_right_and_each_look_is_written_down(self, sofia: Desk, eva: Customer) -> None:
        path = f"/console/persons/{eva.person.pk}"
        assert "Canary" not in sofia.opens(f"{path}/keep").html
        assert not Reading.objects.filter(what="protected").exists()
        sofia.posts(f"{path}/address").sees("Canary Crescent")
        assert Reading.objects.get(what="protected").actor == str(sofia.user.pk)
        reference = Request.objects.get(journey="start_service").reference
        sofia.opens(f"/console/requests/{reference}").sees("77 Canary Crescent")
        assert Reading.objects.filter(what="protected", person=eva.person).count() == 2

    def test_is_found_by_name_and_said_to_be_protected(self, rosa: Desk, eva: Customer) -> None:
        rosa.opens(f"/console/persons/{eva.person.pk}/keep").sees("Ana Zelenko", "Protected")

    def test_is_protected_and_shown_again_from_the_page(self, sofia: Desk, rosa: Desk, eva: Customer) -> None:
        path = f"/console/persons/{eva.person.pk}/protection"
        sofia.posts(path, act="lift", reason="no")
        assert sofia.status == 422
        sofia.posts(path, act="lift", reason="She has left the programme.").sees("The address is shown again.")
        rosa.opens(f"/console/persons/{eva.person.pk}/keep").sees("Canary Crescent")


class TestLifeSupport:
    NEEDS = {"patient": "Eva Zelenko", "medical_kind": "life_support", "device": "Ventilator", "phone": "503 555 0142"}

    def test_is_entered_while_somebody_is_on_the_phone_certified_and_ended(
        self, rosa: Desk, town: Town, ana: Customer
    ) -> None:
        path = f"/console/accounts/{ana.account.pk}/life-support"
        rosa.opens(path).sees("Their word is enough")
        rosa.posts(path, **self.NEEDS, reason="")
        assert rosa.status == 422
        assert 'value="Ventilator"' in rosa.html
        rosa.posts(path, **self.NEEDS, reason="Her daughter called from her own number.").sees("Protected from now on")
        town.works()
        held = MedicalCertification.objects.get()
        rosa.opens("/console/life-support").sees("Eva Zelenko", "Ventilator", "certificate to come")
        today = timezone.localdate()
        act = f"/console/life-support/{held.pk}"
        rosa.posts(act, act="certify", first=today.isoformat(), last=today.isoformat(), certified_by="Dr Grey")
        assert rosa.status == 422
        assert "Dr Grey" in rosa.html
        rosa.posts(
            act, act="certify", first=(today - timedelta(days=1)).isoformat(),
            last=(today + timedelta(days=200)).isoformat(), certified_by="Dr Grey",
        )  # fmt: skip
        rosa.sees("The certificate is entered")
        rosa.posts(act, act="end", why="withdrawn", reason="She has moved to a home.").sees("The protection has ended")
        held.refresh_from_db()
        assert (held.state, held.ended_at is not None) == ("withdrawn", True)

    def test_whose_certificate_is_late_is_a_case_for_staff(self, rosa: Desk, town: Town, ana: Customer) -> None:
        flow.claim_care_at_desk(
            account_id=ana.account.pk, answers=self.NEEDS, reason="She called from her number.",
            actor=Actor(Role.STAFF, "7"), now=town.now, policy=town.policy,
        )  # fmt: skip
        MedicalCertification.objects.update(temporary_until=town.now - timedelta(hours=1))
        rosa.opens("/console").sees("Life support 1")
        rosa.opens("/console/life-support").sees("Late", "Eva Zelenko")
        assert MedicalCertification.objects.get().ended_at is None


class TestAccessByDocuments:
    GIVEN = {
        "email": "carla@example.com", "capacity": "executor", "level": "manage",
        "reason": "Compared with the letters testamentary.",
    }  # fmt: skip

    def gives(self, rosa: Desk, ana: Customer, *, paper: bool = True, **changes: str) -> Desk:
        path = f"/console/persons/{ana.person.pk}/accounts/{ana.account.pk}/grant"
        document = {"document": SimpleUploadedFile("letters.jpg", a_photo(), "image/jpeg")} if paper else {}
        rosa.opens(path).posts(path, **{**self.GIVEN, **changes, **document})
        ana.town.works()
        return rosa

    def test_is_given_recorded_and_told_to_the_owner(self, rosa: Desk, town: Town, ana: Customer) -> None:
        carla = factories.a_login("carla@example.com")
        self.gives(rosa, ana).sees("They have access.", "Executor of an estate")
        held = AccountAccess.objects.get(user=carla)
        assert (held.capacity, held.level, held.proof, held.owned_by) == ("executor", "manage", "staff", "cis")
        request = Request.objects.get(journey="grant_access")
        assert request.documents.get().purpose == "estate"
        assert Act.objects.filter(subject=f"account:{ana.account.pk}", what="access_given").exists()
        assert "can act for your account" in town.mails("ana@example.com")[-1]["Subject"]
        assert request.outcome == "completed"
        rosa.opens(f"/console/requests/{request.reference}").sees("Access by documents", "Executor of an estate")

    @pytest.mark.rule("K-87")
    @pytest.mark.parametrize(
        ("changes", "paper", "says"),
        [
            ({}, False, "Add the document that names them."),
            ({"email": "nobody@example.com"}, True, "They must make a login first."),
            ({"capacity": "representative"}, True, "Enter a day in the future."),
            ({"capacity": "friend"}, True, "Choose as what they act."),
            ({"level": ""}, True, "Choose what they may do."),
        ],
    )
    def test_needs_a_document_a_login_and_an_end(
        self, rosa: Desk, ana: Customer, changes: dict[str, str], paper: bool, says: str
    ) -> None:
        carla = factories.a_login("carla@example.com")
        assert self.gives(rosa, ana, paper=paper, **changes).status == 422
        rosa.sees(says)
        assert not AccountAccess.objects.filter(user=carla).exists()

    def test_is_not_given_for_a_file_that_is_none(self, rosa: Desk, ana: Customer) -> None:
        carla = factories.a_login("carla@example.com")
        path = f"/console/persons/{ana.person.pk}/accounts/{ana.account.pk}/grant"
        rosa.posts(path, **self.GIVEN, document=SimpleUploadedFile("a.jpg", b"no picture at all", "image/jpeg"))
        assert rosa.status == 422
        assert not AccountAccess.objects.filter(user=carla).exists()

    @pytest.mark.rule("K-86")
    def test_is_ended_by_staff_with_a_reason_at_once(self, rosa: Desk, town: Town, ana: Customer) -> None:
        carla = factories.a_login("carla@example.com")
        self.gives(rosa, ana)
        held = AccountAccess.objects.get(user=carla)
        path = f"/console/persons/{ana.person.pk}/access/{held.pk}/end"
        assert rosa.posts(path, reason="").status == 422
        rosa.posts(path, reason="The estate is settled.").sees("The access has ended.")
        town.works()
        assert AccountAccess.objects.get(user=carla).ended_by == f"staff:{rosa.user.pk}"
        assert town.mails("carla@example.com")
