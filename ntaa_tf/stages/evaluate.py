"""The stage that measures the networks of a run."""

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import keras
import numpy as np

from ntaa_tf.assembly.assembly import HAND_OVER
from ntaa_tf.assembly.assembly import Assembly
from ntaa_tf.graph.cost import measure_cost
from ntaa_tf.graph.latency import measure_latencies
from ntaa_tf.metrics import compare_scores
from ntaa_tf.recipe.values import SEARCHED
from ntaa_tf.report import draw_contact_sheet
from ntaa_tf.report import encode_thumbnail
from ntaa_tf.stages.collapse import COLLAPSED_FILE
from ntaa_tf.storage.files import write_atomically
from ntaa_tf.storage.files import write_json
from ntaa_tf.storage.model_files import load_model
from ntaa_tf.storage.run_metrics import BASELINE
from ntaa_tf.tasks.task import ExampleScores

CONFUSIONS_FILE = "confusions.json"
MISTAKES_FILE = "mistakes.json"
SCORES_FILE = "scores.npz"
SHEET_FILE = "answers.png"
LATENCY_BATCHES = (1, 32)


def evaluate(assembly: Assembly, directory: Path) -> dict[str, Any]:
    """Measure all networks of the run on the test split, and their costs.

    Args:
        assembly: what the stages share.
        directory: directory of this stage; it gets the confusion matrices and
            the most confident mistakes of a classifier, or the contact sheet
            of a retrieval's answers; and in `scores.npz` the score of each
            test example.

    Returns:
        The metrics of each network: the `source`, the `collapsed` one before
        finetuning, the `searched` one and the `baseline` if there is one, and
        the `adapted` one, which is handed over. The source has test metrics if
        its embedding needs no training; the collapsed network has no costs.
        With a baseline also the paired `difference` of the test scores.
    """
    source, test = assembly.task.finish(assembly.source), assembly.dataset.test
    networks, handed_over = _load_networks(assembly)
    costs = _measure_costs({"source": source, **networks})
    predictions = {
        name: predict(assembly, network, test)
        for name, network in networks.items()
    }
    _write_illustration(assembly, predictions[handed_over], directory)
    scores = {
        name: assembly.task.score_examples(predicted, test)
        for name, predicted in predictions.items()
    }
    _keep_scores(scores, directory)
    untrained = {}
    if assembly.task.measures_untrained:
        untrained = _measure_test(assembly, predict(assembly, source, test))
    measured = {
        name: costs[name]
        | _measure(assembly, network, predictions[name])
        | _find_kept_epoch(assembly, name)
        for name, network in networks.items()
    }
    return {
        "source": {**costs["source"], **untrained},
        **_measure_collapsed(assembly),
        **measured,
        "adapted": measured[handed_over],
        **_compare(scores),
    }


def _load_networks(
    assembly: Assembly,
) -> tuple[dict[str, keras.Model], str]:
    """Return the trained networks, and the name of the one handed over."""
    if not assembly.recipe.has_baseline:
        return {"adapted": assembly.load_adapted()}, "adapted"
    chosen = assembly.run_directory.read_result(HAND_OVER)
    networks = {
        SEARCHED: assembly.load_trained(),
        BASELINE: assembly.baseline.load_adapted(),
    }
    return networks, chosen["handed_over"]


def _measure(
    assembly: Assembly, network: keras.Model, predictions: Any
) -> dict[str, float]:
    """Return the test metrics, the validation score and the test error."""
    score = assembly.task.score
    measured = _measure_test(assembly, predictions)
    return {
        **measured,
        f"validation_{score}": assembly.validate(network),
        "test_error": 100 * (1 - measured[f"test_{score}"]),
    }


def _find_kept_epoch(assembly: Assembly, name: str) -> dict[str, int]:
    """Return the epoch of finetuning that a network has, if one was chosen."""
    own = assembly.baseline if name == BASELINE else assembly
    result = own.run_directory.read_result("finetune")
    return {key: result[key] for key in ("kept_epoch",) if key in result}


def _keep_scores(scores: Mapping[str, ExampleScores], directory: Path) -> None:
    """Write the score of each test example by each network."""
    values: dict[str, Any] = {name: s.values for name, s in scores.items()}
    with write_atomically(directory / SCORES_FILE) as unfinished:
        np.savez(unfinished, **values)


def _compare(scores: Mapping[str, ExampleScores]) -> dict[str, Any]:
    """Compare the searched network and the baseline, if there is one."""
    if BASELINE not in scores:
        return {}
    plain = scores[BASELINE]
    difference = compare_scores(
        scores[SEARCHED].values, plain.values, plain.groups
    )
    return {"difference": asdict(difference)}


def _measure_collapsed(assembly: Assembly) -> dict[str, Any]:
    """Measure the collapsed model of a search that trained weights."""
    file = assembly.path / "search" / COLLAPSED_FILE
    trained = assembly.recipe.adaptation.plan.trains_supernet
    if not (trained and file.exists()):
        return {}
    predictions = predict(assembly, load_model(file), assembly.dataset.test)
    return {"collapsed": _measure_test(assembly, predictions)}


def _write_illustration(
    assembly: Assembly, predictions: Any, directory: Path
) -> None:
    """Write confusion matrices and mistakes, or draw the contact sheet."""
    shown = assembly.task.illustrate(predictions, assembly.dataset)
    if shown.confusions:
        write_json(directory / CONFUSIONS_FILE, shown.confusions)
    if shown.mistakes:
        images = assembly.task.list_images(assembly.dataset.test)
        mistakes = [
            asdict(each) | {"picture": encode_thumbnail(images[each.image])}
            for each in shown.mistakes
        ]
        write_json(directory / MISTAKES_FILE, mistakes)
    if shown.answers is not None:
        draw_contact_sheet(directory / SHEET_FILE, *shown.answers)


def predict(assembly: Assembly, model: keras.Model, split: Any) -> Any:
    """Return the predictions of a model for a split, as the task has them."""
    batch_size = assembly.recipe.training.batch_size
    return assembly.task.predict(model, split, batch_size)


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
            **asdict(measure_cost(model)),
            "latency_ms": {
                size: measured[index] for size, measured in latencies.items()
            },
        }
        for index, (name, model) in enumerate(models.items())
    }
