"""The frames of a contact sheet tell right answers from wrong ones."""

import base64
import io

import numpy as np
import pytest
from matplotlib.colors import to_rgb
from matplotlib.image import imread

from ntaa_tf.report import contact_sheet
from ntaa_tf.report import draw_contact_sheet
from ntaa_tf.report import encode_thumbnail

FRAMES = {
    to_rgb(contact_sheet.QUERY): "query",
    to_rgb(contact_sheet.RIGHT): "right",
    to_rgb(contact_sheet.WRONG): "wrong",
}


def make_images(*shape, height=8, width=6):
    """Images of a grey that no frame has."""
    return np.full((*shape, height, width, 3), 128, "uint8")


def read_frames(path, rows, columns):
    """Read of each place in a sheet which colours of frames are in it."""
    pixels = imread(path)[..., :3]
    return [
        [find_frames(place) for place in np.array_split(row, columns, axis=1)]
        for row in np.array_split(pixels, rows)
    ]


def find_frames(pixels):
    return [
        name
        for colour, name in FRAMES.items()
        if np.isclose(pixels, colour, atol=1 / 255).all(axis=-1).any()
    ]


@pytest.mark.parametrize("size", [(8, 6), (16, 8), (8, 16)])
def test_right_and_wrong_answers_have_frames_of_their_colours(size, tmp_path):
    height, width = size
    draw_contact_sheet(
        tmp_path / "answers.png",
        make_images(2, height=height, width=width),
        make_images(2, 3, height=height, width=width),
        np.array([[True, False, True], [False, False, True]]),
    )
    assert read_frames(tmp_path / "answers.png", 2, 4) == [
        [["query"], ["right"], ["wrong"], ["right"]],
        [["query"], ["wrong"], ["wrong"], ["right"]],
    ]


def test_queries_without_answers_stand_by_themselves(tmp_path):
    draw_contact_sheet(
        tmp_path / "answers.png",
        make_images(2),
        make_images(2, 0),
        np.zeros((2, 0), bool),
    )
    assert read_frames(tmp_path / "answers.png", 2, 1) == [
        [["query"]],
        [["query"]],
    ]


def test_a_thumbnail_keeps_its_proportions():
    encoded = encode_thumbnail(make_images(height=512, width=256))
    picture = imread(io.BytesIO(base64.b64decode(encoded)))
    assert picture.shape == (128, 64, 3)


def test_a_small_picture_keeps_its_pixels(rng):
    image = rng.integers(0, 256, (7, 5, 3), "uint8")
    picture = imread(io.BytesIO(base64.b64decode(encode_thumbnail(image))))
    np.testing.assert_array_equal((255 * picture).round(), image)
