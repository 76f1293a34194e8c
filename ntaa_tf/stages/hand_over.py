"""The stage `hand_over`: choose the method's network, or the baseline."""

import dataclasses
from pathlib import Path
from typing import Any

from ntaa_tf.assembly.assembly import Assembly
from ntaa_tf.distribute import agree
from ntaa_tf.graph.cost import measure_cost
from ntaa_tf.metrics import PairedDifference
from ntaa_tf.metrics import compare_scores
from ntaa_tf.recipe import Recipe
from ntaa_tf.recipe.values import SEARCHED
from ntaa_tf.report import BETTER
from ntaa_tf.report import find_outcome
from ntaa_tf.stages.evaluate import predict
from ntaa_tf.storage.files import copy_atomically
from ntaa_tf.storage.model_files import ADAPTED_FILE
from ntaa_tf.storage.run_metrics import BASELINE

BASELINE_FILE = "baseline.keras"
LEAST_TOLERANCE = 0.005  # Half a point.


def hand_over(assembly: Assembly, directory: Path) -> dict[str, Any]:
    """Choose the network that is handed over, on images that it never saw.

    They are the validation images, or in a search across domains the labelled
    images of the target.

    Args:
        assembly: what the stages share; its run directory has a finished
            baseline, and gets `baseline.keras` and `adapted.keras`.
        directory: directory of this stage.

    Returns:
        What is `handed_over`: `searched` or `baseline`; the `reason` in
        words; whether the images decided; the `split` that they are from; and
        the paired `difference` of their scores.
    """
    del directory  # The networks are for the user, beside it.
    networks = assembly.load_trained(), assembly.baseline.load_adapted()
    split = assembly.deciding
    searched, baseline = (
        assembly.task.score_examples(predict(assembly, network, split), split)
        for network in networks
    )
    difference = compare_scores(
        searched.values, baseline.values, searched.groups
    )
    # Rounding may differ between workers; what they choose must not.
    difference = PairedDifference(**agree(dataclasses.asdict(difference)))
    macs, baseline_macs = (measure_cost(network).macs for network in networks)
    chosen, reason, measured = choose(
        assembly.recipe,
        difference,
        saves=baseline_macs - macs,
        is_limited=_exceeds_limits(assembly),
    )
    files = {
        SEARCHED: assembly.path / assembly.trained_file,
        BASELINE: assembly.path / BASELINE_FILE,
    }
    copy_atomically(assembly.baseline.path / ADAPTED_FILE, files[BASELINE])
    copy_atomically(files[chosen], assembly.path / ADAPTED_FILE)
    return {
        "handed_over": chosen,
        "reason": reason,
        "is_measured": measured,
        "split": "target" if assembly.decides_on_target else "validation",
        "difference": dataclasses.asdict(difference),
    }


def _exceeds_limits(assembly: Assembly) -> bool:
    """Return whether the baseline, which costs what the source does, is over.

    Args:
        assembly: what the stages share.
    """
    if not assembly.recipe.limits.by_cost:
        return False
    budget = assembly.run_directory.read_result("search").get("budget", {})
    return any(cost["source"] > cost["limit"] for cost in budget.values())


def choose(
    recipe: Recipe,
    difference: PairedDifference,
    saves: int,
    is_limited: bool = False,
) -> tuple[str, str, bool]:
    """Choose the method's network or the baseline.

    What costs more must prove its worth; a saving must do no harm that can be
    seen; at the same cost the better one is taken.

    Args:
        recipe: recipe of the run.
        difference: validation score of the method's network minus that of the
            baseline.
        saves: MACs that the method's network saves; below 0 if it has more.
        is_limited: whether the baseline exceeds a limit.

    Returns:
        `searched` or `baseline`, the reason in words, and whether the
        validation images decided.
    """
    choices = recipe.adaptation
    tolerance = find_tolerance(choices.tolerance, difference)
    points = f"{100 * tolerance:.1f} points"
    loss = -difference.difference
    if choices.hand_over == SEARCHED:
        return SEARCHED, "--hand_over=searched asks for it", False
    if is_limited:
        return SEARCHED, "plain finetuning exceeds the limits", False
    if find_outcome(difference) == BETTER:
        return SEARCHED, "it is better beyond chance", True
    if saves > 0 and loss <= tolerance:
        return SEARCHED, f"it is cheaper and loses at most {points}", True
    if saves > 0:
        return BASELINE, f"the cheaper network loses more than {points}", True
    if saves == 0 and loss < 0:
        return SEARCHED, "it is better at the same cost", True
    return BASELINE, "the other network is not better beyond chance", True


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
