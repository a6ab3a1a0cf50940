"""How do staff put a file right, or take into it what an applicant said?"""

from collections.abc import Callable

import pytest

from keyturn.flow import cases
from keyturn.records.models import (
    PersonContact,
    PersonName,
    Proposal,
    Request,
)
from keyturn.terms.errors import NotAllowed
from keyturn.terms.request import Actor, Role
from tests.console.desk import Desk
from tests.flow.at_home import Customer
from tests.flow.town import ANA, Town


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


def test_a_request_of_staff_says_so(rosa: Desk, ana: Customer) -> None:
    TestPuttingAFileRight().edits(rosa, ana, "phone", phone="503 555 0177")
    request = Request.objects.get(channel="console")
    rosa.opens(f"/console/requests/{request.reference}").sees("Asked by", "Staff", "503 555 0177")
