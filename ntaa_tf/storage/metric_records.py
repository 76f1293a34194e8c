"""The entries of `metrics.json`, one dataclass each."""

from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field
from dataclasses import fields
from dataclasses import is_dataclass
from dataclasses import replace
from typing import Any
from typing import get_origin

# Fields that map names to scores. In the file each score is a key of its own,
# such as `test_accuracy`.
SCORES = ("test", "validation")

Json = Mapping[str, Any]

# Stands for all changes together among the names of choices.
EVERY_CHANGE = "all"


@dataclass(frozen=True)
class ModelCosts:
    """The costs of a model for one image.

    Args:
        parameters: number of weights, moving statistics included.
        macs: multiply-adds.
        depth: weighted layers on the longest path.
        activations: numbers in all layer outputs together.
        latency_ms: milliseconds of a batch, by batch size (`"1"`, `"32"`).
    """

    parameters: int
    macs: int
    depth: int
    activations: int
    latency_ms: Mapping[str, float]


@dataclass(frozen=True)
class ModelMetrics:
    """Costs and scores of one model.

    Args:
        costs: None for the searched model before finetuning: its costs are
            those of the adapted model.
        test: scores on the test split, by name (`accuracy`, `map`, `rank1`,
            `age_accuracy`, ...).
        validation: scores on the validation split, by name.
        test_error: 100 minus the main test score in percent.
        kept_epoch: epoch of finetuning whose weights were kept, from 1, with
            `--keep=best`; None for the last one.

    Example:
    >>> ModelMetrics.from_json({"test_accuracy": 0.9}).test
    {'accuracy': 0.9}
    """

    costs: ModelCosts | None = None
    test: Mapping[str, float] = field(default_factory=dict)
    validation: Mapping[str, float] = field(default_factory=dict)
    test_error: float | None = None
    kept_epoch: int | None = None

    @classmethod
    def from_json(cls, data: Json) -> "ModelMetrics":
        """Read a model's entry of `metrics.json`; unknown keys are ignored."""
        costs = read_record(ModelCosts, data) if "macs" in data else None
        return read_record(cls, {**data, "costs": costs})

    def to_json(self) -> dict[str, Any]:
        """Return the model's entry of `metrics.json`."""
        costs = write_record(self.costs) if self.costs else {}
        return {**costs, **write_record(replace(self, costs=None))}


@dataclass(frozen=True)
class RankingConditions:
    """Evaluation settings of retrieval, in which published results differ.

    Args:
        distance: the distance that ranks the gallery.
        average_precision: the definition of average precision.
        flip_test: whether mirrored images were averaged in.
    """

    distance: str
    average_precision: str
    flip_test: bool


@dataclass(frozen=True)
class SearchGap:
    """Validation scores on the way from the supernet to its architecture.

    Args:
        supernet: score of the supernet at the end of the search.
        argmax: score of the supernet with its best candidates alone.
        proven: score with the changes that earned their price, if any change
            was judged.
        budget: score of the derived architecture, if there was a budget.
    """

    supernet: float
    argmax: float
    proven: float | None = None
    budget: float | None = None


@dataclass(frozen=True)
class Judgement:
    """Worth of a change of the source, as held-out examples show it.

    Args:
        choice: name of the site or input; `EVERY_CHANGE` for all changes that
            stayed, judged together.
        option: the operation or input that replaces the source's.
        gain: mean loss that the change saves on a held-out example.
        low: lower end of the one-sided 80 % interval of the gain.
        price: gain that the MACs of the change ask for; negative if it saves
            MACs.
        stays: whether the change was kept.
    """

    choice: str
    option: str
    gain: float
    low: float
    price: float
    stays: bool

    @property
    def margin(self) -> float:
        """Gain above the price, at the lower end of the interval."""
        return self.low - self.price


@dataclass(frozen=True)
class BudgetCost:
    """One limited cost.

    Args:
        source: cost of the source model.
        limit: the most that was allowed.
        derived: predicted cost of the derived architecture.
        measured: cost of the adapted model, where it can be measured.
    """

    source: float
    limit: float
    derived: float
    measured: float | None = None


