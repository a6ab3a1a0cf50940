"""When a long test is killed, does the next one take away what it left: mounts, loop devices, folders, namespaces?"""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.durability import disks, network

ROOT = Path(__file__).resolve().parents[2]
HOLDS = {
    "small": "from tests.durability.disks import a_small_disk\nwith a_small_disk(8) as disk:",
    "xfs": "from tests.durability.disks import an_xfs\nwith an_xfs(300) as disk:",
}
STAYS = """
    print(disk.folder, flush=True)
    import time; time.sleep(600)
"""


@contextmanager
def a_process(program: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A process with what it said first; killed at the end, if not before."""
    command = [sys.executable, "-c", program]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        try:
            assert process.stdout
            yield process, process.stdout.readline().strip()
        finally:
            process.kill()


@pytest.mark.parametrize("kind", HOLDS)
def test_a_disk_goes_when_its_process_is_gone_and_not_before(kind: str) -> None:
    if without := disks.missing(*(["mkfs.xfs"] if kind == "xfs" else [])):
        pytest.skip(f"a disk of one's own {without}")
    with a_process(HOLDS[kind] + STAYS) as (holder, said):
        folder = Path(said)
        with subprocess.Popen(["sleep", "600"], cwd=folder / "disk", start_new_session=True) as inhabitant:
            try:
                disks.remove_left()
                assert disks._is_mounted(folder / "disk")
                holder.send_signal(signal.SIGKILL)
                holder.wait()
                disks.remove_left()
                assert inhabitant.wait(5) == -signal.SIGKILL
            finally:
                inhabitant.kill()
    assert not folder.exists()
    assert str(folder) not in Path("/proc/self/mountinfo").read_text()
    assert str(folder) not in disks.run("losetup", "--list", "--noheadings")


def test_a_namespace_goes_when_its_process_is_gone_and_not_before() -> None:
    if without := network.why_not():
        pytest.skip(without)
    with a_process("import os, time; print(os.getpid(), flush=True); time.sleep(600)") as (holder, said):
        name = f"kt{said}web"
        network._ip("netns", "add", name)
        network.remove_left()
        assert name in network._ip("netns", "list")
        inside = ["ip", "netns", "exec", name, "sleep", "600"]
        with subprocess.Popen(inside) as inhabitant:
            try:
                while b"sleep" not in Path(f"/proc/{inhabitant.pid}/cmdline").read_bytes().split(b"\0")[0]:
                    os.sched_yield()
                holder.send_signal(signal.SIGKILL)
                holder.wait()
                network.remove_left()
                assert inhabitant.wait(5) == -signal.SIGKILL
            finally:
                inhabitant.kill()
    assert name not in network._ip("netns", "list")
