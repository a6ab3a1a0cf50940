"""Who comes to a utility's web site all at once, by the clock, whether or not it keeps up? A program of its own:

python -m tests.durability.storm < PLAN

Open loop: each call has a moment, drawn by chance at the plan's rate, and is sent then, however many are still without an answer;
how long it took counts from that moment. It says "ready", waits for a line, sends, and prints what it heard as one line of JSON.
"""

import asyncio
import json
import random
import sys
import time
from collections import defaultdict, deque
from dataclasses import dataclass, field
from typing import Any

from tests.durability.customers import Ask, asks_for

IDLE_SECONDS = 5.0  # a connection that was not used for so long is not used again
VIEWS = (
    ("front", 40), ("begin", 15), ("form", 15), ("answer", 5), ("help", 10), ("find", 10), ("status", 5),
)  # fmt: skip
"""Of a hundred page views."""
STAFF_PAUSE = 3.0  # seconds between two pages of one member of staff


@dataclass(slots=True)
class Call:
    """One request to be sent at `due`, seconds after the start."""

    due: float
    kind: str
    wire: bytes
    key: str = ""
    seat: int = -1


@dataclass
class Heard:
    """What came back, by kind."""

    seconds: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    refused: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    acknowledged: dict[str, str] = field(default_factory=dict)
    not_taken: list[str] = field(default_factory=list)  # keys of asks that were refused
    faults: list[str] = field(default_factory=list)
    late: float = 0.0  # the most that this program itself was behind the clock

    def note(self, call: Call, seconds: float, status: int, head: bytes, body: bytes) -> None:
        if status == 503 and b"\r\nretry-after: " in head:
            self.refused[call.kind].append(seconds)
            if call.key:
                self.not_taken.append(call.key)
        elif status == (201 if call.kind == "ask" else 302 if call.kind == "answer" else 200):
            self.seconds[call.kind].append(seconds)
            if call.key:
                self.acknowledged[call.key] = json.loads(body)["reference"]
        else:
            self.faults.append(f"{call.kind}: {status} after {seconds:.1f} s {body[:200].decode(errors='replace')}")


class Wire(asyncio.Protocol):
    """One connection, kept open, with one call at a time."""

    def __init__(self, storm: "Storm") -> None:
        self.storm, self.call, self.used = storm, None, time.monotonic()
        self.call: Call | None
        self.transport: Any = None
        self.got = b""

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        if self.call:
            transport.write(self.call.wire)

    def send(self, call: Call) -> None:
        self.call, self.got = call, b""
        if self.transport:
            self.transport.write(call.wire)

    def data_received(self, data: bytes) -> None:
        self.got += data
        head, found, body = self.got.partition(b"\r\n\r\n")
        if not found or self.call is None:
            return
        low = head.lower()
        length = low.partition(b"\r\ncontent-length: ")[2].partition(b"\r\n")[0]
        if len(body) < int(length or b"0"):
            return
        call, self.call, self.used = self.call, None, time.monotonic()
        self.storm.over(call, int(head[9:12]), low, body)
        if b"\r\nconnection: close" in low:
            self.transport.close()
        else:
            self.storm.idle.append(self)

    def connection_lost(self, exc: Exception | None) -> None:
        if self in self.storm.idle:
            self.storm.idle.remove(self)
        if self.call is not None:
            self.storm.broke(self.call, exc)
            self.call = None


class Storm:
    def __init__(self, port: int, calls: list[Call], *, patience: float) -> None:
        self.port, self.calls, self.patience = port, calls, patience
        self.idle: deque[Wire] = deque()
        self.under_way: dict[int, Call] = {}
        self.heard = Heard()
        self.began = 0.0
        self.busy_seats: set[int] = set()

    async def rage(self) -> Heard:
        self.began = time.monotonic()
        waiting = deque(self.calls)
        while waiting:
            now = time.monotonic() - self.began
            while waiting and waiting[0].due <= now:
                self._send(waiting.popleft())
            self.heard.late = max(self.heard.late, time.monotonic() - self.began - now)
            if waiting:
                await asyncio.sleep(max(0.0, waiting[0].due - (time.monotonic() - self.began)))
        until = time.monotonic() + self.patience
        while self.under_way and time.monotonic() < until:
            await asyncio.sleep(0.05)
        self.heard.faults += [
            f"{call.kind}: no answer within {self.patience:.0f} s" for call in self.under_way.values()
        ]
        return self.heard

    def _send(self, call: Call) -> None:
        if call.seat >= 0 and call.seat in self.busy_seats:
            return None  # nobody sends one form twice before the first answer
        self.busy_seats.add(call.seat)
        self.under_way[id(call)] = call
        while self.idle:
            wire = self.idle.pop()
            if time.monotonic() - wire.used < IDLE_SECONDS:
                return wire.send(call)
            wire.transport.close()
        wire = Wire(self)
        wire.call = call
        task = asyncio.get_running_loop().create_task(self._open(wire))
        wire.opening = task  # type: ignore[attr-defined]
        return None

    async def _open(self, wire: Wire) -> None:
        try:
            await asyncio.get_running_loop().create_connection(lambda: wire, "127.0.0.1", self.port)
        except OSError as problem:
            if wire.call:
                self.broke(wire.call, problem)

    def over(self, call: Call, status: int, head: bytes, body: bytes) -> None:
        self.under_way.pop(id(call), None)
        self.busy_seats.discard(call.seat)
        self.heard.note(call, time.monotonic() - self.began - call.due, status, head, body)

    def broke(self, call: Call, problem: Exception | None) -> None:
        self.under_way.pop(id(call), None)
        self.busy_seats.discard(call.seat)
        self.heard.faults.append(f"{call.kind}: the connection broke ({type(problem).__name__})")


