"""Which parts does the run have, and what does each put into the table?"""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.progress import Progress

from bench.matching import (
    baselines,
    calibration,
    fairness,
    febrl,
    forced,
    lookalikes,
    plots,
    pseudo,
    retrieval,
    table,
    throughput,
)
from bench.matching.calibration import Shown
from bench.matching.lookalikes import Outcome
from bench.matching.registry import real_database
from bench.matching.table import Part, Row, held
from keyturn.matching import load


@dataclass(frozen=True)
class Options:
    """What was asked for on the command line. `folder` takes the plots."""

    seeds: int
    persons: int
    each: int
    probes: int
    folder: Path


WITH_NUMBERS = "FEBRL3, with its identifiers"


def febrl_part(options: Options, progress: Progress) -> Part:
    """FEBRL4 without the social security number, FEBRL3 without and with it, pairwise."""
    truth3 = febrl.febrl3_truth()
    arms = {
        "FEBRL4, no SSN": {"Keyturn": febrl.keyturn4, "recordlinkage ECM": lambda: baselines.ecm(link=True), "Splink": baselines.splink4},
        "FEBRL3, no SSN": {"Keyturn": febrl.keyturn3, "Keyturn, weights learnt on the file": febrl.learnt3,
                           "recordlinkage ECM": lambda: baselines.ecm(link=False), "Splink": baselines.splink3},
        WITH_NUMBERS: {"Keyturn": lambda: febrl.keyturn3(identifiers=True),
                       "Keyturn, weights learnt on the file": lambda: febrl.learnt3(identifiers=True),
                       "recordlinkage ECM": lambda: baselines.ecm(link=False, identifiers=True),
                       "Splink": lambda: baselines.splink3(identifiers=True)},
    }  # fmt: skip
    task = progress.add_task("FEBRL 3 and 4", total=sum(map(len, arms.values())))
    found: dict[str, dict[str, febrl.Result]] = {}
    for name, finders in arms.items():
        found[name] = {}
        for arm, find in finders.items():
            found[name][arm] = febrl.timed(find, truth3 if "FEBRL3" in name else febrl.febrl4_truth())
            progress.advance(task)
    rows = []
    for name, goal in (("FEBRL4, no SSN", ">= 0.9990"), ("FEBRL3, no SSN", ">= 0.9994"), (WITH_NUMBERS, ">= 0.9994")):
        ours, ecm, splink = (found[name][arm] for arm in ("Keyturn", "recordlinkage ECM", "Splink"))
        beside = f"ECM {ecm.f1:.4f} ({ecm.false} false); Splink {splink.f1:.4f} ({splink.false} false)"
        rows.append(held(name, "pairwise F1", ours.f1, goal, as_text=table.share, beside=beside))
        rows.append(held(name, "false pairs", ours.false, "= 0", as_text=table.count))
    for name in ("FEBRL3, no SSN", WITH_NUMBERS):
        own = found[name]["Keyturn, weights learnt on the file"]
        said = f"F1 with weights learnt on the file, as the others' ({own.false} false)"
        rows.append(held(name, said, own.f1, ">= 0.9994", as_text=table.share))
    lines = [
        [name, arm, f"{each.f1:.4f}", each.right, each.false, each.missed, f"{each.seconds:.1f}"]
        for name, arms in found.items()
        for arm, each in arms.items()
    ]
    return Part("febrl", rows, table.markdown(["file", "by", "F1", "right", "false", "missed", "seconds"], lines))


