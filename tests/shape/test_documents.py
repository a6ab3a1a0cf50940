"""Do the pages say what is so: those made from the code, and those that name its commands, variables and files?"""

import re
import runpy
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = runpy.run_path(str(ROOT / "docs" / "make.py"))["PAGES"]


@pytest.mark.parametrize("name", PAGES)
def test_a_page_made_from_the_code_is_up_to_date(name: str) -> None:
    assert (ROOT / name).read_text(encoding="utf-8") == PAGES[name](), "run `make docs`"


def test_every_box_of_the_process_leads_to_its_folder() -> None:
    drawn = re.findall(r'href="([^"]+)"', (ROOT / "docs/images/process.svg").read_text(encoding="utf-8"))
    assert len(drawn) >= 10
    for target in drawn:
        assert (ROOT / "docs/images" / target).is_dir(), target


def test_every_move_of_the_life_cycle_is_made_somewhere_in_the_flow() -> None:
    from keyturn.flow.lifecycle import MOVES

    source = "\n".join(
        path.read_text(encoding="utf-8") for path in (ROOT / "keyturn/flow").glob("*.py") if path.stem != "lifecycle"
    )
    assert [what for what in MOVES if f'"{what}"' not in source] == []


def test_every_variable_of_an_installation_is_described() -> None:
    settings = (ROOT / "keyturn/site/settings.py").read_text(encoding="utf-8")
    asked = set(re.findall(r'env\.\w+\("([A-Z_]+)"', settings))
    asked |= set(re.findall(r'env\.\w+\(env\.text\("([A-Z_]+)"', settings))
    told = (ROOT / "docs/howto/install.md").read_text(encoding="utf-8")
    assert len(asked) > 15
    assert [name for name in sorted(asked) if f"`{name}`" not in told] == []


PAPERS = sorted({*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")})


@pytest.mark.parametrize("paper", PAPERS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_leads_somewhere(paper: Path) -> None:
    links = re.findall(r"\]\(([^)#\s]+)[^)]*\)", paper.read_text(encoding="utf-8"))
    assert [to for to in links if "://" not in to and not (paper.parent / to).exists()] == []


def test_every_page_is_reached_from_the_readme() -> None:
    reached, ahead = set(), [ROOT / "README.md"]
    while ahead:
        paper = ahead.pop().resolve()
        if paper in reached or paper.suffix != ".md" or not paper.is_file():
            continue
        reached.add(paper)
        ahead += [paper.parent / to for to in re.findall(r"\]\(([^)#\s]+)", paper.read_text(encoding="utf-8"))]
    assert [str(each.relative_to(ROOT)) for each in PAPERS if each not in reached] == []


def test_every_command_of_the_make_file_is_told_and_every_one_that_is_told_exists() -> None:
    known = set(re.findall(r"^([a-z]+):.*## ", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    text = "\n".join(paper.read_text(encoding="utf-8") for paper in PAPERS)
    assert {"demo", "test", "battery"} <= known
    assert known - {"help", "lock", "clean"} == set(re.findall(r"(?:`|^|&& )make ([a-z]+)", text, re.MULTILINE))


def test_every_command_of_keyturn_is_told_and_every_one_that_is_told_exists() -> None:
    from keyturn.cli import COMMANDS

    text = "\n".join(paper.read_text(encoding="utf-8") for paper in PAPERS)
    named = set(re.findall(r"(?:`|^|^ +|bin/)keyturn ([a-z-]+)", text, re.MULTILINE))
    assert named == set(COMMANDS)


def test_every_call_of_a_cis_is_told_as_it_is() -> None:
    from keyturn.terms.cis import OPERATIONS

    page = (ROOT / "docs/howto/connect-a-cis.md").read_text(encoding="utf-8")
    for name, each in OPERATIONS.items():
        raises = ", ".join(f"`{one}`" for one in sorted(kind.__name__ for kind in each.raises))
        assert f"| `{name}` | {each.repeat} | {each.unknown} | {raises} |" in page
