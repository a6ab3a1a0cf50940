"""Do the commands of docs/howto/connect-a-cis-by-mapping.md do what the page says?"""

import os
import re
import socket
import subprocess
import sys
from pathlib import Path

from jmespath import functions

from keyturn.connectors.cis.mapped.expressions import _Ours

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs/howto/connect-a-cis-by-mapping.md").read_text(encoding="utf-8")


def run(tmp_path: Path, commands: str) -> str:
    """As somebody types them, in an empty folder; everything that was shown."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = str(free.getsockname()[1])
    commands = commands.replace("8096", port).replace("keyturn/connectors", str(ROOT / "keyturn/connectors"))
    commands = commands.replace("simulator --port", "simulator --schema rest_walk --port")
    done = subprocess.run(
        ["bash", "-e", "-m", "-c", commands],
        cwd=tmp_path,
        env={**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_walk_through_can_be_walked(tmp_path):
    first, second = re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL)
    waiting = "until (echo > /dev/tcp/127.0.0.1/8096) 2>/dev/null; do sleep 0.1; done"
    shown = run(tmp_path, first.replace("sleep 5", waiting))
    assert "rest answers in" in shown
    assert '"electric"' in shown
    shown = run(tmp_path, second)
    assert "cis.toml is good: rest, rest" in shown
    assert '"given_name": "Ana"' in shown


def test_every_function_of_ours_is_told():
    ours = _Ours.FUNCTION_TABLE.keys() - functions.Functions.FUNCTION_TABLE.keys()
    assert len(ours) == 11
    assert [name for name in sorted(ours) if f"`{name}(" not in PAGE] == []
