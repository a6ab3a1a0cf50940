"""Does the API do over a real socket, in the real server's processes, what it does in a test's own?"""

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from django.test import Client

from keyturn.connectors import cis
from keyturn.records.models import Request
from tests.api.caller import a_key, answers, forget_jobs

PATIENCE = 60.0


@pytest.fixture
def server(transactional_db: None) -> Iterator[httpx.Client]:
    """`keyturn serve` on this test's database, and a client with a key to every scope."""
    cis.install()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "keyturn.cli", "serve", "--port", str(port)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        with httpx.Client(
            base_url=f"http://127.0.0.1:{port}", headers={"Authorization": f"Bearer {a_key()}"}, timeout=PATIENCE
        ) as client:
            assert is_up(client), "the server did not start"
            yield client
    finally:
        process.terminate()
        process.wait(timeout=PATIENCE)
        forget_jobs()


def is_up(client: httpx.Client) -> bool:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        try:
            return client.get("/healthz").status_code == 200
        except httpx.TransportError:
            time.sleep(0.05)
    return False


def test_twenty_of_the_same_call_at_once_are_one_request(server: httpx.Client) -> None:
    body = {"journey": "start_service", "answers": answers(), "submit": True}

    def post(_number: int) -> httpx.Response:
        return server.post("/api/v1/requests", json=body, headers={"Idempotency-Key": "call-1"})

    with ThreadPoolExecutor(8) as pool:
        answered = list(pool.map(post, range(20)))
    assert {each.status_code for each in answered} == {201}
    assert len({each.content for each in answered}) == 1
    assert sum("Idempotency-Replayed" in each.headers for each in answered) == 19
    assert Request.objects.count() == 1

    with httpx.Client(base_url=server.base_url, headers=server.headers, timeout=PATIENCE) as other:
        large = other.post("/api/v1/requests", content=b"x" * 1_500_000, headers={"Content-Type": "application/json"})
        assert (large.status_code, large.json()["code"]) == (413, "too_large")
    with httpx.Client(base_url=server.base_url, headers=server.headers, timeout=PATIENCE) as other:
        pieces = other.post("/api/v1/requests", content=iter([b'{"journey":', b'"start_service"}']))
        assert (pieces.status_code, pieces.json()["code"]) == (411, "length_required")
    assert server.request("DELETE", "/api/v1/requests").json()["code"] == "method_not_allowed"
    assert server.get("/api/v1/nothing").json()["code"] == "not_found"
    assert server.get("/api/v1/requests", headers={"Authorization": "Bearer x"}).status_code == 401
    assert server.get("/api/v1/openapi.json").content == Client().get("/api/v1/openapi.json").content