def pseudo_part(options: Options, progress: Progress) -> Part:
    """pseudopeople 2020 -> 2030, with calibration and fairness on the same searches."""
    results = pseudo.run_all(pseudo.SEEDS[: options.seeds], progress=progress)
    task = progress.add_task("Splink on the first seed", total=1)
    batch = pseudo.splink(pseudo.SEEDS[0])
    progress.advance(task)
    name = f"pseudopeople 2020 -> 2030, online, {len(results)} seeds"
    mean = statistics.mean
    review = mean(100 * each.review / each.asked for each in results)
    review_known = mean(100 * each.review_known / each.known for each in results)
    rows = [
        held(name, "wrong links, all seeds", sum(each.wrong for each in results), "= 0", as_text=table.count,
             beside=f"Splink in one batch, one-to-one, one seed: {batch.wrong}"),
        held(name, "review, of all who ask (mean)", review, "<= 4 %", as_text=table.percent,
             beside=f"Splink {100 * batch.review / batch.asked:.2f} %"),
        Row(name, "of these, what the policy asks for (mean)", table.percent(
            mean(100 * forced.by_policy(each.reviews) / each.asked for each in results))),
        Row(name, "review, of those on file (mean)", table.percent(review_known)),
        held(name, "missed, of those on file (mean)", mean(100 * each.missed / each.known for each in results), "<= 0.3 %",
             as_text=table.percent, beside=f"Splink {100 * batch.missed / batch.known:.2f} %"),
        Row(name, "linked, of those on file (mean)", table.percent(mean(100 * each.links / each.known for each in results))),
        calibration.row(_candidates(results), "worst decile, every candidate shown"),
        fairness.row(results),
    ]  # fmt: skip
    model, best = load(), [each for each in _candidates(results) if each.is_best]
    folder = options.folder
    pictures = {
        plots.zones(best, sum(each.known for each in results), folder / "matching-zones.svg",
                    link=model.thresholds.link, review=model.thresholds.review): "Precision and recall over the weight",
        plots.reliability({"every candidate": _candidates(results), "the best of each search": best},
                          folder / "matching-calibration.svg"): "What was said, and what was true",
        plots.bars(fairness.groups(results)[0], folder / "matching-fairness.svg"): "Found again, by origin of name",
    }  # fmt: skip
    details = "\n\n".join(
        [_seeds(results), "Splink, seed 101, all at once and one-to-one: "
         f"{batch.links} links, {batch.wrong} of them wrong, {batch.review} for review, {batch.missed} of {batch.known} missed,"
         f" {batch.seconds:.0f} s.",
         "### Why a human looks\n\n" + forced.details([each.reviews for each in results], sum(each.asked for each in results)),
         "### Calibration\n\nEvery candidate of every search.\n\n" + calibration.details(_candidates(results)),
         "The best candidate of each search.\n\n" + calibration.details(best),
         "### Fairness\n\n" + fairness.details(results)]
    )  # fmt: skip
    return Part("pseudopeople", rows, details, pictures)


def _candidates(results: Sequence[pseudo.Result]) -> list[Shown]:
    return [candidate for each in results for candidate in each.shown]


def _seeds(results: Sequence[pseudo.Result]) -> str:
    return table.markdown(
        ["seed", "asked", "on file", "linked", "wrong", "for review", "review, of all", "of those on file", "missed",
         "of those, not among the candidates", "searches/s"],
        [
            [each.seed, f"{each.asked:,}", f"{each.known:,}", f"{each.links:,}", each.wrong, each.review,
             f"{100 * each.review / each.asked:.2f} %", f"{100 * each.review_known / each.known:.2f} %",
             f"{each.missed} ({100 * each.missed / each.known:.2f} %)", each.not_retrieved,
             f"{each.asked / each.seconds:.0f}"]
            for each in results
        ],
    )  # fmt: skip


def lookalikes_part(options: Options, progress: Progress) -> Part:
    """Hard negatives, and customers who come back, in one registry."""
    others, returning = lookalikes.run(each=options.each, seed=2030, progress=progress)
    negatives, returns = lookalikes.totals(others), lookalikes.totals(returning)
    name = f"look-alikes, {len(others)} kinds, {options.each:,} each"
    shown = 100 * negatives["shown"] / negatives["asked"]
    worst = min(others, key=lambda kind: others[kind].shown)
    found = 100 * returns["found"] / returns["asked"]
    rows = [
        held(name, f"linked, of {negatives['asked']:,}", negatives["linked"], "= 0", as_text=table.count,
             beside="a model perfect on FEBRL4 linked 99.7 % of twins"),
        held(name, "shown as related or for review", shown, ">= 95 %", as_text=table.percent,
             beside=f"least: {worst} {100 * others[worst].shown / others[worst].asked:.1f} %"),
        held("returning customers, same run", "found (linked or for review)", found, ">= 95 %", as_text=table.percent),
        held("returning customers, same run", "linked to somebody else", returns["wrong"], "= 0", as_text=table.count),
    ]  # fmt: skip
    model = load()
    kinds = {
        "the same person, changed": _weights(returning, best=True),
        "household (twin to sibling)": _weights({k: v for k, v in others.items() if k in _HOUSEHOLD}, best=True),
        "strangers (tenant, namesake)": _weights({k: v for k, v in others.items() if k not in _HOUSEHOLD}, best=True),
    }
    picture = plots.weights(
        kinds, options.folder / "matching-weights.svg", link=model.thresholds.link, review=model.thresholds.review
    )
    mixed = [shown for some in (others, returning) for each in some.values() for shown in each.candidates]
    details = "\n\n".join(
        [f"None linked of {negatives['asked']:,} means fewer than {300 / negatives['asked']:.3f} % at 95 % (3/n).",
         _others(others), _returning(returning),
         "Calibration on this mix (nine look-alikes for six customers who return: no registry is like that).\n\n"
         + calibration.details(mixed)]
    )  # fmt: skip
    return Part("lookalikes", rows, details, {picture: "Weights of the same, of relatives and of strangers"})


_HOUSEHOLD = ("twin", "Jr/Sr", "spouse", "child", "sibling")


def _weights(outcomes: dict[str, Outcome], *, best: bool) -> list[float]:
    return [each.weight for outcome in outcomes.values() for each in outcome.candidates if each.is_best or not best]


