"""What else happens at home and at the desk: somebody depends on service, papers are handed in, links are looked at again.

Added to what `life.py` tells. At the end the CIS must hold of each protection what we hold: nobody is without it because
something came to nothing (BR-63), and nobody has it who has not asked for it.
"""

from contextlib import suppress
from datetime import timedelta

from keyturn import flow
from keyturn.records.models import Account, BlindReview, Event, MedicalCertification
from keyturn.terms.errors import KeyturnError
from tests.flow.life import OTTO, ROSA, WHY, Life
from tests.flow.papers import a_photo
from tests.flow.town import Case

NEEDS = {"patient": "Eva Okafor", "medical_kind": "life_support", "device": "Ventilator", "phone": "503 555 0142"}
PAPER = a_photo()
ENDS = ("withdrawn", "expired", "by the customer")


class LifeInNeed(Life):
    """A story in which somebody at Ben's depends on service, now and then."""

    # Who depends on service

    def life_support_is_claimed(self, has_a_paper: bool) -> None:
        now, policy, actor = self.town.now, self.town.policy, flow.customer(self.login.pk)
        with suppress(KeyturnError):
            request = flow.begin_change(
                journey="claim_life_support", user=self.login, account_id=self.account.pk,
                answers={"account_id": str(self.account.pk)}, language="en", now=now, policy=policy,
            )  # fmt: skip
            case = Case(self.town, request, actor)
            self.cases.append(case)
            case.answers(**NEEDS)
            if has_a_paper:
                flow.upload(
                    request_id=case.id, purpose="medical", file_name="certificate.jpg", data=PAPER, actor=actor, now=now,
                    policy=policy,
                )  # fmt: skip
                self.seen.add("paper")
            case.submits()
            self.promises.confirmed.add(case.id)
            self.seen.add("claimed with a paper" if has_a_paper else "claimed")

    def somebody_calls_about_life_support(self) -> None:
        with suppress(KeyturnError):
            request = flow.claim_care_at_desk(
                account_id=self.account.pk, answers=NEEDS, reason=WHY, actor=ROSA, now=self.town.now,
                policy=self.town.policy,
            )  # fmt: skip
            self.cases.append(Case(self.town, request, ROSA))
            self.seen.add("claimed at the desk")

    def a_certificate_is_read(self, days: int) -> None:
        today = self.town.now.date()
        with suppress(KeyturnError):
            if held := self._protection():
                request = flow.certify_care(
                    care_id=held.pk, first=today - timedelta(days=1), last=today + timedelta(days=days),
                    certified_by="Dr Grey", actor=ROSA, now=self.town.now, policy=self.town.policy,
                )  # fmt: skip
                self.cases.append(Case(self.town, request, ROSA))
                self.seen.add("certified")

    def a_protection_ends(self, how: str) -> None:
        now, policy = self.town.now, self.town.policy
        with suppress(KeyturnError):
            if (held := self._protection()) is None:
                return
            if how == "by the customer":
                request = flow.withdraw_care(care_id=held.pk, user=self.login, now=now, policy=policy)
            else:
                request = flow.end_care(care_id=held.pk, why=how, reason=WHY, actor=ROSA, now=now, policy=policy)
            self.cases.append(Case(self.town, request, ROSA))
            self.seen.add(f"protection ended: {how}")

    def certificates_are_due(self) -> None:
        """Late or not: nothing ends by itself (ER-33)."""
        before = self._protection()
        flow.remind_care(now=self.town.now, policy=self.town.policy)
        assert before is None or self._protection() == before, "BR-63: a protection has ended by itself"

    def _protection(self) -> MedicalCertification | None:
        return MedicalCertification.objects.filter(account=self.account, ended_at=None).order_by("id").first()

    # Who looks at links again

    def a_link_is_looked_at_again(self, verdict: str) -> None:
        now, policy = self.town.now, self.town.policy
        with suppress(KeyturnError):
            if review := BlindReview.objects.filter(verdict="").order_by("id").first():  # `next_blind` goes by our keys
                flow.decide_blind(
                    review_id=review.pk, verdict=verdict, reason=WHY, actor=OTTO, now=now, policy=policy,
                )  # fmt: skip
                self.seen.add(f"looked at again: {verdict}")

    def links_are_turned_on_again(self) -> None:
        with suppress(KeyturnError):
            flow.switch_links(on=True, reason=WHY, is_supervisor=True, actor=OTTO, now=self.town.now)
            self.seen.add("links on again")

    # What must be true at the end

    def becomes_well_again(self) -> None:
        super().becomes_well_again()
        stands = self.promises.requests.values()
        if any(row["journey"] == "claim_life_support" and not row["ended"] for row in stands):
            return  # with staff, or waiting for another request that is
        account = Account.objects.get(pk=self.account.pk)
        rows = self.town.cis.read("account", account.ref)["details"]
        there = [each["value"] for each in rows if each["name"] == "life_support" and not each["ended_at"]]
        here = self._protection() is not None
        assert self._was_put_right() or ("yes" in there) == here, f"BR-63: protected here: {here}, in the CIS: {there}"
        self.seen.add(f"protected at the end: {here}")

    def _was_put_right(self) -> bool:
        """By hand, or it is listed that it must be: then the two sides may differ."""
        whats = ("settled", "discarded", "left_in_cis")
        return Event.objects.filter(request__journey="claim_life_support", what__in=whats).exists()
