"""Predictions of an adapted model for image files."""

from collections.abc import Iterator
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from ntaa_tf.data import ServedDecoder
from ntaa_tf.data.decode import SUFFIXES
from ntaa_tf.storage.files import find_reason
from ntaa_tf.storage.model_files import ADAPTED_FILE
from ntaa_tf.storage.model_files import load_model
from ntaa_tf.storage.served_form import ServedForm
from ntaa_tf.storage.served_form import read_served_form

BATCH_SIZE = 32


@dataclass(frozen=True)
class Prediction:
    """The prediction for one image file.

    Args:
        file: the image file.
        probabilities: for each classifier, by its name, the probability of
            each class, the most probable class first.
        embedding: the embedding of a retrieval model (channels,); None for
            classifiers.
    """

    file: Path
    probabilities: dict[str, dict[str, float]]
    embedding: np.ndarray | None = None


def predict(
    run_directory: str | Path,
    images: str | Path | Sequence[str | Path],
    batch_size: int = BATCH_SIZE,
) -> Iterator[Prediction]:
    """Predict image files with the adapted model of a run.

    Files are decoded and resized as in the run's own evaluation, except that
    palettes of BMP files are not looked up.

    Args:
        run_directory: directory of a finished run. Its `adapted.keras` and
            `labels.json` are enough.
        images: image files, and directories whose image files are taken.
        batch_size: number of images in a batch.

    Returns:
        The predictions, one for each image in order. Images are read as
        predictions are taken.

    Raises:
        ValueError: if the run or an image can't be read, or there are no
            images.

    Example:
    >>> for found in predict("runs/clothes", ["photos"]):  # doctest: +SKIP
    ...     print(found.file, found.probabilities["logits"])
    """
    directory = Path(run_directory).expanduser()
    form = read_served_form(directory)
    files = list_images(images)
    model = load_model(directory / ADAPTED_FILE)
    return _predict_files(model, form, files, batch_size)


def _predict_files(
    model: keras.Model, form: ServedForm, files: list[Path], batch_size: int
) -> Iterator[Prediction]:
    """Yield the predictions of files, batch by batch."""
    decode = ServedDecoder(form.size, form.resize, form.crops)
    for start in range(0, len(files), batch_size):
        batch = files[start : start + batch_size]
        decoded = np.concatenate([_read_image(file, decode) for file in batch])
        outputs = keras.tree.flatten(model.predict_on_batch(decoded))
        for index, file in enumerate(batch):
            yield _describe(form, file, [output[index] for output in outputs])


def list_images(images: str | Path | Sequence[str | Path]) -> list[Path]:
    """List image files; of directories all but hidden ones, in order.

    Args:
        images: files and directories, or a single one.

    Raises:
        ValueError: if one does not exist, or there are no images.
    """
    files: list[Path] = []
    given = [images] if isinstance(images, str | Path) else images
    for path in (Path(each).expanduser() for each in given):
        if not path.exists():
            raise ValueError(f"{path} does not exist.")
        if not path.is_dir():
            files.append(path)
            continue
        found = path.rglob("*")
        files += sorted(
            file
            for file in found
            if file.suffix.lower() in SUFFIXES and not file.name.startswith(".")
        )
    if not files:
        raise ValueError(
            "There are no images. Name image files, or directories with files "
            f"that end in {', '.join(sorted(SUFFIXES))}."
        )
    return files


def _read_image(file: Path, decode: ServedDecoder) -> np.ndarray:
    """Read one image (1, height, width, 3)."""
    try:
        image: np.ndarray = decode(tf.constant([file.read_bytes()])).numpy()
    except (OSError, tf.errors.OpError) as error:
        raise ValueError(
            f"{file} can't be read as an image ({find_reason(error)})."
        ) from error
    return image


def _describe(
    form: ServedForm, file: Path, outputs: Sequence[np.ndarray]
) -> Prediction:
    """Name the outputs of one image."""
    probabilities = {}
    for (name, classes), output in zip(
        form.classes.items(), outputs, strict=True
    ):
        if classes is None:
            return Prediction(file, {}, output)
        shares = keras.ops.convert_to_numpy(keras.ops.softmax(output))
        probabilities[name] = {
            classes[index]: float(shares[index])
            for index in np.argsort(-shares, kind="stable")
        }
    return Prediction(file, probabilities)
