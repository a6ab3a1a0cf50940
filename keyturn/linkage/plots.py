"""What does an evaluation look like? Pictures as PNG and SVG, with matplotlib."""

from pathlib import Path
from typing import Any, Final

from keyturn.linkage.evaluate import LINK_THRESHOLDS, REVIEW_THRESHOLDS, SMALL_GROUP, Evaluation, Share

INK: Final = "#0b0c0c"
BLUE: Final = "#1d70b8"
GREEN: Final = "#00703c"
GREY: Final = "#b1b4b6"
MOST_GROUPS: Final = 12


def draw(found: Evaluation, folder: Path) -> list[Path]:
    """Draw all of them into `folder`; answers with the files."""
    pictures = {
        "thresholds": _thresholds,
        "calibration": _calibration,
        "review-load": _review_load,
        "fairness": _fairness,
    }
    written = []
    for name, draw_one in pictures.items():
        figure, axes = _figure()
        draw_one(found, axes)
        about = f"{found.model.version}, {len(found.outcomes):,} cases" + (
            ", made up" if found.trials.synthetic else ""
        )
        axes.set_title(about, loc="right", fontsize=7, color="#505a5f")
        for ending in ("png", "svg"):
            path = folder / f"{name}.{ending}"
            figure.savefig(
                path, dpi=110, bbox_inches="tight", metadata={"Date": None} if ending == "svg" else {"Software": None}
            )
            written.append(path)
        _close(figure)
    return written


def _figure() -> tuple[Any, Any]:
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    pyplot.rcParams.update({"svg.hashsalt": "keyturn", "axes.spines.top": False, "axes.spines.right": False})
    figure, axes = pyplot.subplots(figsize=(7.4, 4.2))
    return figure, axes


def _close(figure: Any) -> None:
    from matplotlib import pyplot

    pyplot.close(figure)


def _band(axes: Any, at: list[float], shares: list[Share], colour: str, label: str) -> None:
    axes.plot(at, [100 * each.value for each in shares], color=colour, marker="o", markersize=3, label=label)
    low, high = zip(*(each.interval for each in shares), strict=True)
    axes.fill_between(
        at, [100 * each for each in low], [100 * each for each in high], color=colour, alpha=0.15, linewidth=0
    )


def _thresholds(found: Evaluation, axes: Any) -> None:
    pairs = [(each, *found.at_link_threshold(each)) for each in LINK_THRESHOLDS]
    nines = [1 - each for each, _, _ in pairs]
    linking = [(at, precision) for at, (_, precision, _) in zip(nines, pairs, strict=True) if precision.among]
    if linking:
        _band(axes, [at for at, _ in linking], [share for _, share in linking], BLUE, "right, of the automatic links")
    _band(axes, nines, [automatic for _, _, automatic in pairs], GREEN, "linked automatically, of those on file")
    axes.set_xscale("log")
    axes.invert_xaxis()
    axes.axvline(1 - found.model.thresholds.link, color=GREY, linestyle="--")
    axes.set_xticks(nines[::2], [f"{each:g}" for each in LINK_THRESHOLDS[::2]], fontsize=8)
    axes.minorticks_off()
    _dress(axes, "Links by threshold", "odds from which a candidate is linked, as a share (dashed: in force)", "%")


def _review_load(found: Evaluation, axes: Any) -> None:
    pairs = [found.at_review_threshold(each) for each in REVIEW_THRESHOLDS]
    _band(axes, list(REVIEW_THRESHOLDS), [load for load, _ in pairs], BLUE, "shown to staff, of all")
    _band(axes, list(REVIEW_THRESHOLDS), [recall for _, recall in pairs], GREEN, "linked or shown, of those on file")
    axes.set_xscale("log")
    axes.axvline(found.model.thresholds.review, color=GREY, linestyle="--")
    _dress(
        axes,
        "Review load by threshold",
        "odds from which a candidate is shown to staff, as a share (dashed: in force)",
        "%",
    )


def _calibration(found: Evaluation, axes: Any) -> None:
    bins = found.calibration
    axes.plot([0, 100], [0, 100], color=GREY, linestyle="--", label="as it should be")
    for each in bins:
        low, high = each.true.interval
        axes.plot([100 * each.said] * 2, [100 * low, 100 * high], color=BLUE, linewidth=1)
    if bins:
        axes.scatter(
            [100 * each.said for each in bins], [100 * each.true.value for each in bins], color=BLUE, zorder=3,
            label="candidates, tenth by tenth (bar: 95 %)",
        )  # fmt: skip
    _dress(axes, "Calibration", "what the model said: % the same person", "what was true, %")


def _fairness(found: Evaluation, axes: Any) -> None:
    groups = [(name, recall, load) for name, (recall, load) in found.groups.items() if recall.among][:MOST_GROUPS]
    for place, (_, recall, load) in enumerate(groups):
        for share, colour, shift in ((recall, GREEN, -0.16), (load, BLUE, 0.16)):
            low, high = share.interval
            faint = 0.35 if share.among < SMALL_GROUP else 1.0
            axes.barh(place + shift, 100 * share.value, height=0.3, color=colour, alpha=faint)
            axes.plot([100 * low, 100 * high], [place + shift] * 2, color=INK, linewidth=1)
    axes.set_yticks(range(len(groups)), [f"{name} ({recall.among:,})" for name, recall, _ in groups], fontsize=8)
    axes.invert_yaxis()
    axes.bar([0], [0], color=GREEN, label="linked or shown, of those on file")
    axes.bar([0], [0], color=BLUE, label="shown to staff, of all")
    _dress(axes, "By origin of the name", f"% (pale: fewer than {SMALL_GROUP} cases)", "")


def _dress(axes: Any, title: str, below: str, beside: str) -> None:
    axes.set_title(title, loc="left", fontsize=11, fontweight="bold", color=INK)
    axes.set_xlabel(below, fontsize=9)
    axes.set_ylabel(beside, fontsize=9)
    axes.legend(frameon=False, fontsize=8, loc="upper center", bbox_to_anchor=(0.5, -0.14), ncols=2)
