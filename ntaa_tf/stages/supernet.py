"""The stage `supernet`: pretrain a supernet without labels, by contrast."""

import contextlib
from pathlib import Path
from typing import Any

from ntaa_tf import data
from ntaa_tf.assembly.assembly import Assembly
from ntaa_tf.assembly.pretraining import build_pretraining
from ntaa_tf.assembly.run_directory import find_versions
from ntaa_tf.assembly.supernet import build_supernet
from ntaa_tf.assembly.supernet_directory import SUPERNET_FLAG
from ntaa_tf.assembly.supernet_directory import check_shared_supernet
from ntaa_tf.assembly.supernet_directory import find_supernet_path
from ntaa_tf.assembly.supernet_directory import list_shared
from ntaa_tf.assembly.supernet_directory import list_training_choices
from ntaa_tf.distribute import share_directory
from ntaa_tf.search.contrastive import ContrastiveSupernet
from ntaa_tf.search.contrastive import KeySpace
from ntaa_tf.search.contrastive import attach_query_head
from ntaa_tf.search.contrastive import build_key_encoder
from ntaa_tf.search.kept_supernet import has_supernet
from ntaa_tf.search.kept_supernet import save_supernet
from ntaa_tf.search.key_queue import KeyQueue
from ntaa_tf.search.spreading import list_spreading_kernels
from ntaa_tf.search.supernet import Supernet
from ntaa_tf.storage.run_directory import claim
from ntaa_tf.training.batch_norm_calibration import RECALIBRATION_BATCHES
from ntaa_tf.training.batch_norm_calibration import Recalibration
from ntaa_tf.training.batch_norm_synchronization import synchronize
from ntaa_tf.training.precision import set_precision
from ntaa_tf.training.resumable_fit import fit_resumably

FEATURES_FILE = "source.keras"


def provide_supernet(assembly: Assembly, directory: Path) -> dict[str, Any]:
    """Pretrain the supernet, unless its directory has one already.

    Args:
        assembly: what the stages share.
        directory: directory of this stage; it gets the supernet, if the
            recipe names no other directory.

    Returns:
        Whether the supernet was `kept` from another run; if not, the
        `history` of its loss.
    """
    recipe = assembly.recipe
    path = find_supernet_path(recipe, assembly.path)
    # Without --supernet it is in the run directory, which is shared already.
    is_own = recipe.unsupervised.supernet is None
    shared = (
        contextlib.nullcontext(path)
        if is_own
        else share_directory(path, SUPERNET_FLAG)
    )
    with shared as path, contextlib.ExitStack() as claims:
        # A finished supernet needs no lock; its directory may be read-only.
        if not has_supernet(path):
            claims.enter_context(claim(path, SUPERNET_FLAG))
        # Asked again: another run may have finished it before the lock.
        if has_supernet(path):
            check_shared_supernet(recipe, assembly.source)
            return {"kept": True}
        pretraining = build_pretraining(
            recipe, assembly.dataset, assembly.image_size, path
        )
        history = pretrain_supernet(pretraining)
    return {"kept": False, "history": history}


def pretrain_supernet(assembly: Assembly) -> dict[str, list[float]]:
    """Train a supernet to match its source's embeddings, and save it.

    Args:
        assembly: assembly of `build_pretraining`; its run directory gets the
            supernet and its checkpoints.

    Returns:
        The loss after each epoch.

    Raises:
        ValueError: if there are too few images for a batch.
    """
    recipe, image_size = assembly.recipe, assembly.image_size
    features = build_supernet(recipe, assembly.source, assembly.task)
    learner = _build_learner(assembly, features)
    history = _fit(assembly, learner)
    set_precision(learner)
    synchronize(learner, False)
    # Batch norm has statistics of earlier weights, and of distorted views.
    images = assembly.batches.calibration_images(RECALIBRATION_BATCHES)
    Recalibration(features)(images)
    save_supernet(
        features,
        assembly.path,
        list_shared(recipe, image_size),
        list_training_choices(recipe),
        find_versions(),
    )
    return history


def _fit(
    assembly: Assembly, learner: ContrastiveSupernet
) -> dict[str, list[float]]:
    """Train by contrast, from the last checkpoint if any."""
    recipe, dataset = assembly.recipe, assembly.dataset
    epochs, flip = recipe.unsupervised.supernet_epochs, recipe.data.flip
    return fit_resumably(
        learner,
        lambda first: data.contrasting_batches(
            dataset.train,
            recipe.training.batch_size,
            flip=dataset.can_mirror if flip is None else flip,
            seed=recipe.output.seed,
            first_epoch=first,
            epochs=epochs - first,
        ),
        epochs=epochs,
        steps_per_epoch=_count_steps(assembly),
        directory=assembly.path,
        callbacks=[*assembly.callbacks],
    )


def _count_steps(assembly: Assembly) -> int:
    """Count the batches of an epoch, which are shuffled over all classes."""
    images = len(assembly.dataset.train)
    batch_size = assembly.recipe.training.batch_size
    accumulated = assembly.recipe.compute.accumulation_steps
    steps: int = images // batch_size
    if steps < accumulated:
        raise ValueError(
            f"--batch_size={batch_size} is too large for a supernet that "
            f"learns from {images} images: an update needs {accumulated} full "
            "batches. Choose a smaller --batch_size."
        )
    return steps


def _build_learner(
    assembly: Assembly, features: Supernet
) -> ContrastiveSupernet:
    """Build and compile the contrastive model on the layers of a supernet."""
    recipe, steps = assembly.recipe, _count_steps(assembly)
    choices, seed = recipe.unsupervised, recipe.output.seed
    encoder = build_key_encoder(assembly.source, choices.key_size, seed)
    size = encoder.output.shape[-1]
    learner = ContrastiveSupernet(
        features.input, attach_query_head(features, size, seed)
    )
    set_precision(learner, recipe.compute.mixed_precision)
    synchronize(learner, recipe.compute.sync_batch_norm)
    careful = (
        list_spreading_kernels(features) if recipe.slows_new_kernels else []
    )
    learner.compile(
        optimizer=assembly.make_optimizer(
            learner, choices.supernet_epochs * steps, careful=careful
        ),
        seed=seed,
        start=recipe.search.start,
        end="paper",
        key_space=KeySpace(
            lambda images: encoder(images, training=False),
            KeyQueue(choices.queue_length, size, seed),
            choices.key_temperature,
        ),
        **assembly.execution_options(steps),
    )
    return learner
