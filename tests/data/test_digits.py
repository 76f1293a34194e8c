import numpy as np
import pytest

from ntaa_tf.data import open_dataset


@pytest.mark.parametrize(
    ("name", "count", "class_names"),
    [
        ("digits", 1797, "0123456789"),
        ("digits0to4", 901, "01234"),
        ("digits5to9", 896, "56789"),
    ],
)
def test_sizes_and_class_names(name, count, class_names):
    raw = open_dataset(name)
    train = raw.splits["train"]
    assert raw.class_names == tuple(class_names)
    assert len(train) == len(train.images) == count
    assert set(train.labels) == set(range(len(class_names)))
    assert raw.image_size == 8


def test_pixels_are_rgb_over_the_whole_range():
    images = open_dataset("digits").splits["train"].images
    assert images.shape == (1797, 8, 8, 3)
    assert images.dtype == np.uint8
    assert (images.min(), images.max()) == (0, 255)


def test_pair_shares_no_digit_and_leaves_none_out():
    everything = open_dataset("digits").splits["train"]
    low = open_dataset("digits0to4").splits["train"]
    high = open_dataset("digits5to9").splits["train"]
    np.testing.assert_array_equal(
        high.images, everything.images[everything.labels >= 5]
    )
    np.testing.assert_array_equal(
        high.labels, everything.labels[everything.labels >= 5] - 5
    )
    assert len(low) + len(high) == len(everything)
