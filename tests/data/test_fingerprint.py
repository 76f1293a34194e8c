"""A run resumes with the data that it began with, or not at all."""

import dataclasses

import numpy as np
import pytest

from ntaa_tf.data import Examples
from ntaa_tf.data import ImageDataset
from ntaa_tf.data import check_fingerprint
from ntaa_tf.data import take_fingerprint


def make_dataset(**changes):
    rng = np.random.default_rng(0)
    splits = {
        name: Examples(
            rng.integers(0, 256, (4, 2, 2, 3)).astype("uint8"), np.arange(4) % 2
        )
        for name in ("train", "validation", "test")
    }
    return ImageDataset("pets", ("cat", "dog"), **{**splits, **changes})


def check(kept, dataset):
    check_fingerprint(dataset.name, kept, take_fingerprint(dataset))


def test_the_same_data_are_accepted():
    check(take_fingerprint(make_dataset()), make_dataset())


def change_a_pixel(train):
    images = train.images.copy()
    images[3, 1, 1, 2] ^= 1
    return dataclasses.replace(train, images=images)


def change_a_label(train):
    return dataclasses.replace(train, labels=train.labels[::-1])


def leave_one_out(train):
    return Examples(train.images[:3], train.labels[:3])


@pytest.mark.parametrize(
    ("change", "difference"),
    [
        (
            change_a_pixel,
            r"images: '4x2x2x3 \w+' there, '4x2x2x3 \w+' now",
        ),
        (change_a_label, r"labels: '4 \w+' there, '4 \w+' now"),
        (
            leave_one_out,
            r"images: '4x2x2x3 \w+' there, '3x2x2x3 \w+' now",
        ),
    ],
)
def test_changed_data_are_refused_with_the_difference(change, difference):
    dataset = make_dataset()
    other = make_dataset(train=change(dataset.train))
    with pytest.raises(
        ValueError, match=rf"Invalid data set `pets`.*train.{difference}"
    ):
        check(take_fingerprint(dataset), other)


def test_the_images_of_another_domain_count_as_well():
    kept = take_fingerprint(make_dataset())
    other = make_dataset(target=make_dataset().train)
    with pytest.raises(ValueError, match=r"target\.images: None there"):
        check(kept, other)
