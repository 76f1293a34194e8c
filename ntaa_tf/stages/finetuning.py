"""The stage that trains the plain model."""

from pathlib import Path
from typing import Any

import keras

from ntaa_tf.graph.precision import set_precision
from ntaa_tf.graph.rewrite import rewrite
from ntaa_tf.graph.rewrite import single_or_list
from ntaa_tf.search.remat import Rematerialized
from ntaa_tf.stages.job import Job
from ntaa_tf.stages.job import save_model
from ntaa_tf.tasks.classification import compile_options
from ntaa_tf.training import fit_resumably


def finetune(job: Job, directory: Path) -> dict[str, Any]:
    """Train the plain model for the epochs that are left.

    Args:
        job: what the stages share; its `path` gets `adapted.keras`.
        directory: of this stage, for what resuming needs.

    Returns:
        The `history`: each metric after each epoch.
    """
    model = _load_start(job)
    trained = _compile(job, model)
    history = fit_resumably(
        trained,
        lambda first: job.training_batches(
            job.searched + first, job.recipe.total_epochs
        ),
        epochs=job.recipe.total_epochs - job.searched,
        steps_per_epoch=job.steps,
        directory=directory,
        validation_batches=job.evaluation_batches(job.dataset.validation),
        callbacks=[],
    )
    set_precision(model)
    save_model(model, job.path / "adapted.keras")
    return {"history": history}


def _load_start(job: Job) -> keras.Model:
    """Load the model to be trained, in the precision of its training."""
    if job.searched:
        path = job.path / "search" / "collapsed.keras"
        model = keras.models.load_model(path)
    else:
        model = rewrite(job.source)
    keras.utils.set_random_seed(job.recipe.seed)
    set_precision(model, job.recipe.mixed_precision)
    return model


def _compile(job: Job, model: keras.Model) -> keras.Model:
    """Make a model of the same layers, ready to be trained."""
    optimizer = job.make_optimizer(
        model,
        job.recipe.total_epochs - job.searched,
        first_epoch=job.searched,
    )
    trained = Rematerialized(*single_or_list(model))
    trained.compile(
        optimizer=optimizer, **job.execution_options(), **compile_options()
    )
    optimizer.build(model.trainable_variables)
    return trained
