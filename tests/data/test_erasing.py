"""Random erasing has the distributions of its paper."""

import numpy as np
import pytest
import tensorflow as tf

from ntaa_tf.data.augment import ResumableSeeds
from ntaa_tf.data.erasing import FILL
from ntaa_tf.data.erasing import RandomErasing

COUNT, HEIGHT, WIDTH = 2000, 64, 32


@pytest.fixture(scope="module")
def erased():
    """Erased black images; the fill colour is not black."""
    erasing = RandomErasing()
    erasing.generator = ResumableSeeds()
    images = tf.zeros((COUNT, HEIGHT, WIDTH, 3))
    batch = {"images": images, "labels": tf.zeros((COUNT, 2))}
    return erasing(batch, training=True)["images"].numpy()


def find_rectangles(images):
    """List top, left, height and width of the erased rectangles."""
    rectangles = []
    for image in images:
        rows = np.flatnonzero(image[..., 0].any(axis=1))
        columns = np.flatnonzero(image[..., 0].any(axis=0))
        if len(rows):
            rectangles.append(
                (rows[0], columns[0], np.ptp(rows) + 1, np.ptp(columns) + 1)
            )
    return np.array(rectangles, int).reshape(-1, 4)


def test_a_rectangle_of_one_colour_is_filled(erased):
    for image in erased[:200]:
        filled = image.any(axis=-1)
        rectangles = find_rectangles([image])
        assert filled.sum() == (rectangles[:, 2] * rectangles[:, 3]).sum()
        np.testing.assert_allclose(
            image[filled], np.broadcast_to(FILL, (filled.sum(), 3)), rtol=1e-6
        )


def test_half_of_the_images_are_erased(erased):
    assert len(find_rectangles(erased)) / COUNT == pytest.approx(0.5, abs=0.04)


def test_area_and_aspect_are_within_their_ranges(erased):
    _, _, height, width = find_rectangles(erased).T
    share = height * width / (HEIGHT * WIDTH)
    aspect = height / width
    # Sides are rounded to pixels.
    assert 0.015 < share.min() < 0.03
    assert 0.35 < share.max() < 0.42
    assert 0.25 < aspect.min() < 0.4
    assert 2.9 < aspect.max() < 4.2
    assert height.max() < HEIGHT
    assert width.max() < WIDTH


def test_rectangles_lie_anywhere(erased):
    top, left, height, width = find_rectangles(erased).T
    assert top.min() == left.min() == 0
    assert (top + height).max() == HEIGHT
    assert (left + width).max() == WIDTH
