"""Do staff judge links without being told what was decided, see how right they are, and can a supervisor stop them?"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise

import pytest
from django.contrib.sessions.models import Session
from django.utils import timezone

from keyturn.console import chart, links
from keyturn.matching.model import load
from keyturn.records.models import BlindReview, LinkSwitch, Person
from keyturn.records.queries.linking import Counted
from tests.console.desk import Desk
from tests.flow.town import ANA, BEN, Case, Town
from tests.flow.watching import judged

WHY = "The birth dates are of two generations."
BLIND = "/console/links/blind"


@pytest.fixture
def linked(town: Town, rosa: Desk) -> Case:
    """A request that the machine linked, to be looked at again."""
    town.policy_says(blind_review_share=1.0)
    town.knows(ANA)
    case = town.moves_in(ANA)
    assert BlindReview.objects.count() == 1
    return case


class TestLookingAgain:
    def test_shows_both_sides_and_nothing_of_what_was_decided(self, rosa: Desk, linked: Case) -> None:
        rosa.opens(BLIND).sees("Applicant", "Person on file", "Zelenko", "1985-03-27", "••••4567")
        rosa.sees_nothing_of(linked.request.reference, str(linked.request.person_id), "kc-scale", "D1234567", "%</dd>")
        for text in ("Speaks", "Linked", "proposes", "completed"):
            assert text not in rosa.text.partition("Is this one person?")[2]

    def test_is_counted_and_the_next_opens(self, rosa: Desk, linked: Case) -> None:
        review = rosa.opens(BLIND).hidden("review")
        rosa.posts(BLIND, review=review, decision="same").sees("Kept.", "Nothing waits for you.")
        said = BlindReview.objects.get()
        assert (said.verdict, said.decided_by) == ("same", f"staff:{rosa.user.pk}")

    @pytest.mark.rule("R-41")
    @pytest.mark.parametrize(
        ("fields", "says"),
        [
            ({"decision": "", "reason": WHY}, "Say whether this is the same person"),
            ({"decision": "other", "reason": "no"}, "Write what you compared"),
            ({"decision": "unsure", "reason": ""}, "Write what you compared"),
        ],
    )
    def test_asks_for_what_is_missing_and_keeps_the_rest(
        self, rosa: Desk, linked: Case, fields: dict[str, str], says: str
    ) -> None:
        review = rosa.opens(BLIND).hidden("review")
        assert rosa.posts(BLIND, review=review, **fields).sees(says).status == 422
        assert f">{fields['reason']}</textarea>" in rosa.html
        if fields["decision"]:
            assert f'value="{fields["decision"]}" checked' in rosa.html
        assert BlindReview.objects.get().verdict == ""

    def test_pressed_twice_is_once(self, rosa: Desk, linked: Case) -> None:
        review = rosa.opens(BLIND).hidden("review")
        rosa.posts(BLIND, review=review, decision="same")
        rosa.posts(BLIND, review=review, decision="other", reason=WHY).sees("That pair is decided.")
        assert BlindReview.objects.get().verdict == "same"

    @pytest.mark.parametrize("review", ["", "nonsense", "0199a5b0-0000-7000-8000-000000000000"])
    def test_of_nothing_is_nothing(self, rosa: Desk, linked: Case, review: str) -> None:
        rosa.posts(BLIND, review=review, decision="same").sees("That pair is not yours to judge.")

    def test_is_not_for_who_had_a_part_in_the_request(self, rosa: Desk, linked: Case) -> None:
        rosa.posts(rosa.address(linked, "identifier"), of="applicant", why="Caller reads it out to me")
        rosa.opens(BLIND).sees("Nothing waits for you.")

    def test_says_of_an_identifier_whether_the_whole_number_is_the_same(self, rosa: Desk, linked: Case) -> None:
        rosa.opens(BLIND)
        assert "Identifier Driver licence ••••4567 Driver licence ••••4567 Agrees" in rosa.text
        row = linked.request.person.identifiers.get()
        row.digest = "another"
        row.save()
        rosa.opens(BLIND).sees("The whole numbers are different, or of another kind.")

    def test_waits_when_the_session_ended_while_typing(self, rosa: Desk, linked: Case) -> None:
        rosa.user.set_password("correct horse battery staple")
        rosa.user.save()
        review = rosa.opens(BLIND).hidden("review")
        Session.objects.all().delete()
        rosa.posts(BLIND, review=review, decision="other", reason=WHY).sees("What you typed is kept")
        rosa.posts("/signin", login="rosa", password="correct horse battery staple", next=BLIND).sees(WHY)
        assert 'value="other" checked' in rosa.html

    @pytest.fixture
    def two(self, town: Town, rosa: Desk) -> tuple[str, str]:
        """The pair that would be shown next, and the one that Rosa had on her screen before colleagues judged others."""
        town.policy_says(blind_review_share=1.0)
        town.knows(ANA)
        other = town.knows(BEN)
        case = town.moves_in(ANA)
        decoy = BlindReview.objects.create(
            request_id=case.id, person=other, decoy=True, model_version="m", chosen_at=town.now
        )
        shown = rosa.opens(BLIND).hidden("review")
        before = BlindReview.objects.exclude(pk=shown).get()
        assert str(decoy.pk) in (shown, str(before.pk))
        return shown, str(before.pk)

    def test_a_verdict_that_lacks_its_reason_stays_with_its_pair(self, rosa: Desk, two: tuple[str, str]) -> None:
        rosa.posts(BLIND, review=two[1], decision="other", reason="").sees("Write what you compared")
        assert rosa.hidden("review") == two[1]
        assert 'value="other" checked' in rosa.html

    @pytest.mark.parametrize("meanwhile", ["nothing", "judged"])
    def test_what_was_typed_when_the_session_ended_is_of_its_pair_only(
        self, rosa: Desk, two: tuple[str, str], meanwhile: str
    ) -> None:
        rosa.user.set_password("correct horse battery staple")
        rosa.user.save()
        Session.objects.all().delete()
        rosa.posts(BLIND, review=two[1], decision="other", reason=WHY)
        if meanwhile == "judged":
            BlindReview.objects.filter(pk=two[1]).update(verdict="same", decided_by="staff:99")
        rosa.posts("/signin", login="rosa", password="correct horse battery staple", next=BLIND)
        assert rosa.hidden("review") == (two[1] if meanwhile == "nothing" else two[0])
        assert ('value="other" checked' in rosa.html, WHY in rosa.html) == (meanwhile == "nothing",) * 2


class TestThePage:
    def test_tells_precision_with_its_bounds_and_what_was_counted(self, rosa: Desk, town: Town) -> None:
        judged(town, right=39, wrong=1, unsure=2)
        low, high = Counted(right=39, wrong=1).bounds
        rosa.opens("/console/links").sees("Right, of those looked at again 97.5 %", "Could not be told 2", "Wrong 1")
        rosa.sees(f"between {links.share(low)} to {links.share(high)}")
        assert rosa.html.count('<circle class="kc-chart__point"') == 1

    def test_says_so_where_nothing_was_looked_at(self, rosa: Desk) -> None:
        rosa.opens("/console/links").sees("Nothing was linked or looked at again in these weeks.", "On")

    def test_speaks_spanish_with_numbers_that_a_drawing_understands(self, rosa: Desk, town: Town) -> None:
        judged(town, right=39, wrong=1)
        rosa.client.post("/language", {"language": "es", "next": "/console"})
        rosa.opens("/console/links")
        drawing = rosa.html.partition("<svg viewBox")[2].partition("</svg>")[0]
        assert not [each for each in drawing.split('"')[1::2] if "," in each]
        assert rosa.opens("/console/duplicates").status == 200

    def test_names_the_model_in_force_and_its_thresholds(self, desk: Callable[..., Desk], town: Town) -> None:
        model = load(town.policy.match_profile)
        emil = desk("emil", role="engineer").opens("/console/links")
        emil.sees(model.version, f"Links from {links.share(model.thresholds.link)}", "perhaps twins")

    @pytest.mark.parametrize(
        ("value", "shown"),
        [(None, "–"), (1.0, "100 %"), (0.0, "0 %"), (0.999, "99.9 %"), (0.99999, "99.99 %"), (0.9955, "99.55 %")],
    )
    def test_shows_nothing_below_a_hundred_as_a_hundred(self, value: float | None, shown: str) -> None:
        assert links.share(value) == shown


@dataclass
class Week:
    counted: Counted


class TestTheDrawing:
    def test_a_week_of_nothing_has_no_point(self) -> None:
        drawn = chart.drawn([Week(Counted())], floor=0.999, labels=["1"])
        assert drawn.points[0].y is None

    @pytest.mark.parametrize("weeks", [1, 7, 8, 13, 26])
    def test_the_newest_week_has_its_label(self, weeks: int) -> None:
        points = chart.drawn([Week(Counted())] * weeks, floor=0.999, labels=[""] * weeks).points
        assert points[-1].labelled
        assert sum(each.labelled for each in points) <= 7

    def test_each_nine_is_as_far_from_the_last(self) -> None:
        heights = [chart.height_of(each) for each in (0.0, 0.9, 0.99, 0.999, 0.9999)]
        steps = {round(one - other, 0) for one, other in pairwise(heights)}
        assert len(steps) == 1
        assert chart.height_of(1.0) == heights[-1]

    def test_the_bounds_lie_around_the_point(self) -> None:
        point = chart.drawn([Week(Counted(right=199, wrong=1))], floor=0.999, labels=["1"]).points[0]
        assert point.high < point.y < point.low  # type: ignore[operator]
        assert not point.never_wrong
        assert chart.drawn([Week(Counted(right=9))], floor=0.999, labels=["1"]).points[0].never_wrong


class TestTheSwitch:
    @pytest.fixture
    def sofia(self, desk: Callable[..., Desk]) -> Desk:
        return desk("sofia", role="supervisor")

    def switches(self, who: Desk, on: str, reason: str = "Two wrong links on one day.") -> Desk:
        return who.posts("/console/links/switch", on=on, reason=reason)

    def test_is_turned_off_and_on_by_a_supervisor_with_a_reason(self, sofia: Desk) -> None:
        self.switches(sofia, "no").sees("The machine makes no links", "The machine links nobody now", "sofia")
        sofia.sees("Two wrong links on one day.")
        self.switches(sofia, "yes", "The nickname list was put right.").sees("The machine makes links again.")
        assert [each.on for each in LinkSwitch.objects.order_by("id")] == [False, True]

    @pytest.mark.rule("R-43")
    def test_needs_a_reason_and_keeps_what_was_typed(self, sofia: Desk) -> None:
        assert self.switches(sofia, "no", "so").status == 422
        assert ">so</textarea>" in sofia.html
        assert not LinkSwitch.objects.exists()

    def test_pressed_twice_is_once(self, sofia: Desk) -> None:
        self.switches(sofia, "no")
        self.switches(sofia, "no").sees("That is how it stands already.")
        assert LinkSwitch.objects.count() == 1

    def test_of_who_is_no_supervisor_is_only_shown(self, rosa: Desk) -> None:
        rosa.opens("/console/links").sees("Supervisors turn it on and off.").sees_nothing_of('name="on"')

    def test_that_is_off_stands_above_the_queue(self, rosa: Desk, sofia: Desk) -> None:
        assert "switched off" not in rosa.opens("/console").text
        self.switches(sofia, "no")
        rosa.opens("/console").sees("Automatic links are switched off: more requests come to you.")

    def test_that_the_utility_has_set_is_not_switched_here(self, sofia: Desk, town: Town) -> None:
        town.policy_says(link_automatically=False)
        sofia.opens("/console").sees("The machine links nobody: so the utility has set it.")
        sofia.opens("/console/links").sees("link nobody automatically").sees_nothing_of('name="on"')

    def test_that_the_machine_pressed_says_how_many_were_wrong(self, rosa: Desk) -> None:
        LinkSwitch.objects.create(
            at=timezone.now(), on=False, by="machine", why="precision_fell", sampled=40, wrong=2
        )  # fmt: skip
        rosa.opens("/console/links").sees(
            "Too many of the links that were looked at again were wrong.", "2 of 40", "Keyturn"
        )


def test_what_was_long_ago_is_not_counted(rosa: Desk, town: Town) -> None:
    judged(town, right=3)
    BlindReview.objects.update(decided_at=timezone.now() - timedelta(days=200))
    rosa.opens("/console/links").sees("Links looked at again 0")
    assert Person.objects.exists()
