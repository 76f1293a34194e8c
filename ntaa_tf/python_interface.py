"""The whole job in one call from Python: `ntaa_tf.adapt`."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from typing import TypeAlias

import keras
import numpy as np
import tensorflow as tf

from ntaa_tf import pipeline
from ntaa_tf.assembly.assembly import ADAPTED_FILE
from ntaa_tf.data.array_file import Arrays
from ntaa_tf.data.array_file import write_arrays
from ntaa_tf.recipe import make_recipe
from ntaa_tf.stages.hand_over import BASELINE_FILE
from ntaa_tf.storage.model_files import load_model
from ntaa_tf.storage.model_files import save_model
from ntaa_tf.storage.run_metrics import RunMetrics

GIVEN = Path("runs/given")  # Models and arrays that came from Python.

# A data set's name, a folder, arrays of images and labels, or a
# `tf.data.Dataset` of such pairs, which has no type of its own.
Data: TypeAlias = str | Path | Arrays | Any


@dataclass(frozen=True)
class Adaptation:
    """The result of `adapt`.

    Args:
        model: the adapted model, which is handed over.
        baseline: plain finetuning; None with `baseline=False`.
        metrics: all numbers of the run. `metrics.verdict` compares the two.
        run_directory: directory with the models, the report and the exports.
    """

    model: keras.Model
    baseline: keras.Model | None
    metrics: RunMetrics
    run_directory: Path


def adapt(
    model: str | Path | keras.Model,
    train: Data,
    validation: Data | None = None,
    test: Data | None = None,
    *,
    workdir: str | Path,
    class_names: Sequence[str] = (),
    callbacks: Sequence[keras.callbacks.Callback] = (),
    **choices: Any,
) -> Adaptation:
    """Adapt a pretrained model to a data set.

    This is the command `python -m ntaa_tf.adapt`. A model and arrays are
    written below `runs/given`, by their content: the same call goes on where
    the last one stopped.

    Args:
        model: a Keras model, or a value of `--model`.
        train: training data: a folder, a value of `--dataset`, or examples.
            Examples are a pair of images and labels, or a `tf.data.Dataset`
            of such pairs, with or without batches. Images have one size and
            values from 0 to 255; labels are class indices or one-hot.
        validation: examples for all choices; by default a share of `train`.
        test: examples of the test split; by default a share of `train`.
        workdir: run directory.
        class_names: class names of the examples, in the order of the labels.
        callbacks: Keras callbacks of every training of the run.
        **choices: choices of the run, named as the flags of the command, such
            as `image_size` and `preprocessing`.

    Returns:
        The adapted model, the baseline, and the metrics with the verdict.

    Raises:
        ValueError: if the data or the choices are invalid, before any
            training.

    Source: "Joint Learning of Neural Transfer and Architecture Adaptation for
    Image Recognition".

    Example:
    >>> result = adapt(  # doctest: +SKIP
    ...     keras.applications.MobileNet(), "photos", workdir="runs/photos"
    ... )
    >>> print(result.metrics.verdict.sentence)  # doctest: +SKIP
    """
    recipe = make_recipe(
        model=_name_model(model),
        dataset=_name_data(train, validation, test, class_names),
        workdir=str(workdir),
        **choices,
    )
    metrics = pipeline.run(recipe, callbacks)
    directory = Path(workdir)
    baseline = None
    if metrics.hand_over is not None:
        baseline = load_model(directory / BASELINE_FILE)
    adapted = load_model(directory / ADAPTED_FILE)
    return Adaptation(adapted, baseline, metrics, directory)


def _name_model(model: str | Path | keras.Model) -> str:
    """Return the value of `--model`; write a model into a file."""
    if not isinstance(model, keras.Model):
        return str(model)
    digest = hashlib.sha256(model.to_json().encode())
    for weight in model.get_weights():
        digest.update(weight.tobytes())
    path = GIVEN / f"{model.name}-{digest.hexdigest()[:12]}.keras"
    if not path.exists():
        save_model(model, path)
    return str(path)


def _name_data(
    train: Data,
    validation: Data | None,
    test: Data | None,
    class_names: Sequence[str],
) -> str:
    """Return the value of `--dataset`; write examples into a file."""
    if isinstance(train, str | Path):
        if validation is not None or test is not None or class_names:
            raise ValueError(
                "`validation`, `test` and `class_names` can't be given beside "
                "a folder or a name: a folder has them in validation/ and "
                "test/, and its classes are folders."
            )
        is_folder = Path(train).expanduser().is_dir()
        return f"folder:{train}" if is_folder else str(train)
    given = {"train": train, "validation": validation, "test": test}
    splits = {
        split: _read_examples(split, data)
        for split, data in given.items()
        if data is not None
    }
    count = 1 + max(int(labels.max()) for _, labels in splits.values())
    names = [*class_names] or [str(label) for label in range(count)]
    digest = hashlib.sha256(repr(names).encode())
    for arrays in splits.values():
        for array in arrays:
            digest.update(np.ascontiguousarray(array).tobytes())
    path = GIVEN / f"{digest.hexdigest()[:12]}.npz"
    if not path.exists():
        write_arrays(path, splits, names)
    return f"arrays:{path}"


def _read_examples(split: str, data: Data) -> Arrays:
    """Return images, uint8, and class indices of a split."""
    if isinstance(data, str | Path):
        raise ValueError(
            f"`{split}` is a name, but `train` has examples. Give examples of "
            "each split."
        )
    if isinstance(data, tf.data.Dataset):
        data = _collect(data)
    images, labels = (np.asarray(part) for part in data)
    return _check_images(split, images), _check_labels(split, labels)


def _collect(data: tf.data.Dataset) -> Arrays:
    """Read a dataset of examples, or of batches of them."""
    images, labels = [], []
    for image, label in data.as_numpy_iterator():
        is_batch = np.ndim(image) == 4
        images.append(image if is_batch else image[None])
        labels.append(label if is_batch else np.asarray(label)[None])
    if not images:
        raise ValueError("Expected examples. Received: an empty dataset.")
    return np.concatenate(images), np.concatenate(labels)


def _check_images(split: str, images: np.ndarray) -> np.ndarray:
    """Return RGB images as uint8."""
    if images.ndim != 4 or images.shape[-1] not in (1, 3):
        raise ValueError(
            f"Invalid images of `{split}`. Expected the shape (examples, "
            f"height, width, 3). Received: {images.shape}."
        )
    if images.dtype != np.uint8:
        smallest, largest = images.min(), images.max()
        if not (smallest >= 0 and 1 < largest <= 255):
            raise ValueError(
                f"Invalid images of `{split}`. Expected values from 0 to 255. "
                f"Received: {smallest:.4g} to {largest:.4g}."
            )
        images = np.rint(images).astype(np.uint8)
    return np.repeat(images, 3, -1) if images.shape[-1] == 1 else images


def _check_labels(split: str, labels: np.ndarray) -> np.ndarray:
    """Return class indices; one-hot labels have one column for each class."""
    if labels.ndim == 2:
        labels = labels.argmax(-1) if labels.shape[1] > 1 else labels[:, 0]
    is_whole = labels.ndim == 1 and np.all(labels == np.rint(labels))
    if not is_whole or labels.min() < 0:
        raise ValueError(
            f"Invalid labels of `{split}`. Expected class indices (examples,), "
            f"or one-hot labels. Received: {labels.dtype} {labels.shape}."
        )
    return labels.astype(np.int64)
