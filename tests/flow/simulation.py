"""How is a life told from a seed, again and again the same?

What happens is drawn by chance from the seed and nothing else; ids, references and numbers come from the seed, too. Each
seed begins in an empty registry beside an empty CIS, and every commit is a real one.
"""

import hashlib
import itertools
import logging
import random
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest.mock import patch
from uuid import UUID

from django.conf import settings
from django.core import mail
from django.db import connection
from django.test import override_settings
from django.utils import translation

from keyturn.connectors import cis
from keyturn.connectors.cis.faults import Fault
from keyturn.flow import deliveries, hearing, inbound, outside, reconciling
from keyturn.records import ids
from keyturn.records.models import Event, Message
from tests import emptying, factories
from tests.flow import town as towns
from tests.flow.any_order import BY_THE_CUSTOMER, PEOPLE, WORDS_OF_STAFF
from tests.flow.life import BY_HAND
from tests.flow.life_forgotten import LifeForgotten
from tests.flow.life_in_need import ENDS
from tests.flow.town import Town

SHARES = {
    "somebody_asks": 9,
    "somebody_begins": 4,
    "the_customer_acts": 10,
    "staff_act": 18,
    "one_job_is_done": 20,
    "the_worker_works": 14,
    "a_worker_dies_when_the_cis_has_answered": 4,
    "it_dies_at_a_commit": 14,
    "the_cis_changes": 12,
    "the_rescue_comes": 4,
    "the_queue_is_emptied_by_mistake": 2,
    "a_month_passes_in_which_nobody_works": 1,
    "a_partner_asks": 2,
    "a_partner_asks_again": 2,
    "a_partner_uses_a_key_twice": 1,
    "the_customer_changes_a_phone": 3,
    "the_customer_changes_a_name": 2,
    "the_desk_changes_a_name": 2,
    "somebody_is_invited": 2,
    "the_invitation_is_answered": 2,
    "an_invitation_is_taken_back": 1,
    "access_ends": 1,
    "a_login_claims_an_account": 2,
    "a_code_is_typed": 3,
    "two_are_said_to_be_one": 2,
    "a_colleague_decides": 3,
    "they_are_two_again": 2,
    "a_link_is_undone": 1,
    "a_clerk_changes": 3,
    "the_registry_listens": 5,
    "staff_settle_a_difference": 3,
    "both_sides_are_compared": 1,
    "staff_put_a_delivery_right": 8,
    "life_support_is_claimed": 3,
    "somebody_calls_about_life_support": 1,
    "a_certificate_is_read": 2,
    "a_protection_ends": 2,
    "certificates_are_due": 1,
    "a_link_is_looked_at_again": 2,
    "links_are_turned_on_again": 1,
    "the_former_customer_asks": 2,
    "somebody_wishes_to_be_forgotten": 2,
    "the_desk_is_asked_to_forget": 1,
    "a_supervisor_agrees_to_forget": 3,
    "a_clerk_changes_the_former_customer": 2,
}
POLICY = {"cis_tries": 4, "cis_longest_wait_seconds": 4 * 3600.0, "blind_review_share": 1.0}
WHOLE_EVERY = 50
"""After so many steps everything is read and judged anew, as at the end of each seed."""


def _one_of(*values: Any) -> Callable[[random.Random], Any]:
    return lambda chance: chance.choice(values)


