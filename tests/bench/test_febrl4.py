"""Does the main job hold on data that nobody here wrote? The benchmark's CI size, through the real front door."""

import pytest

from bench import febrl4

COUNT = 60


@pytest.mark.parametrize("proved", [True, False], ids=["identifier and attested", "neither"])
def test_febrl4_links_nobody_wrongly_and_the_cis_holds_what_was_established(proved: bool) -> None:
    originals, duplicates = febrl4.people(COUNT, seed=1)
    result = febrl4.arm("test", originals, duplicates, proved=proved)
    assert result["requests"] == COUNT
    assert result["WRONG LINKS"] == 0
    assert result["in the CIS exactly what was established"] == "yes"
    assert result.get("nobody on file: new person", 0) >= COUNT // 10 - 2
    if proved:
        assert result["on file: linked"] > COUNT // 2
    else:
        assert "on file: linked" not in result
