"""How do staff give access by documents, take it over and end it?"""

from collections.abc import Callable

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from keyturn import flow
from keyturn.records.models import (
    AccountAccess,
    Act,
    Request,
)
from keyturn.terms.errors import NotAllowed
from tests import factories
from tests.console.desk import Desk
from tests.flow.at_home import Customer
from tests.flow.papers import a_photo
from tests.flow.town import Town


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
