"""What else happens in a town: changes at home, at the desk and in the CIS, files that become one, deliveries put right.

The same stories as in `any_order.py`, with everything besides asking for service. Each method is one thing that happens;
to be told that it is not possible is an answer like another. `it_dies_at_a_commit` ends any of them there.
"""

import json
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID

from allauth.account.models import EmailAddress
from django.core import mail
from django.db import transaction

from keyturn import flow
from keyturn.flow import deliveries, inbound, reconciling
from keyturn.flow.deliveries import Hand
from keyturn.records import keys
from keyturn.records.models import (
    AccountAccess,
    ApiKey,
    CisDifference,
    Drift,
    Invitation,
    Message,
    PersonMerge,
    Premise,
    Request,
    User,
)
from keyturn.records.queries import on_file
from keyturn.terms.change import ContactChange, DetailChange, NameChange
from keyturn.terms.errors import KeyturnError, NotAllowed
from keyturn.terms.person import Identifier
from keyturn.terms.request import Actor, Role
from tests import factories
from tests.durability.crash import Died
from tests.flow.any_order import PEOPLE, Story
from tests.flow.dying import dying_at_commit
from tests.flow.town import ANA, BEN, Case, Town, answers_of

ROSA, OTTO = Actor(Role.STAFF, "rosa"), Actor(Role.STAFF, "otto")
WHY = "They came to the desk with both bills."
NEVER_TYPED = "+15035550177"
"""A number that is on file of one whom others may be taken for (I7)."""
AT_HOME = replace(BEN, phones=(NEVER_TYPED,))
ELLA = replace(
    ANA, given_name="Ella", family_name="Marquez", date_of_birth=date(1961, 5, 8), emails=("ella@example.com",),
    phones=("+15035550121",), identifiers=(Identifier("passport", "E1234567"),),
)  # fmt: skip
ELLA_AGAIN = replace(ELLA, emails=("e.marquez@example.com",), phones=("+15035550122",), identifiers=())
WRONG = "222222"
CARLA = "carla@example.com"
NAMES = ("Marquez", "Okafor", "Ruiz")
PHONES = ("+15035550111", "+15035550112", "+15035550113")
BY_HAND = ("send_now", "not_there", "settle", "discard", "correct", "send_back", "cleared", "ask_now", "same_person")


