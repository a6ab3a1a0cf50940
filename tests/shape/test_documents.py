"""Are the pages that are made from the code the ones that the code makes today?"""

import runpy
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = runpy.run_path(str(ROOT / "docs" / "make.py"))["PAGES"]


@pytest.mark.parametrize("name", PAGES)
def test_a_page_made_from_the_code_is_up_to_date(name: str) -> None:
    assert (ROOT / name).read_text(encoding="utf-8") == PAGES[name](), "run `make docs`"


def test_every_box_of_the_process_leads_to_its_folder() -> None:
    import re

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
    import re

    settings = (ROOT / "keyturn/site/settings.py").read_text(encoding="utf-8")
    asked = set(re.findall(r'env\.\w+\("([A-Z_]+)"', settings))
    asked |= set(re.findall(r'env\.\w+\(env\.text\("([A-Z_]+)"', settings))
    told = (ROOT / "docs/howto/install.md").read_text(encoding="utf-8")
    assert len(asked) > 15
    assert [name for name in sorted(asked) if f"`{name}`" not in told] == []
