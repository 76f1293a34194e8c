"""The stage `finetune`: train the collapsed model, or the source."""

from pathlib import Path
from typing import Any

import keras

from ntaa_tf.assembly.assembly import Assembly
from ntaa_tf.assembly.supernet import read_architecture
from ntaa_tf.graph.rewrite import rewrite
from ntaa_tf.graph.squeeze_excitation import find_residual_branches
from ntaa_tf.graph.squeeze_excitation import insert_squeeze_excitation
from ntaa_tf.recipe.methods import INHERIT
from ntaa_tf.recipe.methods import NOTHING
from ntaa_tf.recipe.methods import SCRATCH
from ntaa_tf.recipe.methods import TRANSFER
from ntaa_tf.recipe.values import BEST
from ntaa_tf.search.spreading import list_collapsed_kernels
from ntaa_tf.stages.collapse import ARCHITECTURE_FILE
from ntaa_tf.stages.collapse import COLLAPSED_FILE
from ntaa_tf.stages.plain_fit import fit_plain_model
from ntaa_tf.stages.transfer import TRANSFERRED_FILE
from ntaa_tf.storage.model_files import load_model
from ntaa_tf.storage.model_files import save_model
from ntaa_tf.training.batch_norm_calibration import RECALIBRATION_BATCHES
from ntaa_tf.training.batch_norm_calibration import Recalibration
from ntaa_tf.training.best_epoch import find_best
from ntaa_tf.training.freezing import freeze_before


def finetune(assembly: Assembly, directory: Path) -> dict[str, Any]:
    """Train the collapsed model, or the source, for the remaining epochs.

    Batch norm ends with its moving averages or with recalibrated statistics,
    whichever validates better.

    Args:
        assembly: what the stages share; its run directory gets the network,
            see `Assembly.trained_file`.
        directory: directory of this stage.

    Returns:
        The `history`: each metric after each epoch; the final validation
        score, such as `validation_accuracy`; and with --keep=best the
        `kept_epoch`, whose weights the network has.
    """
    recipe = assembly.recipe
    keras.utils.set_random_seed(recipe.output.seed)
    model = load_start(assembly)
    frozen = []
    if recipe.adaptation.method == "partial":
        frozen = freeze_before(model, recipe.adaptation.trainable_from)
    score = assembly.task.score
    best_score = f"val_{score}" if recipe.training.keep == BEST else None
    history = fit_plain_model(
        assembly,
        model,
        recipe.training.total_epochs - recipe.searched_epochs,
        directory,
        recipe.searched_epochs,
        recipe.one_cosine,
        list_careful(assembly, model),
        assembly.load_teacher(),
        best_score,
    )
    # Moving averages see few images. They can be far off where nearly dead
    # channels pass several batch norms in a row.
    validated = Recalibration(model).if_better(
        assembly.batches.calibration_images(RECALIBRATION_BATCHES),
        lambda: assembly.validate(model),
    )
    for layer in frozen:
        layer.trainable = True
    save_model(
        assembly.task.finish(model), assembly.path / assembly.trained_file
    )
    result = {"history": history, f"validation_{score}": validated}
    if best_score is not None:
        result["kept_epoch"] = find_best(history[best_score])
    return result


def list_careful(
    assembly: Assembly, model: keras.Model
) -> list[keras.Variable]:
    """List the depthwise kernels that began as deltas in the search.

    They get scaled-down gradients, as in the search, if the recipe slows new
    kernels.

    Args:
        assembly: what the stages share.
        model: model to finetune.
    """
    plan = assembly.recipe.adaptation.plan
    inherits = plan.search != NOTHING and plan.weights == INHERIT
    if not (inherits and assembly.recipe.slows_new_kernels):
        return []
    file = assembly.path / "search" / ARCHITECTURE_FILE
    return list_collapsed_kernels(
        model, read_architecture(file), assembly.source
    )


def load_start(assembly: Assembly) -> keras.Model:
    """Load the model that finetuning begins with.

    Args:
        assembly: what the stages share.

    Returns:
        A copy of the source, the collapsed model of the search, or the
        transferred model, with the initial weights of the method.
    """
    plan = assembly.recipe.adaptation.plan
    if plan.weights == TRANSFER:
        return load_model(assembly.path / "transfer" / TRANSFERRED_FILE)
    model = assembly.source
    if plan.search != NOTHING:
        model = load_model(assembly.path / "search" / COLLAPSED_FILE)
    if assembly.recipe.source.squeeze_excitation:
        # Branches are found by their convolutions, which the collapsed model
        # may not have any more.
        branches = find_residual_branches(assembly.source)
        model = insert_squeeze_excitation(model, branches)
    return rewrite(model, fresh=plan.weights == SCRATCH)
