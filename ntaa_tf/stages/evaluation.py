"""The stage that measures the adapted model."""

import dataclasses
from pathlib import Path
from typing import Any

import keras

from ntaa_tf.graph.cost import measure_cost
from ntaa_tf.graph.latency import measure_latencies
from ntaa_tf.stages.job import Job
from ntaa_tf.stages.plain import measure_accuracies


def evaluate(job: Job, directory: Path) -> dict[str, Any]:
    """Measure the adapted model on the test split, once, and its cost.

    Args:
        job: what the stages share.
        directory: of this stage; nothing is written there.

    Returns:
        The costs of the `source`; those of the `adapted` model, and how
        accurate it is.
    """
    adapted = job.load_adapted()
    accuracies = measure_accuracies(job, adapted, "test", "validation")
    source, costs = _measure_models([job.source, adapted])
    return {
        "source": source,
        "adapted": {
            **costs,
            "test_accuracy": accuracies["test"],
            "validation_accuracy": accuracies["validation"],
            "test_error": 100 * (1 - accuracies["test"]),
        },
    }


def _measure_models(models: list[keras.Model]) -> list[dict[str, Any]]:
    """Give the cost of each model, and its latency at batch 1 and 32."""
    latencies = {str(size): measure_latencies(models, size) for size in (1, 32)}
    return [
        {
            **dataclasses.asdict(measure_cost(model)),
            "latency_ms": {size: of[index] for size, of in latencies.items()},
        }
        for index, model in enumerate(models)
    ]
