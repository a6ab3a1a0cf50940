"""What happens when somebody wishes to be forgotten: one who was served long ago, or one who still is?

Added to what `life_in_need.py` tells. Who is forgotten stays forgotten, whatever the CIS, staff and jobs do afterwards.
"""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import date

from django.db import connection

from keyturn import flow
from keyturn.records.data_map import TABLES
from keyturn.records.models import Person, Premise, PrivacyCase
from keyturn.terms.change import ContactChange, NameChange
from keyturn.terms.errors import KeyturnError, NotAllowed
from keyturn.terms.person import Identifier
from keyturn.terms.premise import AgreementStatus
from tests import factories
from tests.flow.life import OTTO, ROSA
from tests.flow.life_in_need import LifeInNeed
from tests.flow.town import ANA, Case, Town

FERN = replace(
    ANA, given_name="Fern", family_name="Abbott", date_of_birth=date(1948, 6, 2), emails=("fern@example.com",),
    phones=("+15035550166",), identifiers=(Identifier("passport", "F7654321"),),
)  # fmt: skip
ONLY_ON_FILE = "+15035550188"
"""A number that nobody types."""
SURE = {"privacy": "erasure", "privacy_sure": ["sure"]}


class LifeForgotten(LifeInNeed):
    """A story in which a fourth is on file, who was served until long ago."""

    def __init__(self, town: Town, *, places: Iterator[Premise], seen: set[str]) -> None:
        self.fern = town.serves(replace(FERN, phones=(ONLY_ON_FILE,)), town.house())
        account = self.fern.accounts.get().account
        account.agreements.update(
            status=AgreementStatus.STOPPED, start_date=date(2009, 5, 1), end_date=date(2014, 3, 31)
        )
        self.login_of_fern = factories.a_login("fern@example.com", account=account, person=self.fern)
        super().__init__(town, places=places, seen=seen)
        self.promises.secrets.add(ONLY_ON_FILE)

    def the_former_customer_asks(self, place: int) -> None:
        """For service again, perhaps before she is forgotten, perhaps after it."""
        case = self.town.asks(FERN, at=self.houses[place])
        self.cases.append(case)
        self.promises.typed[case.id] = set(FERN.emails)
        self.promises.confirmed.add(case.id)

    def a_partner_asks_again(self, which: int) -> None:
        """What was answered under a key is forgotten with whom it is about: the key has been used, and nothing is made anew."""
        try:
            super().a_partner_asks_again(which)
        except NotAllowed as problem:
            forgotten = PrivacyCase.objects.filter(kind="erasure", ended_at__isnull=False).exists()
            if problem.code != "key_reused" or not forgotten:
                raise

    def somebody_wishes_to_be_forgotten(self, who: int) -> None:
        """The former customer, or Ben, who is served."""
        login = (self.login_of_fern, self.login)[who]
        self._changes_at_home("privacy_request", SURE, set(), True, login=login)

    def the_desk_is_asked_to_forget(self) -> None:
        now, policy = self.town.now, self.town.policy
        with suppress(KeyturnError):
            request = flow.staff_change(
                person_id=self.fern.pk, journey="privacy_request", answers=SURE, how="", reason="She came with her passport.",
                version=None, actor=ROSA, now=now, policy=policy,
            )  # fmt: skip
            self.cases.append(Case(self.town, request, ROSA))
            self.seen.add("asked to forget at the desk")

    def a_supervisor_agrees_to_forget(self) -> None:
        open_ones = PrivacyCase.objects.filter(ended_at=None, request__standing="staff").order_by("id")
        if case := open_ones.first():
            with suppress(KeyturnError):
                flow.review(
                    request_id=case.request_id,
                    decision="approve",
                    actor=OTTO,
                    now=self.town.now,
                    policy=self.town.policy,
                )

    def a_clerk_changes_the_former_customer(self, what: int) -> None:
        """In the CIS, which may keep its books longer than we do."""
        change = (NameChange("primary", given_name="Fern", family_name="Ode"), ContactChange("phone", ONLY_ON_FILE))[
            what
        ]
        with suppress(KeyturnError):
            self.town.cis.desk.change(str(self.fern.ref), change)

    def becomes_well_again(self) -> None:
        super().becomes_well_again()
        for case in PrivacyCase.objects.filter(kind="erasure", ended_at__isnull=False):
            self.seen.add(f"forgotten: {case.outcome}")
        if "erased" in Person.objects.get(pk=self.fern.pk).flags:
            self._nothing_has_come_back()

    def _nothing_has_come_back(self) -> None:
        where = [name for name, table in TABLES.items() if table.place == "utility" and _holds(name, ONLY_ON_FILE)]
        assert not where, f"Who was forgotten is on file again: {where}"
        self.seen.add("stayed forgotten")


def _holds(table: str, value: str) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT EXISTS (SELECT FROM {table} t WHERE row_to_json(t)::text LIKE %s)", [f"%{value}%"])
        return bool(cursor.fetchone()[0])
