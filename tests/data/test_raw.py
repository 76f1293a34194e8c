import numpy as np
import pytest

from ntaa_tf.data import RawDataset
from ntaa_tf.data import RawSplit


def _dataset(images):
    labels = np.zeros(len(images), np.int64)
    return RawDataset("sizes", ("a", "b"), {"train": RawSplit(images, labels)})


def test_image_size_is_the_median_shorter_side():
    sizes = [(10, 40), (30, 20), (90, 80)]
    images = [np.zeros((*size, 3), np.uint8) for size in sizes]
    assert _dataset(images).image_size == 20


def test_image_size_passes_over_broken_images(tmp_path, write_png):
    write_png(tmp_path / "good.png", 12, 30)
    assert _dataset([b"broken", tmp_path / "good.png"]).image_size == 12


def test_no_image_that_decodes_is_an_error(tmp_path):
    path = tmp_path / "broken.png"
    path.write_bytes(b"broken")
    with pytest.raises(ValueError, match=r"1 that do not.*broken\.png"):
        _ = _dataset([path]).image_size


def test_take_keeps_images_with_their_labels():
    images = np.arange(4, dtype=np.uint8).reshape(4, 1, 1, 1)
    taken = RawSplit(images, np.array([5, 6, 7, 8])).take(np.array([3, 1]))
    assert [image.item() for image in taken.images] == [3, 1]
    np.testing.assert_array_equal(taken.labels, [8, 6])
