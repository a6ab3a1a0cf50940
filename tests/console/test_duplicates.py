"""Do staff see who may be on file twice, enough of both to decide, and does their word hold?"""

from collections.abc import Callable
from dataclasses import replace

import pytest

from keyturn.records.models import DuplicatePair, NotSamePerson, Person, PersonMerge
from keyturn.records.queries import duplicates
from keyturn.terms.address import Address
from keyturn.terms.person import Identifier
from tests import factories
from tests.console.desk import Desk
from tests.console.test_seeing import ON_FILE
from tests.flow.town import ANA, Town

LUMEN = Address("12 Birch Avenue", "", "Lumen", "OR", "97890")


@pytest.fixture
def two(town: Town, rosa: Desk) -> tuple[Person, Person]:
    """Anna of Millbrook with an account and a login, Ana of Lumen with none."""
    anna = town.serves(ON_FILE, town.house(), balance="42.10")
    factories.a_login("anna.signs.in@example.com", account=anna.accounts.get().account, person=anna)
    return anna, town.knows(replace(ANA, addresses=(LUMEN,), identifiers=(Identifier("passport", "P5554567"),)))


@pytest.fixture
def pair(two: tuple[Person, Person]) -> DuplicatePair:
    return factories.a_pair(*two)


def page_of(pair: DuplicatePair) -> str:
    return f"/console/duplicates/{pair.pk}"


def decides(rosa: Desk, pair: DuplicatePair, decision: str, **fields: str) -> Desk:
    return rosa.posts(f"{page_of(pair)}/decide", decision=decision, **fields)


class TestTheList:
    def test_tells_the_two_apart_by_city_and_accounts(self, rosa: Desk, pair: DuplicatePair) -> None:
        rosa.opens("/console/duplicates").sees(
            "Anna Zelenko", "Ana Zelenko", "Millbrook · 1 account", "Lumen · 0 accounts"
        )
        rosa.sees("+11.5", "Search of everything", "3 days ago", "1 pair to decide")

    def test_has_the_likeliest_first_and_is_filtered(self, rosa: Desk, town: Town, pair: DuplicatePair) -> None:
        third = town.knows(replace(ANA, given_name="Anouk", identifiers=()))
        factories.a_pair(pair.one, third, weight=20.0, source="import")
        rosa.opens("/console/duplicates")
        assert rosa.text.index("+20.0") < rosa.text.index("+11.5")
        rosa.opens("/console/duplicates", source="import").sees("+20.0")
        assert "+11.5" not in rosa.text
        rosa.opens("/console/duplicates", tab="held").sees("Nothing waits behind the open pairs.")

    def test_bears_whatever_stands_in_the_address(self, rosa: Desk, pair: DuplicatePair) -> None:
        for text in ("nonsense", "nan:nan", "<script>", "9" * 200):
            assert rosa.opens("/console/duplicates", tab=text, source=text, after=text).status == 200

    def test_goes_on_on_a_next_page(self, rosa: Desk, town: Town, two: tuple[Person, Person]) -> None:
        for number in range(26):
            other = factories.a_person(replace(ANA, given_name=f"Ana{number}", identifiers=()), in_cis=False)
            factories.a_pair(two[0], other, weight=float(number))
        rosa.opens("/console/duplicates")
        assert rosa.text.count("Search of everything") == 26  # the filter has one
        onwards = rosa.html.partition('rel="next" href="')[2].partition('"')[0].replace("&amp;", "&")
        rosa.opens(onwards).sees("Ana0 Zelenko")
        assert rosa.text.count("Search of everything") == 2

    def test_is_a_tab_of_the_queue(self, rosa: Desk, pair: DuplicatePair) -> None:
        rosa.opens("/console").sees("Duplicates 1")

    def test_leads_to_the_next_pair_and_round_again_when_all_were_skipped(
        self, rosa: Desk, town: Town, pair: DuplicatePair
    ) -> None:
        other = factories.a_pair(pair.one, town.knows(replace(ANA, given_name="Anouk", identifiers=())), weight=3.0)
        first = rosa.posts("/console/duplicates/next").at
        second = rosa.posts("/console/duplicates/next", skip=first.rpartition("/")[2]).at
        assert {first, second} == {page_of(pair), page_of(other)}
        assert rosa.posts("/console/duplicates/next", skip=second.rpartition("/")[2]).at == first
        assert rosa.posts("/console/duplicates/next", skip="nonsense").status == 200


