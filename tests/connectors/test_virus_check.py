"""What is asked of ClamAV's daemon, and what follows from each of its answers and from its silence? Over real sockets."""

import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from keyturn.connectors.virus_check import virus_check
from keyturn.connectors.virus_check.clamd import Clamd
from keyturn.connectors.virus_check.simulator import SimulatorServer
from keyturn.terms.document import EICAR
from keyturn.terms.errors import Unavailable


@pytest.fixture
def scanner() -> Iterator[SimulatorServer]:
    with SimulatorServer() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


def clamd(place: str, seconds: float = 5.0) -> Clamd:
    return Clamd(place, timeout_seconds=seconds)


def why_not(place: str, data: bytes = b"x", seconds: float = 5.0) -> str:
    with pytest.raises(Unavailable) as problem:
        clamd(place, seconds).finds(data)
    return problem.value.code


def test_a_clean_file_and_the_test_file(scanner: SimulatorServer) -> None:
    assert clamd(scanner.place).finds(b"a letter" * 50_000) == ""
    assert clamd(scanner.place).finds(b"x" * 200_000 + EICAR) == "Eicar-Test-Signature"
    assert clamd(scanner.place).finds(b"KEYTURN-TEST-VIRUS") == "Keyturn.Test"
    assert scanner.asked == 3


def test_an_empty_file_is_clean(scanner: SimulatorServer) -> None:
    assert clamd(scanner.place).finds(b"") == ""


def test_it_is_there(scanner: SimulatorServer) -> None:
    clamd(scanner.place).is_there()


def test_what_is_too_large_for_the_scanner_was_not_scanned() -> None:
    with SimulatorServer(largest=1000) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        assert why_not(server.place, b"x" * 5000) in ("virus_check_refused", "virus_check_unreachable")
        server.shutdown()


def test_silence_ends(scanner: SimulatorServer) -> None:
    began = time.monotonic()
    assert why_not(scanner.place, b"KEYTURN-TEST-SILENCE", seconds=0.3) == "virus_check_unreachable"
    assert time.monotonic() - began < 3


def test_nobody_there(tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        place = f"127.0.0.1:{free.getsockname()[1]}"
    assert why_not(place) == "virus_check_unreachable"
    assert why_not(str(tmp_path / "clamd.ctl")) == "virus_check_unreachable"


@pytest.mark.parametrize(
    "answer", [b"", b"\0", b"INSTREAM size limit exceeded. ERROR\0", b"stream: what? ERROR\0", b"x" * 9000]
)
def test_what_cannot_be_read_is_no_answer(answer: bytes) -> None:
    """Nor is it "clean": only the word OK is."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()

        def answers() -> None:
            line, _who = listening.accept()
            with line:
                while not line.recv(4096).endswith(bytes(4)):
                    pass
                line.sendall(answer)

        threading.Thread(target=answers, daemon=True).start()
        assert why_not(f"127.0.0.1:{listening.getsockname()[1]}") in ("virus_check_refused", "virus_check_unreachable")


def test_over_a_unix_socket(tmp_path: Path) -> None:
    place = str(tmp_path / "clamd.ctl")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(place)
        listening.listen()

        def answers() -> None:
            line, _who = listening.accept()
            with line:
                while not line.recv(4096).endswith(bytes(4)):
                    pass
                line.sendall(b"stream: Win.Test.EICAR_HDB-1 FOUND\0")

        threading.Thread(target=answers, daemon=True).start()
        assert clamd(place).finds(b"x") == "Win.Test.EICAR_HDB-1"


def test_which_scanner_the_setting_names(settings: Any) -> None:
    settings.KEYTURN_CLAMD = ""
    assert virus_check() is None
    for good in ("/run/clamav/clamd.ctl", "127.0.0.1:3310", "scanner.utility.example:3310", "[::1]:3310"):
        settings.KEYTURN_CLAMD = good
        assert virus_check() is not None
    for bad in ("clamd", "localhost", "http://scanner:80/x"):
        settings.KEYTURN_CLAMD = bad
        with pytest.raises(ImproperlyConfigured):
            virus_check()


def test_the_simulator_is_a_program_of_its_own() -> None:
    command = [sys.executable, "-m", "keyturn.connectors.virus_check.simulator", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as program:
        try:
            assert program.stdout is not None
            word, place = program.stdout.readline().split()
            assert word == "ready"
            assert clamd(place).finds(EICAR) == "Eicar-Test-Signature"
        finally:
            program.terminate()
