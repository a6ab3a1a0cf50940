"""Does somebody who proves that an account is theirs get it, and is everybody told who must know?"""

import pytest

from keyturn import flow
from keyturn.records.models import AccountAccess, Act, ClaimCode, Message, RedFlag
from keyturn.terms.errors import Invalid, NotAllowed
from tests.flow.at_home import Customer
from tests.flow.claiming import Claim, Home, a_login, days, letter_codes, mail_codes, text_codes
from tests.flow.town import COMPLETED, IN_REVIEW, NEEDS_CUSTOMER, Town


@pytest.fixture
def home(town: Town) -> Home:
    return Home(town)


class TestACodeBySms:
    @pytest.mark.rule("Y-25", "M-20", "M-21")
    def test_gives_the_account_to_who_enters_it(self, town: Town, home: Home) -> None:
        ana = a_login()
        claim = home.claimed_by(ana)
        assert claim.status == NEEDS_CUSTOMER
        claim.proves(text_codes(town)[-1])
        assert claim.status == COMPLETED
        access = AccountAccess.objects.get(user=ana)
        assert (access.level, access.capacity, access.proof, access.person) == ("owner", "self", "sms", home.person)

    def test_goes_to_the_number_on_file(self, town: Town, home: Home) -> None:
        home.claimed_by(a_login())
        assert len(town.texts()) == 1
        assert "+15035550142" in town.texts()[0]
