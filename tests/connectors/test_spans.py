"""Does every day keep what was said of it last?"""

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from keyturn.connectors.cis.reference.spans import DAY, Span, lay

START = date(2026, 1, 1)
days = st.integers(0, 30).map(lambda n: START + timedelta(n))
spoken = st.lists(st.tuples(days, st.none() | st.integers(0, 10), st.sampled_from(["a", "b", "c", None])), max_size=8)


@given(spoken, st.booleans())
def test_a_day_keeps_what_was_said_of_it_last(spoken, with_usual):
    """Against the plainest model there is: one value for each day."""
    span = [START + timedelta(n) for n in range(-2, 60)]
    model = dict.fromkeys(span, "usual" if with_usual else None)
    held = [Span(None, None, "usual")] if with_usual else []
    for first, length, value in spoken:
        last = None if length is None else first + timedelta(length)
        held = lay(held, first, last, value)
        model |= {day: value for day in span if day >= first and (last is None or day <= last)}
        assert {day: next((each.value for each in held if each.covers(day)), None) for day in span} == model
        assert all(sum(each.covers(day) for each in held) <= 1 for day in span)
        again = lay(held, first, last, value)
        assert again == held, "said twice, it changed something"


def test_neighbours_with_one_value_are_one():
    held = lay([Span(None, START, "a")], START + DAY, None, "a")
    assert held == [Span(None, None, "a")]