EITHER = _one_of(False, True)
ANY = _one_of(*range(6))
SOMEBODY, SOMEWHERE = _one_of(*range(len(PEOPLE))), _one_of(0, 1)
VALUES: dict[str, tuple[Callable[[random.Random], Any], ...]] = {
    "somebody_asks": (SOMEBODY, SOMEWHERE),
    "somebody_begins": (SOMEBODY, SOMEWHERE),
    "the_customer_acts": (ANY, _one_of(*sorted(BY_THE_CUSTOMER))),
    "staff_act": (ANY, _one_of(*WORDS_OF_STAFF)),
    "the_worker_works": (_one_of(0, 1, 10, 60, 24 * 60),),
    "the_cis_changes": (_one_of(*Fault),),
    "a_partner_asks": (SOMEBODY, SOMEWHERE),
    "a_partner_asks_again": (ANY,),
    "a_partner_uses_a_key_twice": (ANY,),
    "the_customer_changes_a_phone": (ANY, EITHER),
    "the_customer_changes_a_name": (ANY, EITHER),
    "the_desk_changes_a_name": (ANY, _one_of("wrong", "changed")),
    "the_invitation_is_answered": (EITHER,),
    "a_login_claims_an_account": (_one_of("sms", "email", "letter"),),
    "a_code_is_typed": (EITHER,),
    "two_are_said_to_be_one": (EITHER,),
    "a_colleague_decides": (_one_of(False, True, True),),
    "a_link_is_undone": (ANY,),
    "a_clerk_changes": (_one_of(0, 1, 2), ANY),
    "staff_settle_a_difference": (ANY,),
    "both_sides_are_compared": (EITHER,),
    "staff_put_a_delivery_right": (ANY, _one_of(*BY_HAND)),
    "life_support_is_claimed": (EITHER,),
    "a_certificate_is_read": (_one_of(30, 300),),
    "a_protection_ends": (_one_of(*ENDS),),
    "a_link_is_looked_at_again": (_one_of("same", "same", "same", "unsure", "other"),),
    "the_former_customer_asks": (SOMEWHERE,),
    "somebody_wishes_to_be_forgotten": (_one_of(0, 0, 1),),
    "a_clerk_changes_the_former_customer": (_one_of(0, 1),),
}
MORTAL = (
    "somebody_asks", "the_customer_acts", "staff_act", "one_job_is_done", "one_job_is_done", "one_job_is_done",
    "the_worker_works", "the_worker_works", "the_worker_works", "a_partner_asks", "the_customer_changes_a_phone",
    "the_desk_changes_a_name", "the_registry_listens", "the_registry_listens", "a_colleague_decides",
    "they_are_two_again", "staff_settle_a_difference", "staff_put_a_delivery_right", "the_rescue_comes",
    "both_sides_are_compared", "the_invitation_is_answered", "a_code_is_typed", "a_month_passes_in_which_nobody_works",
    "life_support_is_claimed", "a_certificate_is_read", "a_protection_ends", "a_supervisor_agrees_to_forget",
    "staff_act",
)  # fmt: skip
"""What may be under way when its process dies at a commit: accepting, deciding, delivering, hearing, and the rest."""


def drawn(chance: random.Random, steps: int) -> Iterator[tuple[Any, ...]]:
    """What happens, one thing after the other; two ask at the beginning."""
    yield from (("somebody_asks", chance.randrange(len(PEOPLE)), place) for place in (0, 1))
    names, shares = list(SHARES), list(SHARES.values())
    for _ in range(steps - 2):
        (name,) = chance.choices(names, shares)
        if name == "it_dies_at_a_commit":
            inner = chance.choice(MORTAL)
            yield (name, chance.choice((1, 1, 2, 2, 3, 4, 6)), chance.random() < 0.5, inner, *_values(chance, inner))
        else:
            yield (name, *_values(chance, name))


def _values(chance: random.Random, name: str) -> list[Any]:
    return [each(chance) for each in VALUES.get(name, ())]


@contextmanager
def stage() -> Iterator[None]:
    """Settings and doors of an installation in which nothing but simulations happens. Every row goes."""
    with (
        tempfile.TemporaryDirectory() as folder,
        override_settings(
            EMAIL_BACKEND="django.core.mail.backends.locmem.EmailBackend",
            KEYTURN_MAILBOX=folder,
            KEYTURN_POLICY=replace(settings.KEYTURN_POLICY, **POLICY),
        ),
        _silence(),
    ):
        cis.install()
        with connection.cursor() as cursor:  # the CIS's numbers, which it would draw by chance when it is installed
            cursor.execute("UPDATE reference_cis.setting SET value = '4242' WHERE name = 'number_seed'")
        cis.close()
        _empty()
        mail.outbox = []
        try:
            yield
        finally:
            _empty()


