"""Metrics of runs for tests, with no more than a test is about."""

from typing import Any

from ntaa_tf.storage.metric_records import ModelMetrics
from ntaa_tf.storage.run_metrics import RunMetrics

COSTS: dict[str, Any] = {
    "parameters": 271_000,
    "macs": 40_600_000,
    "depth": 20,
    "activations": 188_426,
    "latency_ms": {"1": 1.5, "32": 9.0},
}


def make_metrics(method="ntaa", score="accuracy", seconds=None, **models):
    """Make the metrics of a run.

    Args:
        method: name of the method.
        score: name of the main score.
        seconds: duration of each stage.
        **models: entries of models, as in the file; the source and the adapted
            model have `COSTS` by default.
    """
    entries = {"source": COSTS, "adapted": COSTS, **models}
    return RunMetrics(
        dataset="cifar10",
        model="resnet20",
        method=method,
        score=score,
        export_difference=None,
        exports={},
        seconds=seconds or {},
        peak_memory_mib=1,
        seed=0,
        versions={},
        **{
            name: ModelMetrics.from_json(entry)
            for name, entry in entries.items()
        },
    )
