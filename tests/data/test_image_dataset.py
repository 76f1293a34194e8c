import numpy as np
import pytest

from ntaa_tf.data import open_dataset
from ntaa_tf.data import prepare_images
from ntaa_tf.data.split import stratified_order


def test_digits_sizes():
    digits = prepare_images(open_dataset("digits"), image_size=8)
    assert digits.num_classes == 10
    assert digits.train.images.shape == (1294, 8, 8, 3)
    assert len(digits.validation) == 144
    assert len(digits.test) == 359


def test_folder_with_splits_of_its_own(image_folder):
    dataset = prepare_images(
        open_dataset(f"folder:{image_folder}"), image_size=4
    )
    sizes = [len(dataset.train), len(dataset.validation), len(dataset.test)]
    assert sizes == [12, 4, 6]
    assert dataset.class_names == ("cat", "dog")


def _break_all_but(raw, count):
    """Breaks the training images outside the subset of this size."""
    train = raw.splits["train"]
    order = stratified_order(train.labels, seed=0)
    for index in order[count:]:
        train.images[index].write_bytes(b"broken")


def test_only_the_subset_is_decoded(image_folder):
    raw = open_dataset(f"folder:{image_folder}")
    kept = prepare_images(raw, 4, train_examples=4, evaluation_examples=2)
    sizes = [len(kept.train), len(kept.validation), len(kept.test)]
    assert sizes == [4, 2, 2]
    _break_all_but(raw, 4)
    again = prepare_images(raw, 4, train_examples=4, evaluation_examples=2)
    np.testing.assert_array_equal(kept.train.images, again.train.images)
    with pytest.raises(ValueError, match="8 of 12"):
        prepare_images(raw, 4)


def test_same_seed_gives_the_same_data(raw_dataset):
    first, again, other = (
        prepare_images(raw_dataset, 4, seed=seed, train_examples=30)
        for seed in (0, 0, 1)
    )
    for split in ("train", "validation", "test"):
        images = getattr(first, split).images
        np.testing.assert_array_equal(images, getattr(again, split).images)
        assert (images != getattr(other, split).images).any()


def test_image_size_below_one(raw_dataset):
    with pytest.raises(ValueError, match=r"`image_size`.*Received: 0"):
        prepare_images(raw_dataset, image_size=0)


def test_real_photos(shared_data):
    raw = open_dataset(f"folder:{shared_data / 'clothing10'}")
    assert raw.image_size == 128
    assert {name: len(split) for name, split in raw.splits.items()} == {
        "train": 3068,
        "validation": 341,
        "test": 372,
    }
    dataset = prepare_images(raw, 32, train_examples=50, evaluation_examples=20)
    assert dataset.train.images.shape == (50, 32, 32, 3)
    assert set(dataset.train.labels) == set(range(10))
    assert dataset.train.images.std() > 30
