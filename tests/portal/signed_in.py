"""In which words do the tests tell what a signed-in customer does in the portal?"""

import re
import time
from html import unescape
from typing import Any, Self

from keyturn.records.models import User
from tests.flow.town import Town
from tests.portal.visitor import Visitor

METHODS = "account_authentication_methods"  # where allauth keeps how and when somebody proved who they are


class SignedIn(Visitor):
    """A browser in which somebody has signed in."""

    def __init__(self, town: Town, user: User, *, language: str = "en") -> None:
        super().__init__(town, language=language)
        self.user = user
        self.client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
        self.proved(0)

    def proved(self, minutes_ago: float) -> Self:
        """They showed who they are so long ago."""
        session = self.client.session
        session[f"{METHODS}_user"] = str(self.user.pk)
        session[METHODS] = [
            {"method": "password", "at": time.time() - minutes_ago * 60, "username": self.user.username}
        ]
        session.save()
        return self

    def is_signed_out(self) -> Self:
        """Their session is over; the browser does not know yet."""
        self.client.session.flush()
        return self

    def signs_in(self) -> Self:
        """In the same browser, as signing in does it: what the session holds stays."""
        kept = {name: value for name, value in self.client.session.items() if name.startswith("account_kept")}
        self.client.force_login(self.user, backend="allauth.account.auth_backends.AuthenticationBackend")
        session = self.client.session
        session.update(kept)
        session.save()
        return self.proved(0)

    def changes(self, journey: str, what: str = "", **given: str) -> Self:
        """Press the button on this page that begins the change (`what`: which of several, by its words or values)."""
        forms = re.findall(r'<form class="kt-act".*?</form>', self.html, re.S)
        wanted = {"journey": journey, **given}
        for form in forms:
            fields = dict(re.findall(r'name="([^"]+)" value="([^"]*)"', form))
            if all(fields.get(name) == value for name, value in wanted.items()) and what in unescape(form):
                fields = {name: unescape(value) for name, value in fields.items()}
                self.page = self.client.post("/account/change", fields, follow=True)
                self.path = self.page.redirect_chain[-1][0]  # type: ignore[attr-defined]
                return self
        raise AssertionError(f"no button for {wanted} on {self.path}: {self.text[:600]}")

    def is_on(self, name: str) -> Self:
        """A page of the change, by its name."""
        assert self.path.split("?")[0].endswith(f"/{name}"), f"at {self.path} ({self.status}): {self.text[:600]}"
        return self

    @property
    def reference(self) -> str:
        return self.path.split("/")[3]

    def is_on_again_page(self) -> Self:
        assert self.path.startswith("/signin/again"), f"at {self.path}: {self.text[:300]}"
        return self

    def sends_it(self) -> Self:
        self.is_on("check").sends().is_on("done")
        self.town.works()
        return self

    def types_address(self, name: str, line1: str = "7 Elm Court") -> dict[str, Any]:
        parts = {"line1": line1, "line2": "", "city": "Lumen", "state": "OR", "postal_code": "97890", "country": "US"}
        return {f"{name}-{part}": value for part, value in parts.items()}
