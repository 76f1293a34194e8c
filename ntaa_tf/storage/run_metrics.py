"""The metrics of a finished run: the contents of `metrics.json`, typed."""

from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import field
from pathlib import Path
from typing import Any

from ntaa_tf.storage.files import read_json
from ntaa_tf.storage.files import write_json
from ntaa_tf.storage.metric_records import BudgetCost
from ntaa_tf.storage.metric_records import DataFacts
from ntaa_tf.storage.metric_records import ExportMetrics
from ntaa_tf.storage.metric_records import HandOverChoice
from ntaa_tf.storage.metric_records import Json
from ntaa_tf.storage.metric_records import Judgement
from ntaa_tf.storage.metric_records import ModelMetrics
from ntaa_tf.storage.metric_records import PairedDifference
from ntaa_tf.storage.metric_records import RankingConditions
from ntaa_tf.storage.metric_records import SearchGap
from ntaa_tf.storage.metric_records import TuneChoice
from ntaa_tf.storage.metric_records import Verdict
from ntaa_tf.storage.metric_records import read_record
from ntaa_tf.storage.metric_records import write_record
from ntaa_tf.storage.run_directory import METRICS_FILE

# Plain finetuning: its run directory, below that of the run, and its key.
BASELINE = "baseline"
VERSION = 2  # Of the form of `metrics.json`, in the file.


@dataclass(frozen=True)
class RunMetrics:
    """The metrics of a finished run.

    Args:
        dataset: name of the data set.
        model: name or path of the source model.
        method: name of the method.
        score: name of the score that models are chosen by.
        source: the source model.
        adapted: the adapted model, which is handed over.
        export_difference: largest difference of an exact format from the
            live model; None if no such format could be opened.
        exports: exported formats, by name.
        seconds: duration of each stage.
        peak_memory_mib: peak memory of the process.
        seed: random seed.
        versions: versions of the libraries, by name.
        teacher: `baseline`, the source with its image size, or the path of a
            file; None without distillation.
        conditions: evaluation settings, for retrieval only.
        data: numbers of images; None in files of older versions.
        collapsed: the collapsed model before finetuning, if weights were
            searched.
        searched: the network of the method, if it was compared with a
            baseline.
        baseline: plain finetuning, if it was run.
        difference: test score of the searched network minus that of the
            baseline.
        hand_over: choice between the two; None without a baseline.
        verdict: what the test images say; None in files of older versions.
        gap: scores at the end of the search, if there was one.
        judgements: what each change of the search was worth, the weakest
            first.
        search_left_out: the reason why nothing was searched, in words; None
            if the method does not search, or did.
        collapse_difference: largest difference of logits between the supernet
            and the collapsed model.
        target_labels: number of labelled target images that the architecture
            was trained on, in a search across domains.
        budget: limited costs, by name.
        tune: result of `--learning_rate_trials`.
    """

    dataset: str
    model: str
    method: str
    score: str
    source: ModelMetrics
    adapted: ModelMetrics
    export_difference: float | None
    exports: Mapping[str, ExportMetrics]
    seconds: Mapping[str, float]
    peak_memory_mib: int
    seed: int
    versions: Mapping[str, str]
    teacher: str | None = None
    conditions: RankingConditions | None = None
    data: DataFacts | None = None
    collapsed: ModelMetrics | None = None
    searched: ModelMetrics | None = None
    baseline: ModelMetrics | None = None
    difference: PairedDifference | None = None
    hand_over: HandOverChoice | None = None
    verdict: Verdict | None = None
    gap: SearchGap | None = None
    judgements: tuple[Judgement, ...] = ()
    search_left_out: str | None = None
    collapse_difference: float | None = None
    target_labels: int | None = None
    budget: Mapping[str, BudgetCost] = field(default_factory=dict)
    tune: TuneChoice | None = None

    @classmethod
    def from_json(cls, data: Json) -> "RunMetrics":
        """Read the contents of `metrics.json`.

        Args:
            data: contents of the file; unknown keys are ignored.

        Raises:
            TypeError: if an entry is missing, or has another form.
        """
        nested = {key: read(data[key]) for key, read in _READ if key in data}
        if "distance" in data:
            nested["conditions"] = read_record(RankingConditions, data)
        return read_record(cls, {**data, **nested})

    def to_json(self) -> dict[str, Any]:
        """Return the contents of `metrics.json`, in the order of the file."""
        values: dict[str, Any] = {
            "version": VERSION,
            "verdict": self.verdict and write_record(self.verdict),
            "dataset": self.dataset,
            "model": self.model,
            "method": self.method,
            "teacher": self.teacher,
            "score": self.score,
            **(write_record(self.conditions) if self.conditions else {}),
            "data": self.data and write_record(self.data),
            **{key: model.to_json() for key, model in self.models.items()},
            "adapted": self.adapted.to_json(),
            "difference": self.difference and write_record(self.difference),
            "hand_over": self.hand_over and write_record(self.hand_over),
            "gap": self.gap and write_record(self.gap),
            "judgements": [*map(write_record, self.judgements)] or None,
            "search_left_out": self.search_left_out,
            "collapse_difference": self.collapse_difference,
            "target_labels": self.target_labels,
            "budget": _write_each(self.budget) or None,
            "tune": self.tune and write_record(self.tune),
        }
        return {
            **_drop_missing(values),
            "export_difference": self.export_difference,  # May be null.
            "exports": _write_each(self.exports),
            "seconds": dict(self.seconds),
            "peak_memory_mib": self.peak_memory_mib,
            "seed": self.seed,
            "versions": dict(self.versions),
        }

    @property
    def models(self) -> dict[str, ModelMetrics]:
        """The models that were measured, by their keys in the file.

        With a baseline the adapted model is one of the others.
        """
        measured = {
            "source": self.source,
            BASELINE: self.baseline,
            "collapsed": self.collapsed,
            "searched": self.searched,
            "adapted": None if self.searched else self.adapted,
        }
        return {
            key: model for key, model in measured.items() if model is not None
        }

    @property
    def export_failures(self) -> dict[str, str]:
        """The reasons why formats can't be served, by format."""
        return {
            name: export.failure
            for name, export in self.exports.items()
            if export.failure is not None
        }


