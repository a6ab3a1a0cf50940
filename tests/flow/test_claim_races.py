"""What happens when one code is entered twice at the same moment?"""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection

from keyturn import flow
from keyturn.records.models import AccountAccess
from keyturn.terms.errors import NotAllowed
from tests.flow.claiming import Claim, Home, a_login, text_codes
from tests.flow.town import Town


@pytest.fixture
def open_town(transactional_db: None, town: Town) -> Town:
    """Commits are real, so that others see them."""
    town.loses_its_jobs()
    return town


def test_two_logins_and_two_windows_with_one_code_at_once_give_one_access(open_town: Town) -> None:
    home = Home(open_town)
    ana, thief = a_login(), a_login()
    hers, his = home.claimed_by(ana), home.claimed_by(thief)
    code, start = text_codes(open_town)[0], Barrier(6)

    def enters(claim: Claim) -> str:
        start.wait()
        try:
            problems = flow.try_claim_code(
                request_id=claim.id, code=code, client="192.0.2.1", actor=claim.actor, now=open_town.now,
                policy=open_town.policy,
            )  # fmt: skip
            return "wrong" if problems else "right"
        except NotAllowed:
            return "over"
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as windows:
        said = list(windows.map(enters, [hers, his, hers, his, hers, his]))
    open_town.works()
    assert sorted(said[0::2]) == ["over", "over", "right"]
    assert said[1::2] == ["wrong"] * 3
    assert [each.user for each in AccountAccess.objects.all()] == [ana]
    open_town.loses_its_jobs()
