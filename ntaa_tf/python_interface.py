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
from ntaa_tf.recipe.values import RETRIEVAL
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
        train: training data: a folder, which wins over a data set of this
            name, a value of `--dataset`, or examples.
            Examples are a pair of images and labels, or a `tf.data.Dataset`
            of such pairs, with or without batches. Images have one size and
            values from 0 to 255; labels are class indices or one-hot.
        validation: examples for all choices; by default a share of `train`.
        test: examples of the test split; by default a share of `train`.
        workdir: run directory.
        class_names: class names of the examples, in the order of the labels.
        callbacks: Keras callbacks of every training of the run. They must not
            stop a training.
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
    directory = Path(workdir).expanduser()
    recipe = make_recipe(
        model=_name_model(model),
        dataset=_name_data(
            train, validation, test, class_names, choices.get("task", "")
        ),
        workdir=str(directory),
        **choices,
    )
    metrics = pipeline.run(recipe, callbacks)
    baseline = None
    if metrics.hand_over is not None:
        baseline = load_model(directory / BASELINE_FILE)
    adapted = load_model(directory / ADAPTED_FILE)
    return Adaptation(adapted, baseline, metrics, directory)


def _name_model(model: str | Path | keras.Model) -> str:
    """Return the value of `--model`; write a model into a file."""
    if not isinstance(model, keras.Model):
        return str(Path(model).expanduser())
    digest = hashlib.sha256()
    for layer in model.layers:
        # Keras numbers the names of layers through the whole process.
        config = {**layer.get_config(), "name": ""}
        digest.update(f"{type(layer).__name__} {config}".encode())
    for weight in model.get_weights():
        digest.update(_digest(weight))
    path = GIVEN / f"{digest.hexdigest()[:16]}.keras"
    if not path.exists():
        save_model(model, path)
    return str(path)


def _name_data(
    train: Data,
    validation: Data | None,
    test: Data | None,
    class_names: Sequence[str],
    task: str,
) -> str:
    """Return the value of `--dataset`; write examples into a file."""
    if isinstance(train, str | Path):
        if validation is not None or test is not None or class_names:
            raise ValueError(
                "`validation`, `test` and `class_names` can't be given beside "
                "a folder or a name: a folder has them in validation/ and "
                "test/, and its classes are folders."
            )
        return _name_place(str(Path(train).expanduser()), task)
    given = {"train": train, "validation": validation, "test": test}
    splits = {
        split: _read_examples(split, data)
        for split, data in given.items()
        if data is not None
    }
    count = 1 + max(int(labels.max()) for _, labels in splits.values())
    names = [*class_names] or [str(label) for label in range(count)]
    if len(names) < count:
        raise ValueError(
            f"Expected a class name for each of the {count} labels. Received: "
            f"{len(names)}."
        )
    digest = hashlib.sha256(repr(names).encode())
    for split, arrays in splits.items():
        digest.update(split.encode())
        for array in arrays:
            digest.update(_digest(array))
    path = GIVEN / f"{digest.hexdigest()[:16]}.npz"
    if not path.exists():
        write_arrays(path, splits, names)
    return f"arrays:{path}"


def _name_place(place: str, task: str) -> str:
    """Return the value of `--dataset` for a folder, a file or a name."""
    if Path(place).is_dir():
        return f"{'market' if task == RETRIEVAL else 'folder'}:{place}"
    return f"arrays:{place}" if place.endswith(".npz") else place


def _digest(array: np.ndarray) -> bytes:
    """Return a digest of an array's form and values."""
    digest = hashlib.sha256(f"{array.dtype} {array.shape}".encode())
    contiguous: Any = np.ascontiguousarray(array)
    digest.update(contiguous)
    return digest.digest()


def _read_examples(split: str, data: Data) -> Arrays:
    """Return images, uint8, and class indices of a split."""
    if isinstance(data, str | Path):
        raise ValueError(
            f"`{split}` is a name, but `train` has examples. Give examples of "
            "each split."
        )
    if not isinstance(data, tf.data.Dataset):
        images, labels = (np.asarray(part) for part in data)
        return _check_images(split, images), _check_labels(split, labels)
    images, labels = (np.asarray(part) for part in _collect(split, data))
    images = _check_images(split, images)
    labels = _check_labels(split, labels)
    # A dataset may be shuffled; in this order it is always the same file.
    order = sorted(range(len(images)), key=lambda i: images[i].tobytes())
    return images[order], labels[order]


def _collect(split: str, data: tf.data.Dataset) -> tuple[Any, Any]:
    """Read a dataset of examples, or of batches of them."""
    spec = data.element_spec
    if not (isinstance(spec, tuple) and len(spec) == 2):
        raise ValueError(
            f"Invalid `{split}`. Expected a dataset of pairs (image, label). "
            f"Received: {spec}."
        )
    if data.cardinality() == tf.data.INFINITE_CARDINALITY:
        raise ValueError(f"`{split}` is endless. Remove `repeat()`.")
    images, labels = [], []
    for image, label in data.as_numpy_iterator():
        is_batch = np.ndim(image) == 4
        images.append(image if is_batch else image[None])
        labels.append(label if is_batch else np.asarray(label)[None])
    if not images:
        raise ValueError(f"`{split}` is an empty dataset.")
    sizes = {image.shape[1:] for image in images}
    if len(sizes) > 1:
        raise ValueError(
            f"The images of `{split}` have several sizes, such as "
            f"{sorted(sizes)[:2]}. Resize them, or give a folder."
        )
    return np.concatenate(images), np.concatenate(labels)


def _check_images(split: str, images: np.ndarray) -> np.ndarray:
    """Return RGB images as uint8."""
    is_image = images.ndim == 4 and images.shape[-1] in (1, 3) and images.size
    if not (is_image and np.issubdtype(images.dtype, np.number)):
        raise ValueError(
            f"Invalid images of `{split}`. Expected the shape (examples, "
            f"height, width, 3). Received: {images.dtype} {images.shape}."
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
    is_number = np.issubdtype(labels.dtype, np.number)
    if is_number and labels.ndim == 2 and labels.shape[1] == 1:
        labels = labels[:, 0]
    if is_number and labels.ndim == 2 and _are_one_hot(labels):
        labels = labels.argmax(-1)
    is_valid = (
        is_number
        and labels.ndim == 1
        and len(labels) > 0
        and bool(np.all(labels == np.rint(labels)))
        and labels.min() >= 0
    )
    if not is_valid:
        raise ValueError(
            f"Invalid labels of `{split}`. Expected class indices (examples,), "
            f"or one-hot labels. Received: {labels.dtype} {labels.shape}."
        )
    return labels.astype(np.int64)


def _are_one_hot(labels: np.ndarray) -> bool:
    is_binary = np.isin(labels, (0, 1)).all()
    return bool(is_binary and np.all(labels.sum(-1) == 1))