def read_run_metrics(directory: Path) -> RunMetrics:
    """Read the metrics of a finished run.

    Args:
        directory: the run directory.

    Raises:
        ValueError: if the file is damaged, or of another version.
    """
    path = directory / METRICS_FILE
    try:
        data = read_json(path)
        version = data.get("version")
        metrics = RunMetrics.from_json(data) if version == VERSION else None
    except (AttributeError, KeyError, OSError, TypeError, ValueError) as error:
        raise ValueError(
            f"{path} does not hold the metrics of a run ({error}). Delete it "
            "to have it written again."
        ) from error
    if metrics is None:
        raise ValueError(
            f"{path} was written by another version of ntaa_tf: its form is "
            f"{version or 1}, and this version reads {VERSION}. Choose another "
            "--workdir."
        )
    return metrics


def write_run_metrics(directory: Path, metrics: RunMetrics) -> None:
    """Write the metrics of a run, which marks it as finished.

    Args:
        directory: the run directory.
        metrics: the metrics.
    """
    write_json(directory / METRICS_FILE, metrics.to_json())


def _read_each(kind: Any, data: Json) -> dict[str, Any]:
    return {name: read_record(kind, entry) for name, entry in data.items()}


def _read_all(kind: Any, data: Sequence[Json]) -> tuple[Any, ...]:
    return tuple(read_record(kind, entry) for entry in data)


def _write_each(records: Mapping[str, Any]) -> dict[str, Any]:
    return {name: write_record(record) for name, record in records.items()}


def _drop_missing(data: Json) -> dict[str, Any]:
    return {key: value for key, value in data.items() if value is not None}


_READ = (
    ("source", ModelMetrics.from_json),
    ("data", lambda data: read_record(DataFacts, data)),
    ("collapsed", ModelMetrics.from_json),
    ("searched", ModelMetrics.from_json),
    ("adapted", ModelMetrics.from_json),
    (BASELINE, ModelMetrics.from_json),
    ("gap", lambda data: read_record(SearchGap, data)),
    ("judgements", lambda data: _read_all(Judgement, data)),
    ("budget", lambda data: _read_each(BudgetCost, data)),
    ("tune", lambda data: read_record(TuneChoice, data)),
    ("difference", lambda data: read_record(PairedDifference, data)),
    ("hand_over", lambda data: read_record(HandOverChoice, data)),
    ("verdict", lambda data: read_record(Verdict, data)),
    ("exports", lambda data: _read_each(ExportMetrics, data)),
)
