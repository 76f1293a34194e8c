"""The stage in which a supernet learns without labels, once for all tasks."""

import contextlib
from pathlib import Path
from typing import Any

import keras

from ntaa_tf import data
from ntaa_tf import zoo
from ntaa_tf.assembly.data import identify_data
from ntaa_tf.assembly.data import prepare_data
from ntaa_tf.assembly.features import load_features
from ntaa_tf.assembly.job import Job
from ntaa_tf.assembly.job import make_supernet
from ntaa_tf.assembly.runs import find_versions
from ntaa_tf.assembly.supernet_directory import FLAG
from ntaa_tf.assembly.supernet_directory import check_kept
from ntaa_tf.assembly.supernet_directory import find_super
from ntaa_tf.assembly.supernet_directory import list_shared
from ntaa_tf.assembly.supernet_directory import list_training_choices
from ntaa_tf.assembly.supernet_directory import open_super
from ntaa_tf.assembly.task import make_task
from ntaa_tf.distribute import share_directory
from ntaa_tf.image_size import Size
from ntaa_tf.recipe import Recipe
from ntaa_tf.search.contrastive import ContrastiveSupernet
from ntaa_tf.search.contrastive import KeySpace
from ntaa_tf.search.contrastive import attach_query_head
from ntaa_tf.search.contrastive import build_key_encoder
from ntaa_tf.search.kept_supernet import has_supernet
from ntaa_tf.search.kept_supernet import save_supernet
from ntaa_tf.search.key_queue import KeyQueue
from ntaa_tf.search.spreading import list_spreading_kernels
from ntaa_tf.search.supernet import Supernet
from ntaa_tf.storage.model_files import load_model
from ntaa_tf.storage.model_files import save_model
from ntaa_tf.storage.run_directory import RunDirectory
from ntaa_tf.storage.run_directory import claim
from ntaa_tf.training.batch_norm_calibration import RECALIBRATION_BATCHES
from ntaa_tf.training.batch_norm_calibration import Recalibration
from ntaa_tf.training.batch_norm_synchronization import synchronize
from ntaa_tf.training.precision import set_precision
from ntaa_tf.training.resumable_fit import fit_resumably


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
    height, width = job.source.inputs[0].shape[1:3]
    is_own = job.recipe.supernet is None  # Then it is in a work directory.
    share = contextlib.nullcontext if is_own else share_directory
    with share(path) as path, contextlib.ExitStack() as claims:
        if not has_supernet(path):  # One that is kept may be another person's.
            claims.enter_context(claim(path, FLAG))
        if has_supernet(path):
            check_kept(job.recipe, job.source)
            return {"kept": True}
        history = learn_without_labels(
            job.recipe, job.dataset, (height, width), path
        )
    return {"kept": False, "history": history}


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

    Raises:
        ValueError: if the directory is of other choices, or there are too few
            images.
    """
    workdir = open_super(recipe, image_size, path)
    if recipe.supernet_dataset is not None:
        dataset = _prepare_others(recipe, image_size, path)
    source = _keep_features(recipe, image_size, dataset, workdir)
    job = Job(recipe, source, dataset, path)
    features = make_supernet(recipe, job.source)
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
    synchronize(learner, False)
    # Those of the training are of weights that moved, and of two views.
    Recalibration(features)(job.calibration_images(RECALIBRATION_BATCHES))
    save_supernet(
        features,
        path,
        list_shared(recipe, image_size),
        list_training_choices(recipe),
        find_versions(),
    )
    return history


def _keep_features(
    recipe: Recipe, image_size: Size, dataset: Any, workdir: RunDirectory
) -> keras.Model:
    """Load the source, once: the keys have to be of the same to the end."""
    file = "source.keras"
    fingerprint = identify_data(dataset)

    def load(directory: Path) -> dict[str, Any]:
        info = zoo.find_source(
            recipe.model, recipe.weights, recipe.preprocessing
        )
        features = load_features(recipe, info, image_size)
        save_model(features, directory / file)
        return {"data": fingerprint}

    kept = workdir.run_once("source", load)
    data.check_fingerprint(dataset.name, kept["data"], fingerprint)
    return load_model(workdir.path / "source" / file)


def _prepare_others(recipe: Recipe, image_size: Size, path: Path) -> Any:
    """Decode the images of another data set."""
    raw = make_task(recipe).open(str(recipe.supernet_dataset), recipe.data_dir)
    return prepare_data(recipe, raw, image_size, path, train_examples=None)


def _count_steps(job: Job) -> int:
    """Count the batches of an epoch, of no class in particular."""
    recipe, images = job.recipe, len(job.dataset.train)
    steps: int = images // recipe.batch_size
    if steps < recipe.accumulation_steps:
        raise ValueError(
            "Invalid value for `batch_size`. Expected batches for an update, "
            f"{recipe.accumulation_steps}, of the {images} images that the "
            f"supernet learns from. Received: {recipe.batch_size}."
        )
    return steps


def _make_learner(job: Job, features: Supernet) -> ContrastiveSupernet:
    """Make what is trained, around the layers of a supernet."""
    recipe, steps = job.recipe, _count_steps(job)
    encoder = build_key_encoder(job.source, recipe.key_size, recipe.seed)
    size = encoder.output.shape[-1]
    learner = ContrastiveSupernet(
        features.input, attach_query_head(features, size, recipe.seed)
    )
    set_precision(learner, recipe.mixed_precision)
    synchronize(learner, recipe.sync_batch_norm)
    careful = list_spreading_kernels(features) if recipe.is_careful else []
    learner.compile(
        optimizer=job.make_optimizer(
            learner, recipe.supernet_epochs * steps, careful=careful
        ),
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
