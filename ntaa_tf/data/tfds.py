"""Image classification sets of tensorflow-datasets."""

import numpy as np
import tensorflow as tf
import tensorflow_datasets as tfds

from ntaa_tf.command_line.machine_failures import explain
from ntaa_tf.data.raw import RawDataset
from ntaa_tf.data.raw import RawSplit

READ_BATCH = 256
SPLITS = ("train", "validation", "test")


def list_names() -> list[str]:
    """Return the names of the data sets that tensorflow-datasets defines."""
    return tfds.list_builders(with_community_datasets=False)


def find_tfds_builder(
    name: str, data_dir: str | None
) -> tfds.core.DatasetBuilder:
    """Find the builder of a data set of tensorflow-datasets.

    Args:
        name: name such as `cifar10`, optionally with configuration and version.
        data_dir: directory of prepared data sets; None means the default of
            tensorflow-datasets.

    Returns:
        The builder of the data set.

    Raises:
        LookupError: if tensorflow-datasets has no such data set.
    """
    try:
        return tfds.builder(name, data_dir=data_dir)
    # tensorflow-datasets raises these, in this order, for an unknown version,
    # for a collection that is not installed, and for any other unknown name.
    except (AssertionError, ImportError, ValueError) as error:
        raise LookupError(name) from error


def open_tfds(name: str, builder: tfds.core.DatasetBuilder) -> RawDataset:
    """Open a data set; download and prepare it first if necessary.

    Args:
        name: name of the data set.
        builder: builder of the data set.

    Returns:
        The raw data set; its images are in memory, still encoded.

    Raises:
        ValueError: if the data set has no images with one label each, can't be
            downloaded, is damaged, or has no training split.
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
    # Every data set has its own code to download and unpack, which may raise
    # any exception.
    except Exception as error:
        raise ValueError(
            f"Data set `{name}` is not prepared in {builder.data_dir}, and its "
            f"download failed ({type(error).__name__}: {error}). Prepare it on "
            f"a connected machine by `tfds build {name} --data_dir=DIRECTORY` "
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
            f"Invalid data set `{builder.name}`: the {split} split in "
            f"{builder.data_dir} is damaged after {len(labels)} examples "
            f"({explain(error)}). Prepare the data set again."
        ) from error
    return RawSplit(images, np.array(labels))


def _drop_unlabelled(splits: dict[str, RawSplit]) -> dict[str, RawSplit]:
    """Drop splits without published labels, which are -1 there."""
    return {
        name: split
        for name, split in splits.items()
        if len(split) and split.labels.min() >= 0
    }
