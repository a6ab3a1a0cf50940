"""What do the numbers look like? Pictures for docs/results, with matplotlib."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from bench.matching import calibration, fairness
from bench.matching.calibration import Shown

INK, BLUE, RED, GREY, GREEN = "#0b0c0c", "#1d70b8", "#d4351c", "#b1b4b6", "#00703c"


def _figure(width: float = 7.0, height: float = 4.0) -> tuple[Any, Any]:
    import matplotlib

    matplotlib.use("Agg")
    matplotlib.rcParams.update(
        {
            "font.size": 10, "axes.edgecolor": INK, "axes.spines.top": False, "axes.spines.right": False,
            "svg.hashsalt": "keyturn", "savefig.bbox": "tight", "figure.facecolor": "white",
        }
    )  # fmt: skip
    from matplotlib import pyplot

    return pyplot.subplots(figsize=(width, height))


def _save(figure: Any, path: Path) -> str:
    from matplotlib import pyplot

    figure.savefig(path, dpi=110, metadata={"Software": None} if path.suffix == ".png" else {"Date": None})
    pyplot.close(figure)
    return path.name


def zones(candidates: Sequence[Shown], known: int, path: Path, *, link: float, review: float) -> str:
    """Precision and recall of the best candidate over the weight, with the model's two thresholds (probabilities)."""
    import numpy as np

    best = sorted((each for each in candidates if each.is_best), key=lambda each: -each.weight)
    right = np.cumsum([each.is_same for each in best])
    said = np.arange(1, len(best) + 1)
    weights = [each.weight for each in best]
    figure, axes = _figure()
    axes.plot(weights, 100 * right / said, color=BLUE, label="precision: of those over the weight, the right ones")
    axes.plot(weights, 100 * right / known, color=GREEN, label="recall: of those on file, found over the weight")
    for probability, name in ((link, "link"), (review, "review")):
        at = float(np.log2(probability / (1 - probability)))
        axes.axvline(at, color=GREY, linestyle="--")
        axes.text(at + 0.4, 3, name, color=INK)
    axes.set_xlim(-20, 40)
    axes.set_ylim(0, 101)
    axes.set_xlabel("weight of the best candidate (bits)")
    axes.set_ylabel("%")
    axes.legend(loc="lower left", frameon=False, bbox_to_anchor=(0.0, 1.0))
    return _save(figure, path)


def reliability(curves: Mapping[str, Sequence[Shown]], path: Path) -> str:
    figure, axes = _figure(5.2, 4.6)
    axes.plot([0, 100], [0, 100], color=GREY, linestyle="--")
    for (name, candidates), colour in zip(curves.items(), (BLUE, RED, GREEN), strict=False):
        found = [each for each in calibration.deciles(candidates) if each.count >= calibration.FEW]
        axes.plot(
            [100 * each.said for each in found], [100 * each.true for each in found], "o-", color=colour, label=name
        )
    axes.set_xlabel("said by the matcher (%)")
    axes.set_ylabel("were the person (%)")
    axes.legend(loc="upper left", frameon=False)
    return _save(figure, path)


def bars(groups: Sequence[fairness.Group], path: Path) -> str:
    """Recall per group; groups that are too small are pale."""
    figure, axes = _figure(7, 0.45 * len(groups) + 1)
    for place, each in enumerate(reversed(groups)):
        colour = BLUE if each.asked >= fairness.FEW else GREY
        axes.barh(place, 100 * each.found, color=colour)
        axes.text(100.05, place, f"{100 * each.found:.2f} %  of {each.asked:,}", va="center")
    axes.set_yticks(range(len(groups)), [each.name for each in reversed(groups)])
    axes.set_xlim(95, 100)
    axes.set_xlabel("found again: linked or for review (%; the axis begins at 95)")
    return _save(figure, path)


def latency(times: Mapping[str, Sequence[float]], path: Path) -> str:
    """Milliseconds per search, on a logarithmic axis."""
    import numpy as np

    figure, axes = _figure()
    everything = [value for values in times.values() for value in values]
    edges = np.geomspace(min(everything), max(everything), 60)
    for (name, values), colour in zip(times.items(), (BLUE, RED, GREEN), strict=False):
        axes.hist(
            values, bins=edges, weights=np.full(len(values), 100 / len(values)), alpha=0.7, color=colour, label=name
        )
    axes.set_xscale("log")
    axes.set_xlabel("milliseconds per search")
    axes.set_ylabel("% of searches")
    axes.legend(frameon=False)
    return _save(figure, path)


def weights(kinds: Mapping[str, Sequence[float]], path: Path, *, link: float, review: float) -> str:
    """How the weights of the same, of relatives and of strangers lie apart."""
    import numpy as np

    figure, axes = _figure(7, 4.4)
    edges = np.arange(-60, 61, 2)
    for (name, values), colour in zip(kinds.items(), (GREEN, RED, BLUE, GREY), strict=False):
        kept = np.clip(values, -59, 59)
        axes.hist(
            kept, bins=edges, weights=np.full(len(kept), 100 / max(1, len(kept))), alpha=0.6, color=colour, label=name
        )
    for probability, name in ((link, "link"), (review, "review")):
        at = float(np.log2(probability / (1 - probability)))
        axes.axvline(at, color=INK, linestyle="--", linewidth=1)
        axes.text(at + 0.5, axes.get_ylim()[1] * 0.95, name)
    axes.set_xlabel("weight (bits)")
    axes.set_ylabel("% of pairs")
    axes.legend(frameon=False, loc="lower left", bbox_to_anchor=(0.0, 1.0))
    return _save(figure, path)