class Life(Story):
    """A story in which three are on file: one with a login, and one who is on file twice."""

    def __init__(self, town: Town, *, places: Iterator[Premise], seen: set[str]) -> None:
        known = town.serves(AT_HOME, town.house())
        self.account = known.accounts.get().account
        self.login = factories.a_login("ben@example.com", account=self.account, person=known)
        self.carla = factories.a_login(CARLA)
        EmailAddress.objects.create(user=self.carla, email=CARLA, verified=True, primary=True)
        self.ella, self.ella_again = town.serves(ELLA, town.house()), town.serves(ELLA_AGAIN, town.house())
        bill_of = self.ella.accounts.get().account
        self.bill = {
            "line_of_business": "residential", "account_number": str(bill_of.ref), "family_name": ELLA.family_name,
            "postal_code": "97901",
        }  # fmt: skip
        self.claimant = factories.a_login("somebody@example.org")
        EmailAddress.objects.create(user=self.claimant, email="somebody@example.org", verified=True, primary=True)
        self.claim: Case | None = None
        self.proved = False
        keys.make(name="partner", scopes=["requests:write"], now=town.now)
        self.key_of_partner = ApiKey.objects.get().pk
        self.calls: list[tuple[int, int]] = []
        self.answers: dict[str, UUID] = {}
        super().__init__(town, known=known, places=places, seen=seen)
        self.promises.secrets.add(NEVER_TYPED)

    # A partner's program (I2)

    def a_partner_asks(self, who: int, place: int) -> None:
        self.calls.append((who, place))
        self._call(f"key{len(self.calls)}", who, place)

    def a_partner_asks_again(self, which: int) -> None:
        """The same body under the same key gives the same request, whatever became of it."""
        if self.calls:
            number = which % len(self.calls)
            self._call(f"key{number + 1}", *self.calls[number])

    def a_partner_uses_a_key_twice(self, which: int) -> None:
        if not self.answers:
            return
        key = sorted(self.answers)[which % len(self.answers)]
        code = ""
        try:
            self._call(key, 0, 0, more="another body")
        except NotAllowed as problem:
            code = problem.code
        assert code == "key_reused", "I2: another body under a key was taken"
        self.seen.add(code)

    def _call(self, key: str, who: int, place: int, *, more: str = "") -> None:
        now, policy, person = self.town.now, self.town.policy, PEOPLE[who]
        wishes = {**answers_of(person), **self.town._place(self.houses[place])}
        body = json.dumps([key, who, place, more]).encode()
        with transaction.atomic():
            turn = flow.take_turn(
                api_key_id=self.key_of_partner, key=key, call="POST requests", target="/requests", body=body, now=now
            )
            if turn.answer is None:
                request, _problems = flow.ask(
                    journey="start_service", answers={**wishes, "start_date": self.town.day(3)}, attested=["email"],
                    may_attest=True, send=True, actor=Actor(Role.PARTNER, key), channel="api", language="en", now=now,
                    policy=policy,
                )  # fmt: skip
                flow.keep_answer(turn, status=201, answer={"body": json.dumps({"id": str(request.pk)})})
                found = request.pk
                sent = request.submitted_at is not None
            else:
                found, sent = UUID(json.loads(turn.answer["body"])["id"]), False
                self.seen.add("asked again")
        assert self.answers.setdefault(key, found) == found, "I2: another answer under the same key"
        if sent:
            self._is_a_case(found, Actor(Role.PARTNER, key), person.emails)

    def _is_a_case(self, pk: UUID, actor: Actor, emails: tuple[str, ...]) -> None:
        self.promises.confirmed.add(pk)
        self.promises.typed[pk] = set(emails)
        self.cases.append(Case(self.town, self._row(pk), actor))

    def _row(self, pk: UUID) -> Any:
        return type("Row", (), {"pk": pk})()

    # What is on file, and who may change it

    def the_customer_changes_a_phone(self, value: int, prove: bool) -> None:
        slots = on_file.slots(self.known, at=self.town.now)
        held = [
            slot.partition(".")[2]
            for slot, each in slots.items()
            if slot.startswith("contact.") and each["channel"] == "phone"
        ]
        answers = {
            "contact_id": (*held, "new")[value % (len(held) + 1)], "channel": "phone", "act": "set",
            "phone": PHONES[value % len(PHONES)], "contact_type": "mobile",
        }  # fmt: skip
        self._changes_at_home("change_contact", answers, {"contact_id", "channel", "act"}, prove)

    def the_customer_changes_a_name(self, value: int, prove: bool) -> None:
        answers = {"given_name": "Ben", "family_name": NAMES[value % len(NAMES)], "name_reason": "other"}
        self._changes_at_home("change_name", answers, set(), prove)

    def _changes_at_home(
        self, journey: str, answers: dict[str, Any], given: set[str], prove: bool, *, account: UUID | None = None,
        login: User | None = None,
    ) -> None:  # fmt: skip
        now, policy, user = self.town.now, self.town.policy, login or self.login
        actor = flow.customer(user.pk)
        with suppress(KeyturnError):
            request = flow.begin_change(
                journey=journey, user=user, account_id=account, answers={k: v for k, v in answers.items() if k in given},
                language="en", now=now, policy=policy,
            )  # fmt: skip
            case = Case(self.town, request, actor)
            self.cases.append(case)
            case.answers(**{k: v for k, v in answers.items() if k not in given})
            if prove:
                flow.proved_again(request_id=case.id, actor=actor, now=now)
            case.submits()
            self.promises.confirmed.add(case.id)
            self.seen.add(journey)

    def the_desk_changes_a_name(self, value: int, how: str) -> None:
        answers = {"given_name": "Ben", "family_name": NAMES[value % len(NAMES)], "name_reason": "other"}
        with suppress(KeyturnError):
            flow.staff_change(
                person_id=self.known.pk, journey="change_name", answers=answers, how=how, reason=WHY, version=None,
                actor=ROSA, now=self.town.now, policy=self.town.policy,
            )  # fmt: skip
            self.seen.add("changed at the desk")

    def somebody_is_invited(self) -> None:
        """Carla, to act for the account."""
        answers = {
            "delegate_name": "Carla Day", "delegate_email": CARLA, "level": "manage", "delegate_ends": False,
            "account_id": str(self.account.pk),
        }  # fmt: skip
        self._changes_at_home("invite_delegate", answers, {"account_id"}, True, account=self.account.pk)

    def the_invitation_is_answered(self, accepts: bool) -> None:
        with suppress(KeyturnError):
            if not (tokens := re.findall(r"/invitation/(\S+)", "".join(each.body for each in mail.outbox))):
                return
            if accepts:
                flow.accept(token=tokens[-1], user=self.carla, now=self.town.now)
            else:
                flow.decline(token=tokens[-1], now=self.town.now)
            self.seen.add("accepted" if accepts else "declined")

    def an_invitation_is_taken_back(self) -> None:
        with suppress(KeyturnError):
            if found := Invitation.objects.filter(state="sent").order_by("id").first():
                flow.revoke_invitation(invitation_id=found.pk, user=self.login, now=self.town.now)
                self.seen.add("revoked")

    def access_ends(self) -> None:
        with suppress(KeyturnError):
            if held := AccountAccess.objects.filter(user=self.carla, ended_at=None).order_by("id").first():
                flow.end_access(access_id=held.pk, user=self.login, now=self.town.now, policy=self.town.policy)
                self.seen.add("access ended")

    # Whose account it is

    def a_login_claims_an_account(self, proof: str) -> None:
        """With everything that stands on the bill, which a thief has, too."""
        policy, actor = self.town.policy, flow.customer(self.claimant.pk)
        with suppress(KeyturnError):
            request = flow.begin_claim(user=self.claimant, language="en", now=self.town.now, policy=policy)
            self.claim = Case(self.town, request, actor)
            self.claim.answers(**self.bill, proof=proof)
            flow.claim(request_id=self.claim.id, client="192.0.2.1", actor=actor, now=self.town.now, policy=policy)
            self.seen.add("claim")

    def a_code_is_typed(self, is_right: bool) -> None:
        """A wrong one, or the one that went to whom the account belongs."""
        if self.claim is None:
            return
        sent = Message.objects.filter(template="claim_code").order_by("-created_at", "-id")
        codes = [each.content["values"].get("code") for each in sent if each.sealed_content]
        code = next(filter(None, codes), "") if is_right else WRONG
        had = self._has_entered()
        try:
            problems = flow.try_claim_code(
                request_id=self.claim.id, code=code, client="192.0.2.1", actor=self.claim.actor, now=self.town.now,
                policy=self.town.policy,
            )  # fmt: skip
            self.seen.add("code refused" if problems else "code right")
            self.proved |= is_right and not problems
        except KeyturnError:
            pass
        except Died:  # perhaps when it was taken
            self.proved |= is_right
            raise
        assert had or is_right or not self._has_entered(), "I7: a wrong code opened an account"

    def _has_entered(self) -> bool:
        entered = AccountAccess.objects.filter(user=self.claimant, ended_at=None).exists()
        assert self.proved or not entered, "I7: somebody has an account of which they have proved nothing"
        return entered

    # Two files of one person

    def two_are_said_to_be_one(self, turned: bool) -> None:
        survivor, loser = (self.ella_again, self.ella) if turned else (self.ella, self.ella_again)
        with suppress(KeyturnError):  # said when they were made two again
            flow.take_back_not_same(
                one_id=survivor.pk, other_id=loser.pk, reason=WHY, actor=OTTO, now=self.town.now
            )  # fmt: skip
        with suppress(KeyturnError):
            flow.propose_merge(
                survivor_id=survivor.pk, loser_id=loser.pk, choices={}, reason=WHY, actor=ROSA, now=self.town.now,
                policy=self.town.policy,
            )  # fmt: skip

    def a_colleague_decides(self, agrees: bool) -> None:
        now = self.town.now
        with suppress(KeyturnError):
            if merge := PersonMerge.objects.filter(state="proposed").order_by("-id").first():
                if agrees:
                    flow.agree_merge(merge_id=merge.pk, reason=WHY, actor=OTTO, now=now, policy=self.town.policy)
                else:
                    flow.refuse_merge(merge_id=merge.pk, reason=WHY, actor=OTTO, now=now)

    def they_are_two_again(self) -> None:
        with suppress(KeyturnError):
            if merge := PersonMerge.objects.filter(state="done").order_by("-id").first():
                flow.unmerge(
                    merge_id=merge.pk, choices={}, reason=WHY, is_supervisor=True, actor=OTTO, now=self.town.now,
                    policy=self.town.policy,
                )  # fmt: skip

    def a_link_is_undone(self, which: int) -> None:
        if self.cases:
            with suppress(KeyturnError):
                pk = self.cases[which % len(self.cases)].id
                flow.undo_link(request_id=pk, reason=WHY, actor=ROSA, now=self.town.now)
                self.seen.add("link undone")

    # The CIS's own staff, and what the registry hears

    def a_clerk_changes(self, what: int, value: int) -> None:
        person = (self.known, self.ella)[value % 2]
        change = (
            NameChange("primary", given_name="Ben", family_name=NAMES[value % len(NAMES)]),
            ContactChange("phone", PHONES[value % len(PHONES)], is_primary=False),
            DetailChange("language", ("en", "es")[value % 2]),
        )[what]
        with suppress(KeyturnError):
            self.town.cis.desk.change(str(person.ref), change)

    def the_registry_listens(self) -> None:
        with suppress(KeyturnError):
            inbound.hear_cis(now=self.town.now, policy=self.town.policy)

    def staff_settle_a_difference(self, which: int) -> None:
        with suppress(KeyturnError):
            if case := CisDifference.objects.filter(state="open").order_by("id").first():
                ways = flow.ways_to_settle(case)
                flow.settle_difference(
                    difference_id=case.pk, keep=ways[which % len(ways)], reason=WHY, version=case.version, actor=ROSA,
                    now=self.town.now, policy=self.town.policy,
                )  # fmt: skip
                self.seen.add("difference settled")

    def both_sides_are_compared(self, repair: bool) -> None:
        now, policy = self.town.now, self.town.policy
        with suppress(KeyturnError):
            run = flow.start_reconciliation(by="staff:rosa", parts=reconciling.PARTS, fresh=True, now=now)
            while not run.ended_at:
                run = flow.go_on(run.pk, now=now, policy=policy, most=100)
            self.seen.add("compared")
            for drift in Drift.objects.filter(reconciliation=run).order_by("id")[: 3 if repair else 0]:
                self.seen.add(f"repair {flow.repair_drift(drift.pk, actor=ROSA, now=now, policy=policy)}")

    # What staff do about a delivery

    def staff_put_a_delivery_right(self, which: int, how: str) -> None:
        stands = self.promises.requests
        at_the_cis = ("sync", "review")  # the customer may have been asked something about it
        theirs = [pk for pk, row in stands.items() if row["step"] in at_the_cis or (how == "cleared" and row["ended"])]
        if not theirs:
            return
        now, policy, pk = self.town.now, self.town.policy, theirs[which % len(theirs)]
        by, why = Hand(ROSA), {"reason": WHY}
        with suppress(KeyturnError):
            match how:
                case "send_now":
                    deliveries.send_now(request_id=pk, by=by, now=now)
                case "ask_now":
                    deliveries.ask_cis_now(by=by, now=now)
                case "settle":
                    refs = self._refs(stands[pk]["reference"])
                    deliveries.settle(request_id=pk, refs=refs, by=by, now=now, policy=policy, **why)
                case "discard":
                    deliveries.discard(request_id=pk, by=by, now=now, policy=policy, **why)
                case "correct":
                    deliveries.correct(
                        request_id=pk, answers={"start_date": self.town.day(5)}, by=by, now=now, policy=policy, **why
                    )
                case "send_back":
                    deliveries.send_back(request_id=pk, words=WHY, by=by, now=now, policy=policy)
                case "same_person":
                    found = Request.objects.get(pk=pk).findings
                    ref = next((row["params"]["refs"].split(", ")[0] for row in found if row["rule"] == "S-12"), "")
                    deliveries.same_person(request_id=pk, person_ref=ref, by=by, now=now, **why)
                case "not_there":
                    deliveries.not_there(request_id=pk, by=by, now=now, **why)
                case _:
                    deliveries.cleared(request_id=pk, by=by, now=now, **why)
            self.seen.add(how)

    def _refs(self, reference: str) -> dict[str, str]:
        """What the CIS shows of a request, as staff would copy it."""
        for each in self.told.effects():
            if each["request_reference"] == reference and each["command"] == "EstablishService":
                agreements = {f"agreement_{name}": ref for name, ref in each["agreement_refs"].items()}
                return {"person_ref": each["person_ref"], "account_ref": each["account_ref"], **agreements}
        return {"person_ref": str(self.known.ref)}

    # Who dies

    def it_dies_at_a_commit(self, number: int, done: bool, name: str, *values: Any) -> None:
        """Whatever happens, the process dies at its commit of this number: just before, or when it is done.

        What was begun is begun by somebody else later: the job is in the queue again, the caller may ask again.
        """
        with dying_at_commit(number, done) as passed:
            getattr(self, name)(*values)
        if passed[0] >= number:
            self.seen.add(f"died {'after' if done else 'before'} a commit of {name}")
            self.town.gets_back_the_job_of_the_dead()
