"""The whole job in one call from Python: `ntaa_tf.adapt`."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from typing import TypeAlias

import keras

from ntaa_tf import pipeline
from ntaa_tf.data.array_file import Arrays
from ntaa_tf.data.array_file import write_arrays
from ntaa_tf.data.given_examples import digest_array
from ntaa_tf.data.given_examples import read_examples
from ntaa_tf.recipe import make_recipe
from ntaa_tf.recipe.values import RETRIEVAL
from ntaa_tf.stages.hand_over import BASELINE_FILE
from ntaa_tf.storage.model_files import ADAPTED_FILE
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
        digest.update(digest_array(weight))
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
        split: read_examples(split, data)
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
            digest.update(digest_array(array))
    path = GIVEN / f"{digest.hexdigest()[:16]}.npz"
    if not path.exists():
        write_arrays(path, splits, names)
    return f"arrays:{path}"


def _name_place(place: str, task: str) -> str:
    """Return the value of `--dataset` for a folder, a file or a name."""
    if Path(place).is_dir():
        return f"{'market' if task == RETRIEVAL else 'folder'}:{place}"
    return f"arrays:{place}" if place.endswith(".npz") else place
