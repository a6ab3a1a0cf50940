"""Can whoever connects a CIS begin in an empty folder with what docs/howto/connect-a-cis.md shows, as it stands there?"""

import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs/howto/connect-a-cis.md").read_text(encoding="utf-8")


def run(tmp_path: Path, command: str) -> subprocess.CompletedProcess[str]:
    """Without any setting of Keyturn's."""
    return subprocess.run(
        ["bash", "-c", command],
        cwd=tmp_path,
        env={"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )


def test_what_the_page_begins_with_runs_as_it_stands_there(tmp_path):
    connector, tests = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)[:2]
    (tmp_path / "our_cis.py").write_text(connector)
    (tmp_path / "test_our_cis.py").write_text(tests)
    first, second = re.search(r"```sh\n(python -m pytest.*?)```", PAGE, re.DOTALL)[1].splitlines()
    words = second.split("#")[0].partition("-k ")[2].strip()
    told = run(tmp_path, first.replace('every_operation"', f'every_operation or {words}"')).stdout  # both at once
    assert re.search(r"\n\d+ failed, 4 passed, 1 skipped", told), told
    failed = re.findall(r"^FAILED \S+::(\w+)", told, re.MULTILINE)
    assert failed
    assert all(words in name for name in failed)
    assert "make a premise, or take the next of a list" in told
    assert "warning" not in told


def test_every_word_of_the_order_names_tests():
    rows = re.search(r"\| \| write \| `-k` \|(.*?)\n\n", PAGE, re.DOTALL)[1]
    words = [word for row in rows.splitlines()[2:] for word in re.findall(r"`(\w+)`", row.split("|")[3])]
    kit = "".join(each.read_text() for each in (ROOT / "keyturn/connectors/cis").glob("contract_*.py"))
    assert len(words) > 10
    assert [word for word in words if not re.search(rf"def test_\w*{word}", kit)] == []
