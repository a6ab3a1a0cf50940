"""In which words do the tests tell how somebody with a login claims an account?"""

import itertools
import re
from datetime import timedelta
from typing import Any, Self

from allauth.account.models import EmailAddress
from allauth.socialaccount.models import SocialAccount

from keyturn import flow
from keyturn.records import attempts
from keyturn.records.models import Account, AccountAccess, Attempt, Person, Premise, RedFlag, Request, User
from keyturn.terms.errors import Invalid
from keyturn.terms.finding import Finding
from keyturn.terms.person import Identifier, PersonDetails
from keyturn.terms.request import Actor, Role
from tests import factories
from tests.flow import papers
from tests.flow.town import ANA, Case, Town

_numbers = itertools.count(1)
CODE = re.compile(r"\b[2-9A-HJKMNP-TV-Z]{6}\b")

ANA_AT_HOME = PersonDetails(
    given_name=ANA.given_name, family_name=ANA.family_name, date_of_birth=ANA.date_of_birth, emails=ANA.emails,
    phones=ANA.phones, identifiers=(Identifier("driver_licence", "D1234567"),),
)  # fmt: skip
"""On file with a phone, an e-mail and a document."""


def a_login(email: str = "", *, proved: bool = True, **more: Any) -> User:
    """Somebody with a login, whose e-mail is proved, and no account."""
    email = email or f"somebody{next(_numbers)}@example.org"
    user = factories.a_login(email, **more)
    EmailAddress.objects.create(user=user, email=email, verified=proved, primary=True)
    return user


class Home:
    """Somebody on file with an account, who has no login yet."""

    def __init__(self, town: Town, who: PersonDetails = ANA_AT_HOME, **account: Any) -> None:
        self.town = town
        self.premise: Premise = town.house()
        self.person: Person = town.knows(who)
        self.account: Account = factories.an_account(self.person, self.premise, **account)
        self.who = who

    @property
    def bill(self) -> dict[str, str]:
        """What is printed on it, and a little more."""
        return {
            "line_of_business": "residential", "account_number": str(self.account.ref),
            "family_name": self.who.family_name, "postal_code": "97901",
        }  # fmt: skip

    def claimed_by(self, user: User, proof: str = "sms", *, client: str = "192.0.2.1", **answers: Any) -> "Claim":
        """Somebody says that it is theirs, with everything that stands on the bill; the machine does all that it can."""
        claim = Claim(self.town, user, client=client)
        claim.answers(**{**self.bill, "proof": proof, **answers})
        return claim.sends()

    def has_access(self, user: User) -> bool:
        rows = AccountAccess.objects.filter(account=self.account, user=user, ended_at=None, capacity="self")
        return rows.exists()

    def flags(self) -> set[str]:
        return set(RedFlag.objects.filter(account=self.account).values_list("trigger", flat=True))


class Claim(Case):
    """One claim of one login."""

    def __init__(self, town: Town, user: User, *, client: str = "192.0.2.1") -> None:
        request = flow.begin_claim(user=user, language="en", now=town.now, policy=town.policy)
        super().__init__(town, request, flow.customer(user.pk))
        self.user, self.client = user, client

    def sends(self) -> Self:
        flow.claim(request_id=self.id, client=self.client, actor=self.actor, now=self.town.now, policy=self.town.policy)
        self.town.works()
        return self

    def cannot_be_sent_because(self) -> dict[str, str]:
        try:
            self.sends()
        except Invalid as problem:
            return {found.field: found.rule for found in problem.findings}
        return {}

    def enters(self, code: str) -> list[Finding]:
        problems = flow.try_claim_code(
            request_id=self.id, code=code, client=self.client, actor=self.actor, now=self.town.now,
            policy=self.town.policy,
        )  # fmt: skip
        self.town.works()
        return problems

    def proves(self, code: str) -> Self:
        assert self.enters(code) == []
        return self


def codes_in(texts: list[str]) -> list[str]:
    """The codes in text messages, letters or mails, oldest first."""
    return [code for text in texts if "code" in text for code in CODE.findall(text.partition("\n\n")[2] or text)[:1]]


def text_codes(town: Town) -> list[str]:
    return codes_in(town.texts())


def letter_codes(town: Town) -> list[str]:
    return codes_in(town.letters())


def mail_codes(town: Town, to: str) -> list[str]:
    return codes_in([f"\n\n{each.get_content()}" for each in town.mails(to)])


def days(number: float) -> timedelta:
    return timedelta(days=number)


def stop_token(town: Town, to: str) -> str:
    return re.findall(r"/claim/stop/(\S+)", town.mails(to)[-1].get_content())[0]


def at_the_desk(home: Home, user: User, *, document: bool = True, **answers: Any) -> Claim:
    """With a photo of a document."""
    claim = Claim(home.town, user)
    claim.answers(**{**home.bill, "proof": "desk", **answers})
    if document:
        flow.upload(
            request_id=claim.id, purpose="identity", file_name="licence.jpg", data=papers.a_photo(), actor=claim.actor,
            now=home.town.now, policy=home.town.policy,
        )  # fmt: skip
    return claim.sends()


def opens_the_document(claim: Case, by: str = "7") -> None:
    paper = claim.request.documents.get()
    flow.open_document(document_id=paper.pk, reason="decide", actor=Actor(Role.STAFF, by), now=claim.town.now)


def came_by(user: User, provider: str, **claims: Any) -> None:
    """The login came in through a provider that said this."""
    said = {
        "sub": "1", "email": user.email, "email_verified": True, "given_name": "Ana", "family_name": "Zelenko",
        "birthdate": "1985-03-27", **claims,
    }  # fmt: skip
    SocialAccount.objects.create(user=user, provider=provider, uid=str(user.pk), extra_data={"userinfo": said})


def gets_nowhere(home: Home, *users: User) -> None:
    """Nobody of them has the account, and each left a case: an attempt, a red flag, or a claim before staff."""
    for user in users:
        assert not AccountAccess.objects.filter(
            user=user, account=home.account, ended_at=None, capacity="self"
        ).exists()
        tried = Attempt.objects.filter(subject=attempts.subject_of("login", user.pk)).exists()
        flagged = RedFlag.objects.filter(user=user).exists()
        before_staff = Request.objects.filter(user=user, standing="staff").exists()
        assert tried or flagged or before_staff, "no case was left"
