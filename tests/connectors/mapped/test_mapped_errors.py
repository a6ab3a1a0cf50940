"""Which rule of the file says what a failure means, where some of them cannot be tried on its page?"""

import pytest

from keyturn.connectors.cis.contract_kit import newcomer_at
from keyturn.connectors.cis.mapped.loading import load
from keyturn.connectors.cis.mapped.table import MappingError
from keyturn.terms.errors import InDoubt, Rejected, Unavailable
from tests.connectors.mapped.small_cis import SMALL, on_write

FIRST = '[[errors]]\nwhen = "status == `404`"'
WORDS = """[[errors]]
when = "contains(body.message, 'already there')"
means = "done"

[[errors]]
when = "body.kind == code('service', body.message || 'none')"
means = "nothing"

"""


@pytest.fixture
def picky(own):
    """Its first rule reads a message that not every page has, its second has a code for few of them."""
    return own((FIRST, WORDS + FIRST))


@pytest.mark.parametrize("page", [b"", b"{}", b'{"message": 7}', b'{"message": "not today"}'])
def test_a_rule_that_cannot_be_tried_leaves_it_to_those_behind_it(picky, server, page):
    server.says = on_write((429, page))
    with pytest.raises(Unavailable, match="cis_says_later"):
        picky.send(newcomer_at("P"), key="k")


def test_a_refusal_behind_it_is_a_refusal(picky, server):
    server.says = on_write((422, b'{"code": "premise_occupied"}'))
    with pytest.raises(Rejected, match="premise_occupied"):
        picky.send(newcomer_at("P"), key="k")


@pytest.mark.parametrize("page", [b"", b'{"message": "not today"}'])
def test_where_none_of_them_fits_nobody_knows(picky, server, page):
    server.says = on_write((500, page))
    with pytest.raises(InDoubt, match="cis_failed"):
        picky.send(newcomer_at("P"), key="k")


def test_a_rule_that_holds_is_a_refusal_also_where_its_word_cannot_be_read(own, server):
    cis = own(('code = "body.code"', "code = \"split(join('', body.code), ':')[1]\""))
    server.says = on_write((422, b'{"code": null}'))
    with pytest.raises(Rejected, match="against_the_rules"):
        cis.send(newcomer_at("P"), key="k")


def test_a_rule_for_any_page_does_not_hide_behind_one_that_cannot_be_tried(tmp_path):
    path = tmp_path / "cis.toml"
    path.write_text(SMALL.read_text().replace(FIRST, WORDS + FIRST).replace("status == `422`", "status >= `400`"))
    with pytest.raises(MappingError, match="take any page with the status 500 for 'rejected'"):
        load(path)