@dataclass(frozen=True)
class TuneChoice:
    """The learning rate that `--tune` chose.

    Args:
        learning_rate: the best one.
        validation: for each score, its value by learning rate.
        other_seconds: duration of the trainings that were not kept.
        seconds: duration of the whole stage.
    """

    learning_rate: float
    validation: Mapping[str, Mapping[str, float]]
    other_seconds: float
    seconds: float


@dataclass(frozen=True)
class PairedDifference:
    """The difference of two networks' mean scores, and how sure it is.

    Args:
        difference: mean score of the first network minus that of the second.
        low: lower end of the 95 % interval of the difference.
        high: upper end.
        standard_error: standard error of the difference.
        p: two-sided p value of no difference.
        examples: number of examples.
    """

    difference: float
    low: float
    high: float
    standard_error: float
    p: float
    examples: int


@dataclass(frozen=True)
class HandOverChoice:
    """The network that is handed over, chosen on images that it never saw.

    Args:
        handed_over: `searched` or `baseline`.
        reason: the reason in words.
        is_measured: whether the images decided.
        difference: score of the searched network minus that of the baseline.
        seconds: duration of the stage.
        split: `validation` or `target`, where the images are from.
    """

    handed_over: str
    reason: str
    is_measured: bool
    difference: PairedDifference
    seconds: float
    split: str = "validation"


@dataclass(frozen=True)
class Verdict:
    """Judgement of a run by its test images.

    Args:
        outcome: `better`, `worse` or `no different`, compared with plain
            finetuning; None without a baseline.
        sentence: scores, costs and the network that is handed over, in words.
        warnings: reasons for doubt, in words.
    """

    outcome: str | None = field(default=None, kw_only=True)
    sentence: str
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class DataFacts:
    """The data of a run.

    Args:
        train_images: number of training images.
        validation_images: number of validation images, or of queries.
        test_images: number of test images, or of queries.
        largest_class: share of the test images in the largest class; for
            classification only.
    """

    train_images: int
    validation_images: int
    test_images: int
    largest_class: float | None = None


@dataclass(frozen=True)
class ExportMetrics:
    """One exported format, reopened by its own runtime.

    Args:
        file: path in the run directory.
        bytes: size of the file, or of all files in the directory.
        milliseconds: median latency of one image.
        difference: largest difference from the live model's outputs.
        agreement: share of images with the same prediction.
        failure: why the format can't be served; None if it can.
    """

    file: str
    bytes: int
    milliseconds: float | None = None
    difference: float | None = None
    agreement: float | None = None
    failure: str | None = None


def read_record(kind: Any, data: Json) -> Any:
    """Build a record of a kind from an entry; unknown keys are ignored.

    Raises:
        TypeError: if the entry lacks a field without a default.
    """
    names = [each.name for each in fields(kind)]
    values = {
        each.name: _read_value(each.type, data[each.name])
        for each in fields(kind)
        if each.name in data
    }
    for name in {*SCORES} & {*names}:
        values[name] = {
            key.removeprefix(f"{name}_"): data[key]
            for key in data
            if key.startswith(f"{name}_") and key not in names
        }
    return kind(**values)


def write_record(record: Any) -> dict[str, Any]:
    """Return the entry of a record; values that are None are left out."""
    written: dict[str, Any] = {}
    for each in fields(record):
        value = getattr(record, each.name)
        if each.name in SCORES:
            written |= {f"{each.name}_{key}": value[key] for key in value}
        elif is_dataclass(value):
            written[each.name] = write_record(value)
        elif value is not None:
            is_tuple = isinstance(value, tuple)
            written[each.name] = list(value) if is_tuple else value
    return written


def _read_value(kind: Any, value: Any) -> Any:
    """Read a value of a field: a record, a tuple, or plain data."""
    if is_dataclass(kind) and isinstance(value, Mapping):
        return read_record(kind, value)
    return tuple(value) if get_origin(kind) is tuple else value