class TestThePair:
    def test_shows_both_with_their_differences_accounts_and_logins(self, rosa: Desk, pair: DuplicatePair) -> None:
        rosa.opens(page_of(pair)).sees("1985-03-27", "1985-03-28", "ana@example.com", "old@example.com")
        rosa.sees("anna.signs.in@example.com", "Balance $42.10", "12 Birch Avenue")
        assert '1985-03-2<mark class="kc-mark">' in rosa.html

    def test_shows_the_picture_and_keeps_the_proposal_folded(self, rosa: Desk, pair: DuplicatePair) -> None:
        rosa.opens(page_of(pair)).sees("For +13.0", "Against −1.5", "Family name +9.0", "One household")
        rosa.sees("Not compared, because one side or both did not give it: Phone.")
        assert "%" not in rosa.text[: rosa.text.index("What the matcher proposes")]

    def test_shows_identifiers_only_masked(self, rosa: Desk, pair: DuplicatePair) -> None:
        rosa.opens(page_of(pair)).sees("••••4567").sees_nothing_of("D1234567")

    def test_hides_an_address_that_is_kept_secret(
        self, desk: Callable[..., Desk], pair: DuplicatePair, two: tuple[Person, Person]
    ) -> None:
        two[1].flags = ["protected_address"]
        two[1].save()
        for reader in (desk("paul"), desk("sofia", role="supervisor")):
            reader.opens(page_of(pair)).sees("Protected: not shown").sees_nothing_of("Birch")
            reader.opens("/console/duplicates").sees("Protected address").sees_nothing_of("Lumen")

    def test_names_other_files_that_may_be_theirs(self, rosa: Desk, town: Town, pair: DuplicatePair) -> None:
        factories.a_pair(pair.one, town.knows(replace(ANA, given_name="Anouk", identifiers=())), state="held")
        rosa.opens(page_of(pair)).sees("Perhaps there are more files of them", "Anouk Zelenko")

    def test_bears_what_a_newer_matcher_no_longer_knows(self, rosa: Desk, pair: DuplicatePair) -> None:
        DuplicatePair.objects.update(
            fields=[{"field": "aura", "level": "green", "weight": 2.0}], vetoes=["bad_hair_day"], why=["telepathy"]
        )
        assert rosa.opens(page_of(pair)).status == 200
        rosa.sees("bad hair day", "telepathy")


class TestTheWord:
    def test_that_they_are_two_is_remembered_and_the_next_pair_opens(
        self, rosa: Desk, town: Town, pair: DuplicatePair
    ) -> None:
        other = factories.a_pair(pair.one, town.knows(replace(ANA, given_name="Anouk", identifiers=())))
        decides(rosa, pair, "not_same").sees("They are two.")
        assert rosa.at == page_of(other)
        said = NotSamePerson.objects.get()
        assert (said.relation, said.said_by) == ("", f"staff:{rosa.user.pk}")
        assert duplicates.get(pair.pk).state == "not_same"  # type: ignore[union-attr]

    def test_that_they_belong_together_says_how(self, rosa: Desk, pair: DuplicatePair) -> None:
        decides(rosa, pair, "related", relation="twin")
        assert NotSamePerson.objects.get().relation == "twin"
        rosa.opens(page_of(pair)).sees("Not the same person as", "(perhaps twins): rosa,")

    @pytest.mark.parametrize(
        ("fields", "says"),
        [
            ({"decision": "related"}, "Choose how they belong together."),
            ({"decision": "related", "relation": "enemies"}, "Choose how they belong together."),
            ({"decision": ""}, "Choose what to do."),
            ({"decision": "destroy"}, "Choose what to do."),
        ],
    )
    def test_that_is_not_whole_is_asked_for_and_the_choice_stays(
        self, rosa: Desk, pair: DuplicatePair, fields: dict[str, str], says: str
    ) -> None:
        assert decides(rosa, pair, **fields).sees(says).status == 422
        assert ('value="related" checked' in rosa.html) == (fields["decision"] == "related")
        assert not NotSamePerson.objects.exists()

    def test_pressed_twice_is_one(self, rosa: Desk, pair: DuplicatePair) -> None:
        decides(rosa, pair, "not_same")
        decides(rosa, pair, "not_same").sees("They are two.")
        assert NotSamePerson.objects.count() == 1

    def test_comes_too_late_after_a_colleague(self, rosa: Desk, desk: Callable[..., Desk], pair: DuplicatePair) -> None:
        decides(desk("paul"), pair, "not_same")
        assert decides(rosa, pair, "related", relation="twin").status == 409
        rosa.sees("Nothing was done: this pair was decided meanwhile.", "paul")
        assert NotSamePerson.objects.get().relation == ""

    def test_about_ones_own_file_is_a_colleagues(self, rosa: Desk, pair: DuplicatePair) -> None:
        rosa.user.email = "ana@example.com"
        rosa.user.save()
        assert decides(rosa, pair, "not_same").sees("One of these files is your own").status == 409
        assert not NotSamePerson.objects.exists()

    def test_that_they_are_one_leads_to_the_merge_the_living_account_stays(
        self, rosa: Desk, pair: DuplicatePair, two: tuple[Person, Person]
    ) -> None:
        rosa.opens(page_of(pair))
        decides(rosa, pair, "merge", survivor=rosa.hidden("survivor"))
        assert rosa.at == f"/console/persons/{two[0].pk}/merge/{two[1].pk}"
        assert decides(rosa, pair, "merge", survivor="nonsense").status == 200
        assert not PersonMerge.objects.exists()

    def test_is_taken_back_on_the_person_s_page(
        self, rosa: Desk, pair: DuplicatePair, two: tuple[Person, Person]
    ) -> None:
        decides(rosa, pair, "related", relation="household")
        path = f"/console/persons/{two[0].pk}"
        rosa.opens(path).sees("Not the same as", "Ana Zelenko", "One household")
        rosa.posts(f"{path}/apart/{two[1].pk}/take-back").sees("Taken back.")
        assert "Not the same as" not in rosa.text
        assert NotSamePerson.objects.get().withdrawn_by == f"staff:{rosa.user.pk}"
        rosa.posts(f"{path}/apart/{two[1].pk}/take-back").sees("That was taken back already.")
