"""The stage that measures the adapted model."""

import dataclasses
from pathlib import Path
from typing import Any

import keras

from ntaa_tf.assembly.assembly import Assembly
from ntaa_tf.graph.cost import measure_cost
from ntaa_tf.graph.latency import measure_latencies
from ntaa_tf.report import draw_contact_sheet
from ntaa_tf.stages.collapse import COLLAPSED_FILE
from ntaa_tf.storage.files import write_json
from ntaa_tf.storage.model_files import load_model
from ntaa_tf.storage.run_metrics import BASELINE

CONFUSIONS_FILE = "confusions.json"
SHEET_FILE = "answers.png"
LATENCY_BATCHES = (1, 32)


def evaluate(assembly: Assembly, directory: Path) -> dict[str, Any]:
    """Measure the adapted model on the test split, and all models' costs.

    Args:
        assembly: what the stages share.
        directory: directory of this stage; it gets the confusion matrices of
            a classifier, or the contact sheet of a retrieval's answers.

    Returns:
        The costs of the `source`, of the `baseline` if there is one, and of
        the `adapted` model. The last also has test and validation metrics.
        Test metrics alone have a `source` whose embedding needs no training,
        and the `searched` model before finetuning.
    """
    score = assembly.task.score
    source = assembly.task.finish(assembly.source)
    adapted = assembly.load_adapted()
    models = {"source": source, "adapted": adapted}
    if assembly.recipe.has_baseline:
        # Its costs are measured again: latencies compare only side by side.
        models[BASELINE] = assembly.baseline.load_adapted()
    costs = _measure_costs(models)
    predictions = _predict_test(assembly, adapted)
    measured = _measure_test(assembly, predictions)
    untrained = {}
    if assembly.task.measures_untrained:
        untrained = _measure_test(assembly, _predict_test(assembly, source))
    _write_illustration(assembly, predictions, directory)
    return {
        **costs,
        "source": {**costs["source"], **untrained},
        **_measure_searched(assembly),
        "adapted": {
            **costs["adapted"],
            **measured,
            f"validation_{score}": assembly.validate(adapted),
            "test_error": 100 * (1 - measured[f"test_{score}"]),
        },
    }


def _measure_searched(assembly: Assembly) -> dict[str, Any]:
    """Measure the collapsed model of a search that trained weights."""
    file = assembly.path / "search" / COLLAPSED_FILE
    trained = assembly.recipe.adaptation.plan.trains_supernet
    if not (trained and file.exists()):
        return {}
    predictions = _predict_test(assembly, load_model(file))
    return {"searched": _measure_test(assembly, predictions)}


def _write_illustration(
    assembly: Assembly, predictions: Any, directory: Path
) -> None:
    """Write the confusion matrices, or draw the contact sheet."""
    shown = assembly.task.illustrate(predictions, assembly.dataset)
    if shown.confusions:
        write_json(directory / CONFUSIONS_FILE, shown.confusions)
    if shown.answers is not None:
        draw_contact_sheet(directory / SHEET_FILE, *shown.answers)


def _predict_test(assembly: Assembly, model: keras.Model) -> Any:
    batch_size = assembly.recipe.training.batch_size
    return assembly.task.predict(model, assembly.dataset.test, batch_size)


def _measure_test(assembly: Assembly, predictions: Any) -> dict[str, float]:
    test = assembly.dataset.test
    measured = assembly.task.measure_fully(predictions, test)
    return {f"test_{name}": value for name, value in measured.items()}


def _measure_costs(
    models: dict[str, keras.Model],
) -> dict[str, dict[str, Any]]:
    """Measure the costs of models by name; latencies in ms, in turns."""
    latencies = {
        str(size): measure_latencies(list(models.values()), size)
        for size in LATENCY_BATCHES
    }
    return {
        name: {
            **dataclasses.asdict(measure_cost(model)),
            "latency_ms": {
                size: measured[index] for size, measured in latencies.items()
            },
        }
        for index, (name, model) in enumerate(models.items())
    }
