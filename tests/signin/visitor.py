"""How does somebody sign up, sign in and look after their login, page by page, without a real browser?"""

import base64
import hashlib
import hmac
import re
import struct
import time
from typing import Any, Self

from django.contrib.auth import get_user_model
from django.test import Client

PASSWORD = "correct horse battery staple"
ANA = "ana.zelenko@example.com"
CODE = re.compile(r"^\s{4}([2-9A-HJKMNP-TV-Z]{6})$", re.MULTILINE)


class Visitor:
    """One person in front of one browser; `mails` is everybody's mailbox."""

    def __init__(self, mails: list[Any], **headers: str) -> None:
        self.client = Client(headers=headers or None)
        self.mails = mails
        self.page: Any = None

    @property
    def html(self) -> str:
        return str(self.page.content.decode())

    @property
    def signed_in(self) -> bool:
        return "_auth_user_id" in self.client.session

    @property
    def user(self) -> Any:
        return get_user_model().objects.get(pk=self.client.session["_auth_user_id"])

    def opens(self, path: str) -> Self:
        self.page = self.client.get(path, follow=True)
        return self

    def sends(self, path: str, **values: str) -> Self:
        self.page = self.client.post(path, values, follow=True)
        return self

    def is_at(self, path: str) -> Self:
        assert self.page.request["PATH_INFO"] == path, self.html[:3000]
        return self

    def sees(self, *texts: str) -> Self:
        for text in texts:
            assert text in self.html, f"{text!r} is not on the page:\n{self.html}"
        return self

    # ---- mail

    def mails_to(self, address: str) -> list[Any]:
        return [mail for mail in self.mails if mail.to == [address]]

    def subjects(self, address: str = ANA) -> list[str]:
        return [mail.subject for mail in self.mails_to(address)]

    def code(self, address: str = ANA) -> str:
        return CODE.findall(self.mails_to(address)[-1].body)[0]

    # ---- ways

    def signs_up(self, email: str = ANA) -> Self:
        self.sends("/signin/up", email=email).is_at("/signin/up/code")
        return self.sends("/signin/up/code", code=self.code(email)).is_at("/signin/welcome")

    def sets_a_password(self, password: str = PASSWORD) -> Self:
        return self.sends("/signin/password/set", password1=password).is_at("/signin/security")

    def signs_out(self) -> Self:
        return self.sends("/signout")

    def signs_in(self, login: str = ANA, password: str = PASSWORD) -> Self:
        self.page = self.client.post("/signin", {"login": login, "password": password})
        return self

    def asks_for_a_code(self, email: str = ANA) -> Self:
        return self.sends("/signin/code", email=email)

    def types_the_code(self, code: str) -> Self:
        self.page = self.client.post("/signin/code/type", {"code": code})
        return self

    def adds_an_app(self) -> str:
        """An authenticator app; its secret."""
        self.opens("/signin/app").is_at("/signin/app")
        secret = re.search(r"<code>([A-Z2-7 ]+)</code>", self.html)[1].replace(" ", "")  # type: ignore[index]
        self.sends("/signin/app", code=totp(secret)).is_at("/signin/recovery")
        return secret


def totp(secret: str, at: float | None = None) -> str:
    """RFC 6238: six digits for the half minute."""
    key = base64.b32decode(secret + "=" * (-len(secret) % 8))
    counter = struct.pack(">Q", int((time.time() if at is None else at) // 30))
    digest = hmac.new(key, counter, hashlib.sha1).digest()
    start = digest[-1] & 15
    return f"{(struct.unpack('>I', digest[start : start + 4])[0] & 0x7FFFFFFF) % 1_000_000:06d}"


def plain(html: str, email: str) -> str:
    return re.sub(r'name="csrfmiddlewaretoken" value="[^"]+"', "", html).replace(email, "")
