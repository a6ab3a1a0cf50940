"""Who asks for service while everything around them is killed?

Each ask has a key of its own and is repeated under it until it is acknowledged; some are sent twice on purpose.
"""

import queue
import random
import threading
import time
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

import httpx

ONSETS = ("B", "Ch", "D", "F", "G", "K", "L", "M", "N", "P", "R", "S", "T", "V", "Z", "Br", "Gr", "St", "Tr", "Kl")
ENDS = ("ab", "ek", "im", "on", "ush", "ard", "eth", "ild", "orv", "ump", "acht", "ezin", "iro", "olai", "und")


@dataclass(frozen=True)
class Ask:
    """One request that somebody wants to make. `who` numbers the person behind it."""

    key: str
    who: int
    body: dict[str, Any]


@dataclass
class Heard:
    """What the callers were told."""

    references: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))  # key -> references
    seconds: list[float] = field(default_factory=list)  # from the first try to the acknowledgement
    faults: list[str] = field(default_factory=list)  # answers that no caller should get
    in_vain: list[str] = field(default_factory=list)  # tries that were not answered, or with "try later"


def asks_for(premises: list[str], chance: random.Random, *, again_share: float = 0.1) -> list[Ask]:
    """One ask for each premise; every tenth is made by somebody who asked for another premise as well."""
    asks, persons = [], 0
    for number, premise in enumerate(premises):
        earlier = asks and chance.random() < again_share
        who = chance.randrange(persons) if earlier else persons
        persons += 0 if earlier else 1
        asks.append(Ask(f"ask-{number}", who, _body(who, premise)))
    return asks


def _body(who: int, premise: str) -> dict[str, Any]:
    """The same person always says the same about themselves, and nobody resembles anybody else."""
    own = random.Random(f"person {who}")
    word = lambda: "".join(own.choice(ONSETS).lower() + own.choice(ENDS) for _ in range(2)).capitalize()  # noqa: E731
    born = date(1940, 1, 1) + timedelta(days=own.randrange(24_000))
    answers = {
        "kind": "person", "given_name": word(), "family_name": word() + word().lower(),
        "date_of_birth": born.isoformat(), "id_type": "passport", "id_value": f"P{own.randrange(10**9, 10**10)}",
        "email": f"{own.randrange(10**9)}.{who}@example.com", "service_address": {"premise_id": premise},
        "services": ["electric", "gas"], "start_date": (datetime.now(UTC).date() + timedelta(days=5)).isoformat(),
        "consents": ["terms"],
    }  # fmt: skip
    return {"journey": "start_service", "answers": answers, "submit": True, "attested": ["email", "identity"]}


class Customers:
    """Some callers at a time, who share the asks and spread them over `seconds`."""

    def __init__(self, url: str, api_key: str, asks: list[Ask], *, seconds: float, seed: int, callers: int = 8) -> None:
        chance = random.Random(seed)
        twice = [ask for ask in asks if chance.random() < 0.1]
        chance.shuffle(twice)
        self.heard = Heard()
        self.over = threading.Event()
        self._calls = f"{url}/api/v1/requests"
        self._api_key = api_key
        self._pause = seconds * callers / (len(asks) + len(twice))
        self._asks: queue.SimpleQueue[Ask] = queue.SimpleQueue()
        for ask in _mixed(asks, twice, chance):
            self._asks.put(ask)
        self._lock = threading.Lock()
        self._threads = [
            threading.Thread(target=self._call, args=(random.Random(seed + n),), daemon=True) for n in range(callers)
        ]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    @property
    def busy(self) -> bool:
        return any(thread.is_alive() for thread in self._threads)

    def _call(self, chance: random.Random) -> None:
        with httpx.Client(headers={"Authorization": f"Bearer {self._api_key}"}, timeout=15, trust_env=False) as client:
            while not self.over.is_set():
                try:
                    ask = self._asks.get_nowait()
                except queue.Empty:
                    return
                self._until_acknowledged(client, ask)
                self.over.wait(self._pause * chance.uniform(0.5, 1.5))

    def _until_acknowledged(self, client: httpx.Client, ask: Ask) -> None:
        began = time.monotonic()
        while not self.over.is_set():
            try:
                answer = client.post(self._calls, json=ask.body, headers={"Idempotency-Key": ask.key})
            except httpx.HTTPError as problem:
                answer = None
                self.heard.in_vain.append(type(problem).__name__)
            if answer is not None and answer.status_code < 500:
                return self._note(ask, answer, time.monotonic() - began)
            if answer is not None:
                self.heard.in_vain.append(str(answer.status_code))
            self.over.wait(0.1)
        return None

    def _note(self, ask: Ask, answer: httpx.Response, seconds: float) -> None:
        with self._lock:
            if answer.status_code == 201:
                self.heard.references[ask.key].add(answer.json()["reference"])
                self.heard.seconds.append(seconds)
            else:
                self.heard.faults.append(f"{answer.status_code} {answer.text[:200]}")


def _mixed(asks: list[Ask], twice: list[Ask], chance: random.Random) -> list[Ask]:
    """The second time comes right after the first, so that the two often meet."""
    repeated = {ask.key for ask in twice}
    return [each for ask in asks for each in ([ask, ask] if ask.key in repeated else [ask])]
