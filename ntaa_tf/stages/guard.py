"""The stage `guard`: keep the baseline if it validates better."""

from pathlib import Path
from typing import Any

from ntaa_tf.assembly.assembly import ADAPTED_FILE
from ntaa_tf.assembly.assembly import Assembly
from ntaa_tf.storage.files import copy_atomically
from ntaa_tf.storage.run_metrics import BASELINE


def guard(assembly: Assembly, directory: Path) -> dict[str, Any]:
    """Replace the adapted model by the baseline if that validates better.

    Args:
        assembly: what the stages share; its run directory has a finished
            baseline.
        directory: directory of this stage; it gets the model that is replaced.

    Returns:
        The validation score of both models, and which one is `kept`.
    """
    score = f"validation_{assembly.task.score}"
    baseline = assembly.baseline.run_directory
    scores = {
        "adapted": assembly.run_directory.read_result("finetune")[score],
        BASELINE: baseline.read_result("finetune")[score],
    }
    kept = "adapted"
    if scores[BASELINE] > scores["adapted"]:
        kept = BASELINE
        adapted = assembly.path / ADAPTED_FILE
        # If this stage was killed, `adapted` may be the baseline already. It
        # must not replace the copy of the search's model.
        if not (directory / ADAPTED_FILE).exists():
            copy_atomically(adapted, directory / ADAPTED_FILE)
        copy_atomically(baseline.path / ADAPTED_FILE, adapted)
    return {"kept": kept, score: scores}
