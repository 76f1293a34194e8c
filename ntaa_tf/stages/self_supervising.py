"""The stage in which a supernet learns without labels, once for all tasks."""

from pathlib import Path
from typing import Any

import keras

from ntaa_tf import data
from ntaa_tf import zoo
from ntaa_tf.graph.precision import set_precision
from ntaa_tf.recipe import Recipe
from ntaa_tf.runs import find_versions
from ntaa_tf.search.contrastive import ContrastiveSupernet
from ntaa_tf.search.contrastive import KeySpace
from ntaa_tf.search.contrastive import attach_query_head
from ntaa_tf.search.contrastive import build_key_encoder
from ntaa_tf.search.joint import Supernet
from ntaa_tf.search.key_queue import KeyQueue
from ntaa_tf.search.super_supernet import check_super
from ntaa_tf.search.super_supernet import is_kept
from ntaa_tf.search.super_supernet import keep_super
from ntaa_tf.size import Size
from ntaa_tf.stages.domains import prepare_data
from ntaa_tf.stages.features import load_features
from ntaa_tf.stages.job import Job
from ntaa_tf.stages.job import make_supernet
from ntaa_tf.stages.task import make_task
from ntaa_tf.training import fit_resumably
from ntaa_tf.workdir import claim

STAGE = "supernet"


def self_supervise(job: Job, directory: Path) -> dict[str, Any]:
    """Train a supernet without labels, unless there is one.

    Args:
        job: what the stages share.
        directory: gets the supernet, if the recipe names no other.

    Returns:
        Whether it was `kept` from another run; if not, the `history` of its
        loss.
    """
    path = find_super(job.recipe, job.path)
    if is_kept(path):
        return {"kept": True}
    height, width = job.source.inputs[0].shape[1:3]
    with claim(path):
        history = learn_without_labels(
            job.recipe, job.dataset, (height, width), path
        )
    return {"kept": False, "history": history}


def find_super(recipe: Recipe, workdir: Path) -> Path:
    """Give the directory of the supernet of a run."""
    if recipe.supernet is not None:
        return Path(recipe.supernet)
    return workdir / STAGE


def check_kept(recipe: Recipe, source: keras.Model) -> None:
    """Raise a ValueError if the supernet that is there is of another source."""
    if recipe.supernet is None or not is_kept(Path(recipe.supernet)):
        return
    height, width = source.inputs[0].shape[1:3]
    check_super(Path(recipe.supernet), list_shared(recipe, (height, width)))


def list_shared(recipe: Recipe, image_size: Size) -> dict[str, Any]:
    """List what a supernet and the tasks that use it have in common."""
    names = (
        *("model", "weights", "preprocessing", "last_stride"),
        *("candidates", "sites", "skip_inputs", "candidate_weights", "start"),
    )
    shared = {name: getattr(recipe, name) for name in names}
    return {**shared, "image_size": list(image_size)}


def learn_without_labels(
    recipe: Recipe, dataset: Any, image_size: Size, path: Path
) -> dict[str, list[float]]:
    """Train a supernet by its source's own features, and keep it.

    Args:
        recipe: the choices.
        dataset: of the task; its training images are taken where the recipe
            names no others.
        image_size: height and width in pixels.
        path: gets the supernet, and what resuming needs.

    Returns:
        The loss after each epoch.
    """
    info = zoo.find_source(recipe.model, recipe.weights, recipe.preprocessing)
    source = load_features(recipe, info, image_size)
    features = make_supernet(recipe, source)
    if recipe.supernet_dataset is not None:
        dataset = _prepare_others(recipe, image_size, path)
    job = Job(recipe, source, dataset, path)
    learner = _make_learner(job, features)
    history = fit_resumably(
        learner,
        lambda first: data.contrasting_batches(
            dataset.train,
            recipe.batch_size,
            flip=dataset.mirrors if recipe.flip is None else recipe.flip,
            seed=recipe.seed,
            first_epoch=first,
            epochs=recipe.supernet_epochs - first,
        ),
        epochs=recipe.supernet_epochs,
        steps_per_epoch=_count_steps(job),
        directory=path,
        callbacks=[],
    )
    set_precision(learner)
    keep_super(features, path, list_shared(recipe, image_size), find_versions())
    return history


def _prepare_others(recipe: Recipe, image_size: Size, path: Path) -> Any:
    """Decode the images of another data set."""
    raw = make_task(recipe).open(str(recipe.supernet_dataset), recipe.data_dir)
    return prepare_data(recipe, raw, image_size, path, train_examples=None)


def _count_steps(job: Job) -> int:
    """Count the batches of an epoch, of no class in particular."""
    return len(job.dataset.train) // job.recipe.batch_size


def _make_learner(job: Job, features: Supernet) -> ContrastiveSupernet:
    """Make what is trained, around the layers of a supernet."""
    recipe, steps = job.recipe, _count_steps(job)
    encoder = build_key_encoder(job.source, recipe.key_size, recipe.seed)
    size = encoder.output.shape[-1]
    learner = ContrastiveSupernet(
        features.input, attach_query_head(features, size, recipe.seed)
    )
    set_precision(learner, recipe.mixed_precision)
    learner.compile(
        optimizer=job.make_optimizer(learner, recipe.supernet_epochs * steps),
        seed=recipe.seed,
        start=recipe.start,
        end="paper",
        key_space=KeySpace(
            lambda images: encoder(images, training=False),
            KeyQueue(recipe.queue_length, size, recipe.seed),
            recipe.key_temperature,
        ),
        **job.execution_options(steps),
    )
    return learner
