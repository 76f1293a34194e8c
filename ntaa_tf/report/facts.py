"""The small tables of the page: checks, judgements, costs, durations."""

from collections.abc import Mapping

from ntaa_tf.report.table import HANDED_OVER
from ntaa_tf.report.table import MISSING
from ntaa_tf.report.table import format_milliseconds
from ntaa_tf.report.table import format_share
from ntaa_tf.report.table import name_models
from ntaa_tf.report.table import name_score
from ntaa_tf.storage.metric_records import EVERY_CHANGE
from ntaa_tf.storage.metric_records import BudgetCost
from ntaa_tf.storage.metric_records import ExportMetrics
from ntaa_tf.storage.run_metrics import RunMetrics

MEBIBYTE = 2**20

Pairs = list[tuple[str, str]]


def list_checks(metrics: RunMetrics) -> Pairs:
    """List validation scores, choices and differences, each with its name."""
    return _list_scores(metrics) + [
        (name, value)
        for name, value in {
            "Handed over": metrics.hand_over and metrics.hand_over.handed_over,
            "Epoch of finetuning that was kept": _tell_epochs(metrics),
            "Learning rate chosen by tuning": (
                metrics.tune and str(metrics.tune.learning_rate)
            ),
            "Labelled target images that trained the architecture": (
                metrics.target_labels and f"{metrics.target_labels:,}"
            ),
            "Largest output difference after collapse": _format_difference(
                metrics.collapse_difference
            ),
            "Largest output difference after export": _format_difference(
                metrics.export_difference
            ),
        }.items()
        if value and value != MISSING
    ]


def _tell_epochs(metrics: RunMetrics) -> str:
    """Tell the kept epoch of each network that was chosen by --keep=best."""
    names = name_models(metrics)
    epochs = [
        f"{model.kept_epoch} ({names[key].removesuffix(HANDED_OVER)})"
        for key, model in metrics.models.items()
        if model.kept_epoch is not None
    ]
    return ", ".join(epochs)


def _list_scores(metrics: RunMetrics) -> Pairs:
    """List the validation scores, in the order of the stages."""
    gap = metrics.gap
    scores: dict[str, float | None] = {}
    if gap is not None:
        scores["of the supernet"] = gap.supernet
        scores["of its argmax model"] = gap.argmax
        scores["with the changes that earned their price"] = gap.proven
        scores["within the budget"] = gap.budget
    validation = (metrics.searched or metrics.adapted).validation
    scores["after finetuning"] = validation.get(metrics.score)
    return [
        (f"Validation {name_score(metrics)} {moment}", format_share(score))
        for moment, score in scores.items()
        if score is not None
    ]


def list_budget(budget: Mapping[str, BudgetCost]) -> list[tuple[str, ...]]:
    """List each limited cost: source, limit, derived, and measured."""
    return [
        (
            name,
            _format_cost(cost.source),
            _format_cost(cost.limit),
            _format_cost(cost.derived),
            _format_cost(cost.measured),
        )
        for name, cost in budget.items()
    ]


def list_judgements(metrics: RunMetrics) -> list[tuple[str, ...]]:
    """List each judged change: place, operation, outcome, gain and price."""
    return [
        (
            "all that stay" if each.choice == EVERY_CHANGE else each.choice,
            each.option or MISSING,
            "stays" if each.stays else "taken back",
            f"{each.gain:+.4f}",
            f"{each.low:+.4f}",
            f"{each.price:+.4f}",
        )
        for each in metrics.judgements
    ]


def list_exports(
    exports: Mapping[str, ExportMetrics],
) -> list[tuple[str, ...]]:
    """List each exported format: file, size, agreement, and latency."""
    return [
        (
            name + (" (failed)" if export.failure else ""),
            export.file,
            f"{export.bytes / MEBIBYTE:,.2f} MiB" if export.bytes else MISSING,
            _format_difference(export.difference),
            format_share(export.agreement),
            format_milliseconds(export.milliseconds, digits=2),
        )
        for name, export in exports.items()
    ]


def list_seconds(seconds: Mapping[str, float]) -> Pairs:
    """List the duration of each stage, and their total."""
    durations = {**seconds, "total": sum(seconds.values())}
    return [(stage, f"{durations[stage]:,.1f} s") for stage in durations]


def list_versions(metrics: RunMetrics) -> Pairs:
    """List the seed and the versions of the libraries."""
    return [("seed", str(metrics.seed)), *metrics.versions.items()]


def _format_cost(cost: float | None) -> str:
    return MISSING if cost is None else f"{cost:,.10g}"


def _format_difference(difference: float | None) -> str:
    return MISSING if difference is None else f"{difference:.1e}"