def calls_of(plan: dict[str, Any]) -> list[Call]:
    """Everything that will be sent, in order."""
    chance = random.Random(plan["seed"])
    asks = [Ask(**each) for each in plan["asks"]] if "asks" in plan else asks_for(plan["premises"], chance)
    part, parts, seconds = plan["part"], plan["parts"], plan["seconds"]
    asks = asks[part::parts]
    chance = random.Random(f"{plan['seed']} {part}")
    calls = [_ask(plan, ask, chance.uniform(0, seconds)) for ask in asks]
    for _ in range(round(plan["views"] * seconds / parts)):
        calls.append(_view(plan, chance, chance.uniform(0, seconds)))
    for number, cookie in enumerate(plan["staff"]):
        due = chance.uniform(0, STAFF_PAUSE)
        while number % parts == part and due < seconds:
            path = chance.choice(("/console", f"/console/requests/{chance.choice(plan['references'])}"))
            calls.append(Call(due, "staff", _get(plan, path, cookie)))
            due += chance.uniform(0.5, 1.5) * STAFF_PAUSE
    return sorted(calls, key=lambda call: call.due)


def _ask(plan: dict[str, Any], ask: Ask, due: float) -> Call:
    body = json.dumps(ask.body).encode()
    head = (
        f"POST /api/v1/requests HTTP/1.1\r\nHost: 127.0.0.1:{plan['port']}\r\nAuthorization: Bearer {plan['api_key']}\r\n"
        f"Idempotency-Key: {ask.key}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return Call(due, "ask", head.encode() + body, ask.key)


def _view(plan: dict[str, Any], chance: random.Random, due: float) -> Call:
    kind = chance.choices([name for name, _ in VIEWS], [share for _, share in VIEWS])[0]
    seat = chance.randrange(plan["part"], len(plan["seats"]), plan["parts"])
    cookie = plan["seats"][seat] if kind in ("form", "answer", "status") else ""
    if kind == "answer":
        return Call(due, kind, _post(plan, "/start/name", cookie), seat=seat)
    path = {
        "front": "/", "begin": "/start", "form": "/start/name", "help": "/accessibility", "find": "/requests",
        "status": f"/requests/{plan['references'][0]}",
    }[kind]  # fmt: skip
    return Call(due, kind, _get(plan, path, cookie))


def _get(plan: dict[str, Any], path: str, cookie: str) -> bytes:
    sent = f"Cookie: {cookie}\r\n" if cookie else ""
    return (
        f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{plan['port']}\r\nAccept: text/html\r\nAccept-Encoding: gzip\r\n"
        f"Accept-Language: en\r\n{sent}\r\n"
    ).encode()


def _post(plan: dict[str, Any], path: str, cookie: str) -> bytes:
    body = f"csrfmiddlewaretoken={plan['token']}&given_name=Ana&family_name=Zelenko"
    return (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{plan['port']}\r\nOrigin: http://127.0.0.1:{plan['port']}\r\n"
        f"Cookie: {cookie}; csrftoken={plan['token']}\r\nContent-Type: application/x-www-form-urlencoded\r\n"
        f"Content-Length: {len(body)}\r\n\r\n{body}"
    ).encode()


def main() -> None:
    plan = json.loads(sys.stdin.readline())
    storm = Storm(plan["port"], calls_of(plan), patience=plan["patience"])
    print("ready", flush=True)
    sys.stdin.readline()
    print(json.dumps(vars(asyncio.run(storm.rage()))))


if __name__ == "__main__":
    main()
