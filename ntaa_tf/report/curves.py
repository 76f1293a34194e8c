"""The training curves of a run, search and finetuning on one time axis."""

from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from ntaa_tf.report.ink import INK
from ntaa_tf.report.ink import to_svg

# For each panel, its curves: the recorded quantity by the label of the curve.
PANELS = {
    "Training loss": {"": "loss"},
    "Validation loss": {"": "val_loss"},
    "Training accuracy": {"": "accuracy"},
    "Validation accuracy": {
        "supernet, then adapted model": "val_accuracy",
        "argmax model": "val_argmax_accuracy",
    },
    "Validation mAP": {
        "supernet, then adapted model": "val_map",
        "argmax model": "val_argmax_map",
    },
    "Training accuracy of identities": {"": "classifier_accuracy"},
    "Training loss of identities": {"": "classifier_loss"},
    "Training loss of triplets": {"": "embedding_loss"},
    "Entropy of the softmax": {"": "entropy"},
    "Share of sites: changed, without weights": {
        "changed": "changed_share",
        "without weights": "weight_free_share",
    },
    "Share of sites whose best candidate stayed": {"": "kept_share"},
    "Learning rate": {"": "learning_rate"},
}
SEARCH = "search_"
FINETUNING = "finetune_"
COLOURS = ("#3b82f6", "#f08c00")
SIZE = (4.2, 2.5)  # Inches.

History = Mapping[str, Sequence[float]]
Curve = dict[int, float]


def draw_curves(history: History) -> list[str]:
    """Draw a panel for every recorded quantity.

    Args:
        history: values after each epoch, by names such as `search_loss` and
            `finetune_loss`. An unknown quantity, or one of another stage, gets
            a panel of its own.

    Returns:
        One SVG element per panel.
    """
    searched = max(
        (len(history[key]) for key in history if key.startswith(SEARCH)),
        default=0,
    )
    panels = {
        title: {
            label: _join(history, quantity, searched)
            for label, quantity in quantities.items()
        }
        for title, quantities in PANELS.items()
    } | {
        key.replace("_", " "): {"": _count_epochs(key, history[key], searched)}
        for key in _find_unknown(history)
    }
    return [
        _draw_panel(title, recorded, searched if title in PANELS else 0)
        for title, curves in panels.items()
        if (recorded := {label: c for label, c in curves.items() if c})
    ]


def _join(history: History, quantity: str, searched: int) -> Curve:
    """Return a quantity by epoch; finetuning continues the search's count."""
    curve: Curve = {}
    for key in (SEARCH + quantity, FINETUNING + quantity):
        curve |= _count_epochs(key, history.get(key, ()), searched)
    return curve


def _count_epochs(key: str, values: Sequence[float], searched: int) -> Curve:
    start = searched + 1 if key.startswith(FINETUNING) else 1
    return dict(enumerate(values, start=start))


def _find_unknown(history: History) -> list[str]:
    known = {
        stage + quantity
        for quantities in PANELS.values()
        for quantity in quantities.values()
        for stage in (SEARCH, FINETUNING)
    }
    return [key for key in history if key not in known]


def _draw_panel(title: str, curves: dict[str, Curve], searched: int) -> str:
    figure = Figure(figsize=SIZE, layout="constrained")
    axes = figure.add_subplot()
    _style_axes(axes, title)
    for (label, curve), colour in zip(curves.items(), COLOURS, strict=False):
        axes.plot(
            list(curve),
            list(curve.values()),
            color=colour,
            label=label,
            linewidth=1.6,
            marker="o",
            markersize=2.5,
        )
    epochs = [epoch for curve in curves.values() for epoch in curve]
    axes.set_xlim(min(epochs) - 0.5, max(epochs) + 0.5)
    if min(epochs) <= searched < max(epochs):
        _mark_finetuning(axes, searched + 0.5)
    if len(curves) > 1:
        axes.legend(fontsize=8, frameon=False, labelcolor=INK)
    return to_svg(figure, title)


def _style_axes(axes: Axes, title: str) -> None:
    bold: dict[str, Any] = {"fontsize": 9, "fontweight": "bold"}
    axes.set_title(title, loc="left", color=INK, parse_math=False, **bold)
    axes.set_xlabel("epoch", color=INK, fontsize=8)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    axes.tick_params(colors=INK, labelsize=8, length=0)
    axes.grid(color=INK, alpha=0.12, linewidth=0.6)
    axes.spines[:].set_visible(False)


def _mark_finetuning(axes: Axes, start: float) -> None:
    axes.axvline(start, color=INK, alpha=0.5, linewidth=0.8, linestyle=":")
    at_bottom = axes.get_xaxis_transform()
    style: dict[str, Any] = {"color": INK, "alpha": 0.7, "fontsize": 8}
    axes.text(start, 0.02, " finetuning", transform=at_bottom, **style)
