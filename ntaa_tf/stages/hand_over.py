"""The stage `hand_over`: choose the method's network, or the baseline."""

import dataclasses
from pathlib import Path
from typing import Any

from ntaa_tf.assembly.assembly import ADAPTED_FILE
from ntaa_tf.assembly.assembly import Assembly
from ntaa_tf.distribute import agree
from ntaa_tf.graph.cost import measure_cost
from ntaa_tf.metrics import PairedDifference
from ntaa_tf.metrics import compare_scores
from ntaa_tf.recipe import Recipe
from ntaa_tf.recipe.values import SEARCHED
from ntaa_tf.stages.evaluate import predict
from ntaa_tf.storage.files import copy_atomically
from ntaa_tf.storage.run_metrics import BASELINE

BASELINE_FILE = "baseline.keras"
SIGNIFICANCE = 0.05
LEAST_TOLERANCE = 0.005  # Half a point.


def hand_over(assembly: Assembly, directory: Path) -> dict[str, Any]:
    """Choose the network that is handed over, on the validation images.

    Args:
        assembly: what the stages share; its run directory has a finished
            baseline, and gets `baseline.keras` and `adapted.keras`.
        directory: directory of this stage.

    Returns:
        What is `handed_over`: `searched` or `baseline`; the `reason` in
        words; and the paired difference of their validation scores.
    """
    del directory  # The networks are for the user, beside it.
    networks = assembly.load_trained(), assembly.baseline.load_adapted()
    split = assembly.dataset.validation
    searched, baseline = (
        assembly.task.score_examples(predict(assembly, network, split), split)
        for network in networks
    )
    difference = compare_scores(
        searched.values, baseline.values, searched.groups
    )
    macs, baseline_macs = (measure_cost(network).macs for network in networks)
    chosen, reason = choose(assembly.recipe, difference, macs < baseline_macs)
    # Rounding may differ between workers; what they hand over must not.
    if not agree(float(chosen == SEARCHED)):
        chosen = BASELINE
    files = {
        SEARCHED: assembly.path / assembly.trained_file,
        BASELINE: assembly.path / BASELINE_FILE,
    }
    copy_atomically(assembly.baseline.path / ADAPTED_FILE, files[BASELINE])
    copy_atomically(files[chosen], assembly.path / ADAPTED_FILE)
    return {
        "handed_over": chosen,
        "reason": reason,
        "difference": dataclasses.asdict(difference),
    }


def choose(
    recipe: Recipe, difference: PairedDifference, is_cheaper: bool
) -> tuple[str, str]:
    """Choose the method's network or the baseline.

    A change must prove its worth; a saving must do no harm that can be seen.

    Args:
        recipe: recipe of the run.
        difference: validation score of the method's network minus that of the
            baseline.
        is_cheaper: whether the method's network has fewer MACs.

    Returns:
        `searched` or `baseline`, and the reason in words.
    """
    choices = recipe.adaptation
    tolerance = find_tolerance(choices.tolerance, difference)
    points = f"{100 * tolerance:.1f} points"
    loss = -difference.difference
    if choices.hand_over == SEARCHED:
        return SEARCHED, "--hand_over=searched asks for it"
    if recipe.limits.by_cost:
        return SEARCHED, "the limits are for it"
    if loss < 0 and difference.p < SIGNIFICANCE:
        return SEARCHED, "it is better beyond chance"
    if is_cheaper and loss <= tolerance:
        return SEARCHED, f"it is cheaper and loses at most {points}"
    if is_cheaper:
        return BASELINE, f"the cheaper network loses more than {points}"
    return BASELINE, "the other network is not better beyond chance"


def find_tolerance(points: float | None, difference: PairedDifference) -> float:
    """Return the share of the score that a cheaper network may lose.

    Args:
        points: what the recipe allows, in points; None for half a point or one
            standard error, whichever is larger.
        difference: difference of the validation scores.

    Example:
    >>> found = PairedDifference(0.0, -0.02, 0.02, 0.01, 1.0, 200)
    >>> find_tolerance(None, found), find_tolerance(2.0, found)
    (0.01, 0.02)
    """
    if points is not None:
        return points / 100
    # To prove a loss below half a point would take about 10,000 images.
    return max(LEAST_TOLERANCE, difference.standard_error)
