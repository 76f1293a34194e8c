"""The image classification sets of tensorflow-datasets."""

import numpy as np
import tensorflow as tf
import tensorflow_datasets as tfds

from ntaa_tf.command_line.machine_failures import explain
from ntaa_tf.data.raw import RawDataset
from ntaa_tf.data.raw import RawSplit

READ_BATCH = 256
SPLITS = ("train", "validation", "test")


def list_names() -> list[str]:
    """Returns the names of the data sets that tensorflow-datasets defines."""
    return tfds.list_builders(with_community_datasets=False)


def find_builder(name: str, data_dir: str | None) -> tfds.core.DatasetBuilder:
    """Finds a data set by its name in tensorflow-datasets, as in `cifar10`.

    Args:
        name: the name, with configuration and version where wanted.
        data_dir: where prepared data sets lie; None is tensorflow-datasets'
            own place.

    Returns:
        The data set's builder.

    Raises:
        LookupError: if there is none.
    """
    try:
        return tfds.builder(name, data_dir=data_dir)
    # What tensorflow-datasets raises, in this order, for versions, for
    # collections that are not installed, and for all other names.
    except (AssertionError, ImportError, ValueError) as error:
        raise LookupError(name) from error


def open_tfds(name: str, builder: tfds.core.DatasetBuilder) -> RawDataset:
    """Opens a prepared data set; one that is not prepared is downloaded.

    Args:
        name: what the data set is called.
        builder: the data set's builder.

    Returns:
        The data set, its images still encoded, in memory.

    Raises:
        ValueError: if it is not a set of single-label images, or is neither
            prepared nor can be downloaded.
    """
    _check_features(name, builder.info.features)
    if not builder.is_prepared():
        _download(name, builder)
    splits = {
        split: _read_split(builder, split)
        for split in SPLITS
        if split in builder.info.splits
    }
    if "train" not in splits:
        raise ValueError(
            f"Invalid data set `{name}`. Expected a `train` split. Received: "
            f"{sorted(builder.info.splits)}"
        )
    class_names = tuple(builder.info.features["label"].names)
    return RawDataset(name, class_names, _drop_unlabelled(splits))


def _check_features(name: str, features: tfds.features.FeaturesDict) -> None:
    expected = {
        "image": tfds.features.Image,
        "label": tfds.features.ClassLabel,
    }
    if not all(
        key in features and isinstance(features[key], kind)
        for key, kind in expected.items()
    ):
        raise ValueError(
            f"Invalid data set `{name}`. Expected an image classification set "
            "with the features `image` (Image) and `label` (ClassLabel). "
            f"Received: {', '.join(features)}"
        )


def _download(name: str, builder: tfds.core.DatasetBuilder) -> None:
    try:
        builder.download_and_prepare()
    # Each data set downloads and unpacks by its own code, and so fails by
    # exceptions of its own.
    except Exception as error:
        raise ValueError(
            f"Invalid data set `{name}`. Expected it prepared in "
            f"{builder.data_dir}, or a network to download it. Received: "
            f"neither ({type(error).__name__}: {error}). Prepare it on a "
            f"connected machine by `tfds build {name} --data_dir=DIRECTORY` "
            "and pass that directory as `data_dir`."
        ) from error


def _read_split(builder: tfds.core.DatasetBuilder, split: str) -> RawSplit:
    examples = builder.as_dataset(
        split=split,
        decoders=tfds.decode.PartialDecoding(
            {"image": True, "label": True},
            decoders={"image": tfds.decode.SkipDecoding()},
        ),
    )
    images: list[bytes] = []
    labels: list[int] = []
    try:
        # Batches are read about twice as fast as single examples.
        for batch in examples.batch(READ_BATCH).as_numpy_iterator():
            images.extend(batch["image"])
            labels.extend(batch["label"])
    except tf.errors.OpError as error:
        raise ValueError(
            f"Invalid data set `{builder.name}`. Expected files in "
            f"{builder.data_dir} that can be read. Received: the {split} split "
            f"is damaged after {len(labels)} examples "
            f"({explain(error)}). Prepare it anew."
        ) from error
    return RawSplit(images, np.array(labels))


def _drop_unlabelled(splits: dict[str, RawSplit]) -> dict[str, RawSplit]:
    """Leaves out splits whose labels are held back, marked by -1."""
    return {
        name: split
        for name, split in splits.items()
        if len(split) and split.labels.min() >= 0
    }
