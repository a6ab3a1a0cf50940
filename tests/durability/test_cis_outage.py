"""T-11: when the CIS is away for a day, is anything lost, does each person's order stay, and how do they come back to it?

Requests come in all day, some from people who have asked before; then the CIS answers again. The clock is the test's own.
OUTAGE_REQUESTS is how many: 864,000 would be 10 a second; what waits has no job and costs nothing, so that fewer show
the same. OUTAGE_SEED repeats a run.
"""

import bisect
import os
import random
from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest

from keyturn.flow import deliveries, outside
from keyturn.records import ids
from keyturn.records.models import Delivery, Person, Request
from keyturn.steps.sync.gate import rules as gate_rules
from tests import factories
from tests.durability import bound
from tests.durability.each_cis import Heard
from tests.durability.test_race import newcomers
from tests.flow.conftest import cis_installed, town  # noqa: F401
from tests.flow.town import Town

REQUESTS = int(os.environ.get("OUTAGE_REQUESTS", "110"))
SEED = int(os.environ.get("OUTAGE_SEED", "0")) or random.SystemRandom().randrange(10**6)
DAY = timedelta(days=1)


@dataclass
class Day:
    """What came of it."""

    heard: Heard
    asked: dict[str, list[str]]  # e-mail of a person -> references, in the order of their asking
    back_at: datetime
    drained_in: float  # seconds of the simulated clock

    @property
    def sent_afterwards(self) -> list[datetime]:
        return [each.at for each in self.heard.said if each.call == "send" and each.at >= self.back_at]

    def most_within(self, seconds: float) -> int:
        """The largest number of deliveries tried in any so many seconds after the return."""
        times = sorted(self.sent_afterwards)
        width = timedelta(seconds=seconds)
        return max((bisect.bisect_left(times, each + width) - n for n, each in enumerate(times)), default=0)

    def wrongs(self, town: Town) -> dict[str, Any]:  # noqa: F811
        effects = [each["request_reference"] for each in town.cis.effects()]
        asked = [reference for references in self.asked.values() for reference in references]
        counts = town.cis.counts()
        broken = {
            "lost": sorted(set(asked) - set(effects)),
            "in the CIS and not asked": sorted(set(effects) - set(asked)),
            "in the CIS twice": sorted(each for each, times in Counter(effects).items() if times > 1),
            "not completed": list(Request.objects.exclude(outcome="completed").values_list("reference", flat=True)),
            "out of order": [
                who for who, each in self.asked.items() if sorted(each, key=effects.index) != each
            ] if set(asked) == set(effects) else [],
            "persons": [] if Person.objects.count() == counts["persons"] == len(self.asked) else [counts["persons"]],
        }  # fmt: skip
        return {name: each for name, each in broken.items() if each}


@pytest.fixture
def away(town: Town, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Town:  # noqa: F811
    """A town whose CIS does not answer, whatever it is asked."""
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    own = random.Random(f"references of {SEED}")
    monkeypatch.setattr(ids.secrets, "randbits", own.getrandbits)
    town.policy_says(cis_probe_seconds=900 if REQUESTS < 1000 else 60)
    town.cis_is("down", calls=["send", "find", "search", "ping"])
    return town


def a_day(town: Town, requests: int, monkeypatch: pytest.MonkeyPatch) -> Day:  # noqa: F811
    """Nobody is served for a day; then everybody who asked is, as fast as the policy lets them."""
    chance, heard = random.Random(SEED), Heard(town.guarded, lambda: town.now)
    for module in (outside, deliveries):
        monkeypatch.setattr(module, "cis", lambda: heard)
    asked = _ask_all_day(town, requests, chance)
    town.cis_is()
    heard.cis, back_at = town.guarded, town.now
    waited = 0
    while Request.objects.filter(standing="machine").exists() and waited < 24:
        town.waits(minutes=5)
        waited += 1
    answered = Delivery.objects.exclude(answered_at=None).order_by("answered_at").values_list("answered_at", flat=True)
    times = list(answered) or [town.now]
    return Day(heard, asked, back_at, (times[-1] - times[0]).total_seconds())


def _ask_all_day(town: Town, requests: int, chance: random.Random) -> dict[str, list[str]]:  # noqa: F811
    asked: dict[str, list[str]] = {}
    people = newcomers(requests, chance.randrange(10**6))
    begun = town.now
    for number, place in enumerate(factories.many_premises(requests)):
        again = asked and chance.random() < 0.3
        who = people[chance.randrange(len(asked))] if again else people[len(asked)]
        case = town.a_partner_asks(who, place, attested=("email", "identity"), services=["electric", "gas"])
        asked.setdefault(who.emails[0], []).append(case.request.reference)
        town.waits(seconds=(begun + DAY * (number + 1) / requests - town.now).total_seconds())
    return asked


def test_nothing_is_lost_in_a_day_without_the_cis(away: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    day = a_day(away, REQUESTS, monkeypatch)
    wrongs, pace = day.wrongs(away), away.policy.cis_drain_per_second
    rate = REQUESTS / max(day.drained_in, 0.1)
    bound.tell(
        "T-11", __doc__,
        f"seed {SEED}: {REQUESTS:,} requests of {len(day.asked):,} people in 24 h,"
        f" {sum(1 for each in day.heard.said if each.at < day.back_at):,} calls meanwhile; then {rate:,.0f}/s of the simulated"
        f" clock (the policy's pace: {pace}), at most {day.most_within(1)} tries in one second and {day.most_within(0.1)} in a"
        f" tenth",
        bound.of(len(wrongs.get("lost", ())), REQUESTS, "lost"),
        bound.of(len(wrongs.get("out of order", ())), len(day.asked), "people served out of their order"),
    )  # fmt: skip
    assert wrongs == {}
    assert rate >= 0.9 * pace
    assert day.most_within(1) <= 1.1 * pace + 10
    assert day.most_within(0.1) <= 0.1 * pace + 15


def test_negative_control_whoever_comes_back_all_at_once_is_seen(away: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gate_rules, "let_go", lambda keys, most: (timedelta(0) for _ in keys))
    away.policy_says(cis_drain_per_second=20)
    day = a_day(away, 25, monkeypatch)
    assert day.most_within(0.1) > 0.1 * 20 + 15


def test_negative_control_a_lost_queue_is_seen_and_the_rescue_mends_it(
    away: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gate_rules, "next_probe", lambda cis, now, policy: now + timedelta(days=30))
    day = a_day(away, 5, monkeypatch)
    assert len(day.wrongs(away)["lost"]) == 5
