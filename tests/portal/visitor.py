"""In which words do the tests of the portal tell their stories? A visitor is one browser, without JavaScript."""

import re
from datetime import timedelta
from html import unescape
from typing import Any, Self

from django.http import HttpResponse
from django.test import Client

from keyturn.records.models import Premise, Request
from tests.flow.town import Town


class Visitor:
    """Somebody with a browser: opens pages, fills in forms, follows redirects."""

    def __init__(self, town: Town, *, language: str = "en") -> None:
        self.town = town
        self.client = Client(
            headers={"accept-language": language}, enforce_csrf_checks=True, raise_request_exception=False
        )
        self.page: HttpResponse = HttpResponse()
        self.path = ""

    # ---- what one does

    def opens(self, path: str) -> Self:
        self.page = self.client.get(path, follow=True)
        self.path = self.page.redirect_chain[-1][0] if self.page.redirect_chain else path  # type: ignore[attr-defined]
        return self

    def sends(self, path: str = "", **fields: Any) -> Self:
        """Press the button of the form on the page, with the hidden fields that the page has."""
        path = path or self.path
        hidden = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', self._form()))
        data = {**{name: unescape(value) for name, value in hidden.items()}, **fields}
        self.page = self.client.post(path, data, follow=True)
        self.path = self.page.redirect_chain[-1][0] if self.page.redirect_chain else path  # type: ignore[attr-defined]
        return self

    def _form(self) -> str:
        """The page's own form: the one in `main`."""
        return self.html.partition("<main")[2] or self.html

    # ---- what one sees

    @property
    def html(self) -> str:
        return self.page.content.decode()

    @property
    def text(self) -> str:
        """The words of the page's main part, with single blanks."""
        main = self.html.partition("<main")[2].partition("</main>")[0]
        return " ".join(unescape(re.sub(r"<[^>]+>", " ", main)).split())

    @property
    def status(self) -> int:
        return self.page.status_code

    @property
    def title(self) -> str:
        return unescape(self.html.partition("<title>")[2].partition("</title>")[0])

    def sees(self, *words: str) -> Self:
        for each in words:
            assert each in self.text, f"{each!r} is not on {self.path} ({self.status}): {self.text[:900]}"
        return self

    def does_not_see(self, *words: str) -> Self:
        for each in words:
            assert each not in self.html, f"{each!r} is on {self.path}"
        return self

    def is_at(self, path: str) -> Self:
        assert self.path == path, f"at {self.path} ({self.status}): {self.text[:600]}"
        return self

    @property
    def request(self) -> Request:
        """The draft or request that was begun last."""
        found = Request.objects.order_by("-created_at").first()
        assert found is not None
        return found

    def code(self, to: str = "ana@example.com") -> str:
        """The code in the newest mail to that address."""
        self.town.works()
        found = re.findall(r"\b[2-9A-HJKMNP-TV-Z]{6}\b", self.town.mails(to)[-1].get_content())
        return str(found[0])

    def link(self, to: str = "ana@example.com") -> str:
        """The path of the resume link in the newest mail."""
        self.town.works()
        found = re.findall(r"/resume/\S+", self.town.mails(to)[-1].get_content())
        return str(found[0])

    # ---- the way through start service, page by page

    def begins(self) -> Self:
        return self.opens("/start").sends()

    def finds_the_place(self, premise: Premise) -> Self:
        self.opens("/start/where").sends(q=f"{premise.line1}, {premise.postal_code}").is_at("/start/choose")
        return self.sends(service_address=str(premise.pk))

    def chooses_services(self, *services: str, days: int = 10) -> Self:
        day = (self.town.now + timedelta(days=days)).date()
        return self.opens("/start/services").sends(
            **{
                "services": list(services or ("electric",)),
                "start_date-month": day.month,
                "start_date-day": day.day,
                "start_date-year": day.year,
            }
        )

    def says_who(self, **changes: str) -> Self:
        said = {
            "given_name": "Ana",
            "family_name": "Zelenko",
            "year": "1985",
            "id_type": "driver_licence",
            "id_value": "D1234567",
            **changes,
        }
        self.opens("/start/kind").sends(kind="person")
        self.is_at("/start/name").sends(given_name=said["given_name"], family_name=said["family_name"])
        self.is_at("/start/birth").sends(
            **{"date_of_birth-month": "3", "date_of_birth-day": "27", "date_of_birth-year": said["year"]}
        )
        return self.is_at("/start/identifier").sends(id_type=said["id_type"], id_value=said["id_value"])

    def proves_the_email(self, email: str = "ana@example.com") -> Self:
        self.opens("/start/email").sends(email=email).is_at("/start/code")
        return self.sends(code=self.code(email))

    def answers_the_rest(self) -> Self:
        self.is_at("/start/phone").sends(phone="")
        self.is_at("/start/mailing").sends(mail_elsewhere="no")
        self.is_at("/start/previous").sends()
        self.is_at("/start/preferences").sends(language="en", paperless="yes")
        return self.is_at("/start/consents").sends(consents=["terms"])

    def fills_in_everything(self, premise: Premise) -> Self:
        self.begins().finds_the_place(premise).chooses_services().says_who().proves_the_email().answers_the_rest()
        return self.is_at("/start/check")

    def asks_for_service(self, premise: Premise) -> Self:
        return self.fills_in_everything(premise).sends().is_at("/start/done")
