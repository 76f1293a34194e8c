"""The stage that measures the adapted model."""

import dataclasses
from pathlib import Path
from typing import Any

import keras

from ntaa_tf.assembly.job import ADAPTED_FILE
from ntaa_tf.assembly.job import BASELINE
from ntaa_tf.assembly.job import Job
from ntaa_tf.graph.cost import measure_cost
from ntaa_tf.graph.latency import measure_latencies
from ntaa_tf.report import draw_contact_sheet
from ntaa_tf.stages.deriving import COLLAPSED_FILE
from ntaa_tf.storage.files import write_json
from ntaa_tf.storage.model_files import load_model

CONFUSIONS_FILE = "confusions.json"
SHEET_FILE = "answers.png"


def evaluate(job: Job, directory: Path) -> dict[str, Any]:
    """Measure the adapted model on the test split, once, and its cost.

    Args:
        job: what the stages share.
        directory: gets a contact sheet, where queries have answers; where
            classes are told apart, what was taken for what.

    Returns:
        The costs of the `source`, and of the `baseline` if there is one; those
        of the `adapted` model, and how good it is. Where an untrained head
        answers too, so does the source's; and where weights were searched as
        well, what was `searched` before it was finetuned.
    """
    score = job.task.score
    source, adapted = job.task.finish(job.source), job.load_adapted()
    models = {"source": source, "adapted": adapted}
    if job.recipe.compares:
        beside = job.path / BASELINE
        models[BASELINE] = load_model(beside / ADAPTED_FILE, beside)
    costs = _measure_models(models)
    predictions = _predict_test(job, adapted)
    measured = _measure_test(job, predictions)
    untrained = {}
    if job.task.answers_untrained:
        untrained = _measure_test(job, _predict_test(job, source))
    searched = {}
    collapsed = job.path / "search" / COLLAPSED_FILE
    if job.recipe.plan.trains_supernet and collapsed.exists():
        model = load_model(collapsed)
        searched = {"searched": _measure_test(job, _predict_test(job, model))}
    confusions = job.task.confuse(predictions, job.dataset)
    if confusions:
        write_json(directory / CONFUSIONS_FILE, confusions)
    answers = job.task.find_answers(predictions, job.dataset.test)
    if answers is not None:
        draw_contact_sheet(directory / SHEET_FILE, *answers)
    return {
        **costs,
        "source": {**costs["source"], **untrained},
        **searched,
        "adapted": {
            **costs["adapted"],
            **measured,
            f"validation_{score}": job.validate(adapted),
            "test_error": 100 * (1 - measured[f"test_{score}"]),
        },
    }


def _predict_test(job: Job, model: keras.Model) -> Any:
    return job.task.predict(model, job.dataset.test, job.recipe.batch_size)


def _measure_test(job: Job, predictions: Any) -> dict[str, float]:
    """Measure on the test split, in full."""
    measured = job.task.measure_fully(predictions, job.dataset.test)
    return {f"test_{name}": value for name, value in measured.items()}


def _measure_models(
    models: dict[str, keras.Model],
) -> dict[str, dict[str, Any]]:
    """Give the cost of each model, and its latency at batch 1 and 32."""
    latencies = {
        str(size): measure_latencies(list(models.values()), size)
        for size in (1, 32)
    }
    return {
        name: {
            **dataclasses.asdict(measure_cost(model)),
            "latency_ms": {size: of[index] for size, of in latencies.items()},
        }
        for index, (name, model) in enumerate(models.items())
    }
