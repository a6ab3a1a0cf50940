"""In which words do the tests of the console tell what staff see and do?"""

import re
from html import unescape
from typing import Any, Self

from django.http import HttpResponse
from django.test import Client

from tests import factories
from tests.flow.town import Case, Town


class Desk:
    """One member of staff with a browser. `page` is the last answer, redirects followed."""

    def __init__(self, town: Town, client: Client, name: str, *, role: str = "reviewer", email: str = "") -> None:
        self.town = town
        self.client = client
        self.user = factories.a_member_of_staff(name, role=role, email=email)
        client.force_login(self.user, backend="allauth.account.auth_backends.AuthenticationBackend")
        self.page: HttpResponse | None = None
        self.went_to: list[str] = []

    # What they do

    def opens(self, address: str | Case, **asked: Any) -> Self:
        path = address if isinstance(address, str) else f"/console/requests/{address.request.reference}"
        return self._keep(self.client.get(path, asked, follow=True))

    def posts(self, path: str, **fields: Any) -> Self:
        return self._keep(self.client.post(path, fields, follow=True))

    def decides(self, case: Case, decision: str, **fields: Any) -> Self:
        """Fill in the form as the page shows it, and send it; the machine then does its part."""
        self.opens(case)
        hidden = {name: self.hidden(name) for name in ("version", "seen", "person_id")}
        self.posts(self.address(case, "decide"), **{**hidden, "decision": decision, **fields})
        self.town.works()
        return self

    def address(self, case: Case, act: str = "") -> str:
        return f"/console/requests/{case.request.reference}" + (f"/{act}" if act else "")

    # What they see

    @property
    def status(self) -> int:
        assert self.page is not None
        return self.page.status_code

    @property
    def html(self) -> str:
        assert self.page is not None
        return self.page.content.decode()

    @property
    def text(self) -> str:
        """What can be read, without the markup."""
        bare = re.sub(r"<(script|style|svg)\b.*?</\1>", " ", self.html, flags=re.S)
        bare = re.sub(r"</?(?:mark|wbr|b)\b[^>]*>", "", bare)
        return " ".join(unescape(re.sub(r"<[^>]+>", " ", bare)).split())

    def sees(self, *texts: str) -> Self:
        for text in texts:
            assert text in self.text, f"{text!r} is not in: {self.text[:3000]}"
        return self

    def sees_nothing_of(self, *texts: str) -> Self:
        for text in texts:
            assert text not in self.html, f"{text!r} is on the page"
        return self

    def hidden(self, name: str) -> str:
        found = re.search(rf'name="{name}" value="([^"]*)"', self.html)
        return found.group(1) if found else ""

    @property
    def choices(self) -> list[str]:
        """The decisions that the form offers, in order."""
        return re.findall(r'name="decision" id="decision-\d+" value="(\w+)"', self.html)

    @property
    def rows(self) -> list[str]:
        """The references in the queue, from top to bottom."""
        return re.findall(r'<a href="/console/requests/([^"]+)">', self.html.partition("<tbody")[2])

    @property
    def at(self) -> str:
        """Where the last redirect led."""
        return self.went_to[-1] if self.went_to else ""

    def _keep(self, response: Any) -> Self:
        self.page = response
        self.went_to = [address for address, _status in response.redirect_chain]
        return self
