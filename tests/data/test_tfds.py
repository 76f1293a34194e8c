import types

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_datasets as tfds

from ntaa_tf.data import open_dataset
from ntaa_tf.data import prepare_images


def _classification(*split_names, label=1):
    """Stands in for a prepared builder of two classes."""
    features = tfds.features.FeaturesDict(
        {
            "image": tfds.features.Image(),
            "label": tfds.features.ClassLabel(names=["cat", "dog"]),
        }
    )
    stored = {"image": [b"encoded"], "label": np.array([label])}
    return types.SimpleNamespace(
        info=types.SimpleNamespace(
            features=features, splits=dict.fromkeys(split_names)
        ),
        is_prepared=lambda: True,
        as_dataset=lambda **_: tf.data.Dataset.from_tensor_slices(stored),
    )


@pytest.fixture
def use_builder(monkeypatch):
    def use(builder):
        monkeypatch.setattr(tfds, "builder", lambda name, data_dir: builder)

    return use


def test_splits_that_are_not_ours_are_left(use_builder):
    use_builder(_classification("train", "test", "unlabelled"))
    raw = open_dataset("pets")
    assert list(raw.splits) == ["train", "test"]
    assert raw.class_names == ("cat", "dog")
    assert raw.splits["train"].images == [b"encoded"]


def test_missing_train_split_is_an_error(use_builder):
    use_builder(_classification("test", "corrupted"))
    with pytest.raises(ValueError, match=r"`train`.*\['corrupted', 'test'\]"):
        open_dataset("pets")


def test_unlabelled_test_split_is_left_out(use_builder):
    labelled = _classification("train", "test")
    unlabelled = _classification("train", "test", label=-1)
    labelled.as_dataset = lambda split, **_: (
        unlabelled if split == "test" else _classification("train")
    ).as_dataset()
    use_builder(labelled)
    assert list(open_dataset("pets").splits) == ["train"]


def test_data_set_without_images_is_an_error_before_download(tmp_path):
    expected = r"`imdb_reviews`.*`image`.*Received: text, label"
    with pytest.raises(ValueError, match=expected):
        open_dataset("imdb_reviews", str(tmp_path))
    assert not any(tmp_path.iterdir())


def test_failed_download_says_how_to_prepare(monkeypatch, tmp_path):
    def fail(self):
        raise ConnectionError("no route to host")

    monkeypatch.setattr(tfds.core.DatasetBuilder, "download_and_prepare", fail)
    with pytest.raises(ValueError, match="no route to host") as caught:
        open_dataset("cifar100", str(tmp_path))
    message = str(caught.value)
    assert str(tmp_path / "cifar100") in message
    assert "tfds build cifar100 --data_dir" in message


@pytest.mark.parametrize("damage", [lambda b: b[:-5], lambda b: b[:-9] + b"x"])
def test_a_damaged_file_is_an_error_with_its_split(
    use_builder, tmp_path, damage
):
    path = tmp_path / "pets-train.tfrecord"
    with tf.io.TFRecordWriter(str(path)) as writer:
        for _ in range(3):
            writer.write(b"encoded image")
    path.write_bytes(damage(path.read_bytes()))
    builder = _classification("train")
    builder.as_dataset = lambda **_: tf.data.TFRecordDataset(str(path)).map(
        lambda image: {"image": image, "label": 0}
    )
    builder.name, builder.data_dir = "pets", tmp_path
    use_builder(builder)
    expected = r"Invalid data set `pets`.*train split.* is damaged.*again"
    with pytest.raises(ValueError, match=expected):
        open_dataset("pets")


def test_real_cifar10_is_held_encoded_until_prepared(shared_data):
    raw = open_dataset("cifar10", str(shared_data / "tfds"))
    assert raw.class_names[:2] == ("airplane", "automobile")
    counts = {name: len(split) for name, split in raw.splits.items()}
    assert counts == {"train": 20000, "test": 10000}
    assert isinstance(raw.splits["train"].images[0], bytes)
    assert set(np.bincount(raw.splits["test"].labels)) == {1000}
    assert raw.image_size == 32
    dataset = prepare_images(
        raw, 32, train_examples=100, evaluation_examples=50
    )
    np.testing.assert_array_equal(np.bincount(dataset.train.labels), [10] * 10)
    np.testing.assert_array_equal(np.bincount(dataset.test.labels), [5] * 10)
    assert dataset.train.images.std() > 30
