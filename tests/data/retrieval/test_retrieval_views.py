import numpy as np
import pytest

from ntaa_tf.data.retrieval import RawRetrieval
from ntaa_tf.data.retrieval import RawViews


def _of_images(images):
    ones = np.ones(len(images), np.int64)
    return RawRetrieval("sizes", {"train": RawViews(images, ones, ones)})


def test_take_keeps_images_with_their_identities_and_cameras(make_views):
    views = make_views([(1, 4), (2, 5), (3, 6)])
    taken = views.take(np.array([2, 0]))
    assert len(taken) == 2
    assert [path.name for path in taken.images] == ["2.jpg", "0.jpg"]
    np.testing.assert_array_equal(taken.identities, [3, 1])
    np.testing.assert_array_equal(taken.cameras, [6, 4])
    assert taken.describe(0) == str(views.images[2])


def test_known_identities_are_without_junk_and_distractors(make_views):
    views = make_views([(7, 1), (-1, 1), (0, 1), (3, 1), (7, 2)])
    np.testing.assert_array_equal(views.known_identities, [3, 7])


def test_image_size_is_the_median_height_and_width(tmp_path, write_png):
    sizes = [(12, 4), (16, 9), (30, 8)]
    images = [tmp_path / f"{height}.png" for height, _ in sizes]
    for path, size in zip(images, sizes, strict=True):
        write_png(path, *size)
    (tmp_path / "broken.png").write_bytes(b"broken")
    raw = _of_images([tmp_path / "broken.png", *images])
    assert raw.image_size == (16, 8)


def test_no_image_that_decodes_is_an_error(tmp_path):
    path = tmp_path / "broken.png"
    path.write_bytes(b"broken")
    with pytest.raises(ValueError, match=r"`sizes`.*1 that do.*broken\.png"):
        _ = _of_images([path]).image_size