@contextmanager
def _silence() -> Iterator[None]:
    """What gives up says so in the log; thousands do."""
    before = logging.root.manager.disable
    logging.disable(logging.ERROR)
    try:
        yield
    finally:
        logging.disable(before)


def _empty() -> None:
    """Every table that holds something, ours, the queue's and the CIS's, as if it had never held anything."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT oid::regclass::text FROM pg_class WHERE relkind = 'r' AND relpersistence = 'p' AND oid >= 16384"
            " AND pg_relation_size(oid) > 0 AND relname <> ALL(%s)",
            [[*emptying.KEPT, "setting"]],
        )
        if written := [name for (name,) in cursor.fetchall()]:
            cursor.execute(f"TRUNCATE {', '.join(sorted(written))} CASCADE")
        cursor.execute(  # else the next seed's logins had other numbers
            "SELECT setval(oid, 1, false) FROM pg_class WHERE relkind = 'S' AND relname <> ALL(%s)",
            [[f"{name}_id_seq" for name in emptying.KEPT]],
        )


@contextmanager
def _from(seed: int) -> Iterator[None]:
    """Everything that is drawn elsewhere by chance, or counted in the process, comes from the seed."""
    own, number = random.Random(f"references of {seed}"), itertools.count(1)
    with (
        patch.object(ids.secrets, "randbits", own.getrandbits),
        patch.object(ids, "uuid7", lambda: UUID(int=(0x0190 << 112) + (7 << 76) + (2 << 62) + next(number))),
        patch.object(factories, "_numbers", itertools.count(1)),
        patch.object(towns, "_browsers", itertools.count(1)),
        translation.override("en"),
    ):
        yield


class Simulation:
    """One seed. `trace` is what was seen after each step."""

    def __init__(self, seed: int, seen: set[str] | None = None) -> None:
        self.seed = seed
        self.chance = random.Random(seed)
        self.trace: list[str] = []
        self.seen = set() if seen is None else seen

    def run(self, steps: int) -> str:
        """A digest of everything that was seen. What is wrong says how to see it again."""
        mail.outbox.clear()
        doors = (outside, deliveries, hearing, inbound, reconciling)
        with _from(self.seed):
            _empty()
            town, places = Town(Path(settings.KEYTURN_MAILBOX)), iter(factories.many_premises(2))
            town.policy_says(cis_eligibility=self.seed % 2 == 0)  # in every other the CIS is asked first
            self.story = LifeForgotten(town, places=places, seen=self.seen)
            patches = [patch.object(each, "cis", lambda: town.guarded) for each in doors]
            try:
                for each in patches:
                    each.start()
                self.story.tell(self._watched(steps))
                self.trace += self._history()
            except Exception as wrong:
                wrong.add_note(f"seed {self.seed}, step {len(self.trace) + 1}: SIM_FIRST={self.seed} SIM_SEEDS=1")
                raise
            finally:
                for each in patches:
                    each.stop()
        return hashlib.sha256("\n".join(self.trace).encode()).hexdigest()

    def _watched(self, steps: int) -> Iterator[tuple[Any, ...]]:
        for number, event in enumerate(drawn(self.chance, steps), 1):
            yield event
            if number % WHOLE_EVERY == 0:
                self.story.promises.look(whole=True)
            rows = self.story.promises.requests.values()
            stands = [(row["step"], row["standing"], row["outcome"], row["events_written"]) for row in rows]
            self.trace.append(f"{event} {self.story.town.now:%d %H:%M:%S} {stands}")

    def _history(self) -> list[str]:
        """What lies there at the end: every event, every message, everything that the CIS has done."""
        columns = ("request__reference", "number", "at", "what", "role", "actor", "step", "standing", "outcome")
        events = [str(each) for each in Event.objects.order_by("request", "number").values_list(*columns)]
        messages = Message.objects.order_by("id").values_list("request__reference", "template", "channel", "state")
        done = [(each["key"], each["command"]) for each in self.story.told.effects()]
        return [*events, *map(str, messages), *map(str, done)]
