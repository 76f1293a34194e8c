"""Colours of candidates are told apart, by the colour-blind too."""

import itertools

import numpy as np
import pytest
from matplotlib.colors import to_rgb

from ntaa_tf.report.ink import CANDIDATES
from ntaa_tf.report.ink import REMOVING
from ntaa_tf.report.ink import SOURCE
from ntaa_tf.report.ink import choose_text_colour

# How linear red, green and blue are seen, after Machado et al., 2009.
SEEN = {
    "by most": np.eye(3),
    "without red cones": np.array(
        [
            [0.152286, 1.052583, -0.204868],
            [0.114503, 0.786281, 0.099216],
            [-0.003882, -0.048116, 1.051998],
        ]
    ),
    "without green cones": np.array(
        [
            [0.367322, 0.860646, -0.227968],
            [0.280085, 0.672501, 0.047413],
            [-0.011820, 0.042940, 0.968881],
        ]
    ),
}
KINDS = {
    "kept": ["source"],
    "convolution": ["conv5x5", "conv3x3", "conv1x1"],
    "separable": ["separable5x5", "separable3x3"],
    "pooling": ["max_pool", "avg_pool"],
    "global": ["globalization"],
}
XYZ = np.array(
    [
        [0.4124, 0.3576, 0.1805],
        [0.2126, 0.7152, 0.0722],
        [0.0193, 0.1192, 0.9505],
    ]
)
NOTICEABLE = 10.0  # CIE 1976; about 2 is just noticeable side by side.


def to_linear(colour):
    parts = np.array(to_rgb(colour))
    curved = ((parts + 0.055) / 1.055) ** 2.4
    return np.where(parts > 0.04045, curved, parts / 12.92)


def to_lab(colour, seen):
    """How a colour is seen, in CIE L*a*b*."""
    linear = np.clip(seen @ to_linear(colour), 0, 1)
    x, y, z = np.cbrt(XYZ @ linear / XYZ.sum(axis=1))
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


@pytest.mark.parametrize("whom", SEEN)
def test_kinds_of_operations_are_told_apart(whom):
    for one, other in itertools.combinations(KINDS, 2):
        for pair in itertools.product(KINDS[one], KINDS[other]):
            first, second = (
                to_lab(CANDIDATES[name], SEEN[whom]) for name in pair
            )
            assert np.linalg.norm(first - second) > NOTICEABLE, pair


@pytest.mark.parametrize(
    "name", [name for name in CANDIDATES if name not in (*REMOVING, "source")]
)
def test_text_reads_on_its_colour(name):
    """A contrast of 4.5 is what WCAG asks of text."""
    text = choose_text_colour(CANDIDATES[name])
    luminances = [
        to_linear(colour) @ XYZ[1] for colour in (text, CANDIDATES[name])
    ]
    contrast = (max(luminances) + 0.05) / (min(luminances) + 0.05)
    assert contrast > 4.5
    assert CANDIDATES[name] != SOURCE
