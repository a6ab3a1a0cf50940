"""Does the benchmark of the path say what it measured?"""

from collections import Counter
from xml.etree import ElementTree

from bench import flame, parts, path
from bench.path import BARE, Cost

COSTS = [Cost(BARE, 0.3, 0.2, 1), Cost("accepted: x", 1.5, 0.5, 3), Cost("decided: a newcomer", 2, 1, 6), Cost("decided: somebody on file", 4, 2, 7)]  # fmt: skip


def test_each_stage_stands_beside_the_bare_view() -> None:
    assert "| accepted: x | 1.50 | 0.50 | 2.00 | 3.0 | 4.0 |" in path.table(COSTS)


def test_trips_that_nobody_counted_are_not_called_none() -> None:
    assert "| q | 1.00 | 1.00 | 2.00 | not counted | 4.0 |" in path.table([*COSTS, Cost("q", 1, 1, None)])


def test_a_sample_counts_for_the_innermost_function_that_belongs_to_a_part() -> None:
    view = ("django/core/handlers get_response", "keyturn/api/requests view")
    found = parts.shares(
        Counter({
            (*view, "decoder decode"): 2,
            (*view, "keyturn/flow/machine advance", "keyturn/matching/score score", "__init__ sqrt"): 3,
            (*view, "keyturn/flow/machine advance", "keyturn/records/prepared at_once", "psycopg/cursor execute"): 4,
            ("base_events run_once",): 1,
        })
    )  # fmt: skip
    assert {part.split()[0]: share for part, share in found.items()} == {
        "asking": 0.4, "matching": 0.3, "parsing": 0.2, "anything": 0.1,
    }  # fmt: skip


def test_what_two_cores_allow_is_computed_from_both_parts() -> None:
    assert path.per_second(COSTS, "accepted", "decided: a newcomer") == 400
    assert "250 requests a second of somebody on file" in path.summary(COSTS)
    assert "200 requests a second of somebody on file" in path.summary([*COSTS, Cost(path.QUEUE, 1, 1, None)])


def test_a_flame_graph_is_as_wide_as_its_samples() -> None:
    drawn = flame.svg(Counter({("a f", "b <lambda>"): 3, ("a f",): 1, ("c g",): 4}))
    boxes = {
        group[0].text: float(group[1].attrib["width"])
        for group in ElementTree.fromstring(drawn).findall("{http://www.w3.org/2000/svg}g")
    }
    assert boxes == {"a f: 50.0%": 800, "b <lambda>: 37.5%": 600, "c g: 50.0%": 800}


def test_what_uses_cpu_time_is_seen_below_whom_it_was_asked_for() -> None:
    def beneath() -> int:
        return sum(number * number for number in range(3_000_000))

    with flame.sampled(beneath="beneath") as stacks:
        beneath()
    assert stacks and all("genexpr" in stack[0] for stack in stacks if stack)
