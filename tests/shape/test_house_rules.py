"""Does the code keep the house rules of the design: directions, names, sizes, docstrings, and nothing that must not be in it?"""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MODULES = sorted(
    path for path in (ROOT / "keyturn").rglob("*.py") if "migrations" not in path.parts and path.stat().st_size
)
TRACKED = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False).stdout.split(
    "\0"
)
TEXTS = [ROOT / name for name in TRACKED if name and (ROOT / name).is_file() and "/vendor/" not in name]

LONGEST_FILE = 400
LONGEST_FUNCTION = 60
BANNED_NAMES = {"utils", "helpers", "common", "manager", "service", "services", "misc"}


def run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", *command], cwd=ROOT, capture_output=True, text=True, check=False)


def short(path: Path) -> str:
    return str(path.relative_to(ROOT))


def test_imports_go_in_the_allowed_directions_only() -> None:
    done = subprocess.run(
        [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-4000:]


def test_ruff_finds_nothing() -> None:
    done = run("ruff", "check", ".", "--output-format", "concise", "--no-cache")
    assert done.returncode == 0, done.stdout[-4000:]


def test_the_code_is_formatted() -> None:
    done = run("ruff", "format", "--check", ".", "--no-cache")
    assert done.returncode == 0, done.stdout[-2000:]


def test_types_hold_strictly_where_the_design_says_so() -> None:
    done = run("mypy")
    assert done.returncode == 0, done.stdout[-4000:]


@pytest.mark.parametrize("path", MODULES, ids=short)
def test_a_module_says_which_question_it_answers(path: Path) -> None:
    words = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
    assert words, "a module begins with a docstring"
    assert len(words.splitlines()[0]) <= 125, "its first sentence fits in a line"


@pytest.mark.parametrize("path", MODULES, ids=short)
def test_a_file_is_short_and_so_are_its_functions(path: Path) -> None:
    source = path.read_text(encoding="utf-8")
    assert source.count("\n") <= LONGEST_FILE
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef):
            assert node.end_lineno is not None
            assert node.end_lineno - node.lineno < LONGEST_FUNCTION, node.name


def test_no_drawer_is_called_utils_or_the_like() -> None:
    assert [short(path) for path in MODULES if BANNED_NAMES & {path.stem, *path.relative_to(ROOT).parts}] == []


def test_every_step_folder_has_rules_and_every_rule_its_letter() -> None:
    from keyturn.steps import STEPS, rulebook

    assert {path.name for path in (ROOT / "keyturn" / "steps").iterdir() if (path / "rules.py").is_file()} == set(STEPS)
    for number, rule in rulebook().items():
        folder = rule.function.__module__.split(".")[2]
        assert number[0] == STEPS[folder], f"{number} stands in {folder}"


def test_only_the_flow_writes_where_a_request_stands() -> None:
    for path in MODULES:
        if "flow" in path.relative_to(ROOT).parts or path.parent.name == "models":
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            targets = (
                node.targets
                if isinstance(node, ast.Assign)
                else [node.target]
                if isinstance(node, ast.AugAssign)
                else []
            )
            for target in targets:
                named = isinstance(target, ast.Attribute) and target.attr in {"standing", "outcome"}
                assert not named, f"{short(path)}:{node.lineno} writes {ast.unparse(target)}"


def test_no_signals_and_no_triggers_of_our_own() -> None:
    for path in MODULES:
        text = path.read_text(encoding="utf-8")
        assert "django.db.models.signals" not in text, short(path)
        assert not re.search(r"CREATE (OR REPLACE )?(CONSTRAINT )?TRIGGER", text, re.IGNORECASE), short(path)


def test_no_path_of_a_machine_and_no_registry_is_named() -> None:
    registry = re.compile(
        r"https?://[^ ]*(/simple/|/packages/[0-9a-f]{2}/|/-/[^ ]+\.tgz|/debian/(pool|dists))|files\.python"
        + "hosted|registry\\.npm"
        + "js"
    )
    homes = re.compile("/" + r"work/(main|shared)|/" + r"root/\.|/tmp/(brief|lead)")
    for path in TEXTS:
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        assert not registry.search(text), short(path)
        assert not homes.search(text), short(path)


def test_links_in_the_documents_lead_somewhere() -> None:
    documents = [path for path in TEXTS if path.suffix == ".md"]
    assert documents
    for path in documents:
        for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", path.read_text(encoding="utf-8")):
            if not re.match(r"[a-z]+:", target):
                assert (path.parent / target).exists(), f"{short(path)} links to {target}"
