"""Can staff at the desk see what a claim is about, and give somebody their account when they have seen a document?"""

from tests.console.desk import Desk
from tests.flow.claiming import Home, a_login, at_the_desk, opens_the_document, text_codes
from tests.flow.town import COMPLETED, IN_REVIEW, Town

WORDS = "The licence bears her name and the number on file."


def test_a_claim_shows_who_asks_which_account_and_the_document(town: Town, rosa: Desk) -> None:
    home = Home(town)
    claim = at_the_desk(home, a_login("somebody@example.org"))
    rosa.opens(claim)
    for words in ("Claim of an account", "somebody@example.org", "Ana Zelenko", "licence.jpg"):
        assert words in rosa.text
    assert str(home.account.ref) in rosa.text


def test_it_is_approved_by_who_has_opened_the_document_and_says_why(town: Town, rosa: Desk) -> None:
    home = Home(town)
    ana = a_login()
    claim = at_the_desk(home, ana)
    rosa.decides(claim, "approve", reason=WORDS)
    assert claim.status == IN_REVIEW
    assert "Open the customer" in rosa.text
    opens_the_document(claim, by=str(rosa.user.pk))
    rosa.decides(claim, "approve", reason="ok")
    assert claim.status == IN_REVIEW
    rosa.decides(claim, "approve", reason=WORDS)
    assert claim.status == COMPLETED
    assert home.has_access(ana)


def test_one_that_names_nobody_and_one_that_is_done_open_too(town: Town, rosa: Desk) -> None:
    home = Home(town)
    assert rosa.opens(at_the_desk(home, a_login(), account_number="777")).status == 200
    done = home.claimed_by(a_login())
    done.proves(text_codes(town)[-1])
    assert rosa.opens(done).status == 200
