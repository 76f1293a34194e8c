"""The stage that trains the plain model."""

from pathlib import Path
from typing import Any

import keras

from ntaa_tf.assembly.job import ADAPTED_FILE
from ntaa_tf.assembly.job import Job
from ntaa_tf.assembly.job import read_architecture
from ntaa_tf.graph.rewrite import rewrite
from ntaa_tf.graph.squeeze_excitation import find_residual_branches
from ntaa_tf.graph.squeeze_excitation import insert_squeeze_excitation
from ntaa_tf.recipe.methods import INHERIT
from ntaa_tf.recipe.methods import NOTHING
from ntaa_tf.recipe.methods import SCRATCH
from ntaa_tf.recipe.methods import TRANSFER
from ntaa_tf.search.spreading import list_collapsed_kernels
from ntaa_tf.stages.deriving import ARCHITECTURE_FILE
from ntaa_tf.stages.deriving import COLLAPSED_FILE
from ntaa_tf.stages.plain import fit_plainly
from ntaa_tf.stages.transfer import PRETRAINED_FILE
from ntaa_tf.storage.model_files import load_model
from ntaa_tf.storage.model_files import save_model
from ntaa_tf.training.batch_norm_calibration import RECALIBRATION_BATCHES
from ntaa_tf.training.batch_norm_calibration import Recalibration
from ntaa_tf.training.freezing import freeze_before


def finetune(job: Job, directory: Path) -> dict[str, Any]:
    """Train the plain model for the epochs that are left.

    Batch norm ends with the moving averages of the training, or with means
    over batches, whichever validates better.

    Args:
        job: what the stages share; its `path` gets `adapted.keras`.
        directory: of this stage, for what resuming needs.

    Returns:
        The `history`: each metric after each epoch; and at the end the
        score on the validation split, such as `validation_accuracy`.
    """
    recipe = job.recipe
    keras.utils.set_random_seed(recipe.seed)
    model = load_start(job)
    frozen = []
    if recipe.method == "partial":
        frozen = freeze_before(model, recipe.trainable_from)
    epochs = recipe.total_epochs - recipe.searched_epochs
    history = fit_plainly(
        job,
        model,
        epochs,
        directory,
        recipe.searched_epochs,
        recipe.one_cosine,
        list_careful(job, model),
    )
    # Of few images, as moving averages are, they can mislead where nearly dead
    # channels pass one normalization after the other.
    score = Recalibration(model).if_better(
        job.calibration_images(RECALIBRATION_BATCHES),
        lambda: job.validate(model),
    )
    for layer in frozen:
        layer.trainable = True
    save_model(job.task.finish(model), job.path / ADAPTED_FILE)
    return {"history": history, f"validation_{job.task.score}": score}


def list_careful(job: Job, model: keras.Model) -> list[keras.Variable]:
    """List what begins as a delta beside weights that are inherited.

    Args:
        job: its `path` has the architecture, if there is one.
        model: what is finetuned.
    """
    plan = job.recipe.plan
    inherits = plan.search != NOTHING and plan.weights == INHERIT
    if not (inherits and job.recipe.is_careful):
        return []
    architecture = read_architecture(job.path / "search" / ARCHITECTURE_FILE)
    return list_collapsed_kernels(model, architecture, job.source)


def load_start(job: Job) -> keras.Model:
    """Load what finetuning begins with, by the method."""
    plan = job.recipe.plan
    if plan.weights == TRANSFER:
        path = job.path / "pretrain" / PRETRAINED_FILE
        return load_model(path)
    model = job.source
    if plan.search != NOTHING:
        path = job.path / "search" / COLLAPSED_FILE
        model = load_model(path)
    if job.recipe.squeeze_excitation:
        # What the search left of a branch may be without convolutions.
        branches = find_residual_branches(job.source)
        model = insert_squeeze_excitation(model, branches)
    return rewrite(model, fresh=plan.weights == SCRATCH)
