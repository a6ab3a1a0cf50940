"""Does every list say where the rest of it is, however long it has become?"""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from django.utils import timezone

from keyturn.console import operations, paging
from keyturn.flow import outside
from keyturn.records.models import PersonMerge, RedFlag
from keyturn.records.queries import console
from tests import factories
from tests.console.desk import Desk
from tests.console.test_queue import like, waits
from tests.flow.town import ANA, BEN, Town


def pages(desk: Desk, address: str, pattern: str) -> list[str]:
    """What stands on the page and all behind it."""
    found: list[str] = []
    onwards: str | None = address
    while onwards:
        found += re.findall(pattern, desk.opens(onwards).html)
        link = re.search(r'rel="next" href="([^"]+)"', desk.html)
        onwards = link and link.group(1).replace("&amp;", "&")
    return found


@pytest.mark.parametrize("state", ["open", "decided"])
def test_every_case_is_reached(rosa: Desk, state: str) -> None:
    kept = {"open": {}, "decided": {"state": "harmless", "decided_by": "staff:7", "decided_at": timezone.now()}}[state]
    cases = RedFlag.objects.bulk_create(
        RedFlag(trigger="D-26", opened_at=timezone.now() - timedelta(days=at), **kept) for at in range(60)
    )
    found = pages(rosa, f"/console/cases?state={state}", r'<h2 id="case-([^"]+)"')
    assert (len(found), set(found)) == (60, {str(each.pk) for each in cases})
    rosa.sees("51–60 of 60")


def test_a_case_with_a_mistake_stands_on_the_page_that_says_so(rosa: Desk) -> None:
    cases = RedFlag.objects.bulk_create(RedFlag(trigger="D-26", opened_at=timezone.now()) for _ in range(102))
    for each in (cases[0], cases[-1]):
        rosa.posts(f"/console/cases/{each.pk}", verdict="harmless", note="no")
        assert rosa.status == 422
        assert f'id="note-{each.pk}"' in rosa.html and ">no</textarea>" in rosa.html


def test_every_merge_that_waits_is_reached(rosa: Desk, town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paging, "PAGE", 2)
    for row in like(waits(town, "Abe"), 5, journey="merge_persons"):
        two = [factories.a_person(replace(ANA, identifiers=()), in_cis=False) for _ in range(2)]
        PersonMerge.objects.create(
            request=row, survivor=two[0], loser=two[1], proposed_by="staff:7", proposed_at=timezone.now()
        )
    assert len(set(pages(rosa, "/console/merges", r'href="/console/merges/([0-9a-f-]+)"'))) == 5
    rosa.sees("5–5 of 5")


class TestTheSearch:
    def test_says_that_more_fit(self, rosa: Desk, town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(console, "MOST_FOUND", 1)
        for given in ("Abe", "Bela"):
            waits(town, given)
        rosa.posts("/console/search", q="zelenko").sees("There are more. Add another word.")
        assert len(rosa.rows) == 1

    def test_says_that_older_ones_were_not_looked_through(
        self, rosa: Desk, town: Town, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(console, "MOST_SEARCHED", 2)
        for given in ("Abe", "Bela", "Cleo"):
            waits(town, given)
        says = ("Names were looked for in the newest 2 requests.", "by its whole reference")
        rosa.posts("/console/search", q="cleo").sees("Cleo Zelenko", *says)
        rosa.posts("/console/search", q="abe").sees("No request fits.", *says)
        monkeypatch.setattr(console, "MOST_SEARCHED", 3)
        rosa.posts("/console/search", q="dora").sees_nothing_of("were looked for in the newest")


def test_every_delivery_that_somebody_must_look_at_is_reached(
    desk: Callable[..., Desk], town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    emil = desk("emil", role="engineer")
    monkeypatch.setattr(paging, "PAGE", 1)
    town.policy_says(cis_tries=1)
    town.cis_is(script=[{"fault": "refuses"}] * 2)
    both = {town.moves_in(each).request.reference for each in (ANA, BEN)}
    found = pages(emil, "/console/operations", r'href="/console/requests/(KT-[^"#]+)#delivery"')
    assert set(found) == both
    emil.sees("2–2 of 2")


def test_what_was_left_in_the_cis_says_how_many_more_there_are(
    desk: Callable[..., Desk], town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(operations, "LEFT_AT_MOST", 1)
    for who in (ANA, BEN):
        outside._after_the_end(town.moves_in(who).id, "left_in_cis", now=town.now, data={"code": "already_active"})
    desk("emil", role="engineer").opens("/console/operations").sees("Only the latest of these 2 stand here")