def _others(outcomes: dict[str, Outcome]) -> str:
    return table.markdown(
        ["somebody else", "asked", "linked", "for review", "shown"],
        [
            [kind, f"{each.asked:,}", each.linked, each.reviewed, f"{100 * each.shown / each.asked:.1f} %"]
            for kind, each in outcomes.items()
        ],
    )


def _returning(outcomes: dict[str, Outcome]) -> str:
    return table.markdown(
        ["the same, changed", "asked", "linked, with everything proved", "of those to somebody else", "found"],
        [
            [kind, f"{each.asked:,}", each.linked, each.wrong, f"{100 * each.found / each.asked:.1f} %"]
            for kind, each in outcomes.items()
        ],
    )


def registry_part(options: Options, progress: Progress) -> Part:
    """Retrieval and throughput in one real database; trigrams and Splink beside, up to a million."""
    people, probes = retrieval.known(), retrieval.sample(options.probes)
    million = options.persons <= 1_000_000
    with real_database(persons=options.persons) as url:
        town = pseudo.online(url, pseudo.SEEDS[0], progress=progress) if million else None
        loading = retrieval.fill(url, people, strangers=options.persons, progress=progress)
        weigh = retrieval.sizes(url)
        ours = retrieval.run(people, persons=options.persons, probes=probes, progress=progress)
        same = retrieval.same_transaction(url)
        rate = throughput.run()
        trigrams = None
        if million:
            trigrams = retrieval.trigrams(
                url, people, persons=options.persons, probes=probes[: max(50, options.probes // 10)], progress=progress
            )
    name = f"FEBRL4, no SSN, among {options.persons:,} others"
    beside = {"recall": "", "p50": "", "p99": ""}
    if trigrams:
        beside = {
            "recall": f"trigrams {trigrams.in_ten / trigrams.asked:.4f}",
            "p50": f"trigrams {trigrams.total.at(0.5):.0f} ms",
            "p99": f"trigrams {trigrams.total.at(0.99):.0f} ms",
        }
    rows = [
        held(name, "recall@10 of the candidates", ours.in_ten / ours.asked, ">= 0.999", as_text=table.share, beside=beside["recall"]),
        Row(name, "and among the ten that the decision ranks highest", f"{ours.kept / ours.asked:.4f}"),
        held(name, "candidates and decision, p50", ours.total.at(0.5), "<= 3 ms", as_text=table.milliseconds, beside=beside["p50"]),
        held(name, "candidates and decision, p99", ours.total.at(0.99), "<= 15 ms", as_text=table.milliseconds, beside=beside["p99"]),
        Row(name, "searchable in the same transaction", same, "yes", same == "yes"),
    ]  # fmt: skip
    splink = throughput.splink() if million else None
    rows.append(
        held(f"throughput at {options.persons:,}, 2 processes", "matches per second", rate.per_second, ">= 500",
             as_text=table.count, beside=f"Splink, one record among 5,000: {splink:.0f} ms" if splink else "")
    )  # fmt: skip
    if town:
        name = f"pseudopeople, seed {town.seed}, through PostgreSQL with locks"
        rows.append(held(name, "wrong links", town.wrong, "= 0", as_text=table.count))
        rows.append(
            Row(
                name,
                "review, of all; missed, of those on file",
                f"{100 * town.review / town.asked:.2f} %; {100 * town.missed / town.known:.2f} %",
            )
        )
    times = {"Keyturn": ours.total.values} | ({"trigrams": trigrams.total.values} if trigrams else {})
    picture = plots.latency(times, options.folder / f"matching-latency-{options.persons}.svg")
    details = table.markdown(
        ["part", "p50", "p99", "mean (ms)"],
        [
            [part, f"{each.at(0.5):.2f}", f"{each.at(0.99):.2f}", f"{each.mean:.2f}"]
            for part, each in {**ours.parts, "candidates and decision": ours.total}.items()
        ],
    )
    details += (
        f"\n\nCPU per search: {ours.client_cpu / ours.asked * 1000:.2f} ms in Python,"
        f" {ours.server_cpu / ours.asked * 1000:.2f} ms in PostgreSQL (the machine was shared: these say more than the times)."
        f" {ours.asked:,} searches; {ours.first:,} have the person as the first candidate, {ours.in_ten:,} among the first ten;"
        f" {ours.read / ours.asked:.1f} persons read and scored per search. Loading took {loading:,.0f} s; on disk with indexes:"
        f" {', '.join(f'{table_name} {size}' for table_name, size in weigh.items())}."
        f" Throughput: {rate.client_cpu / rate.matches * 1000:.2f} ms of CPU per match in Python."
    )
    return Part(
        f"registry-{options.persons}", rows, details, {picture: f"Milliseconds per search among {options.persons:,}"}
    )


PARTS = {"febrl": febrl_part, "pseudopeople": pseudo_part, "lookalikes": lookalikes_part, "registry": registry_part}
