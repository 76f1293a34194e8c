"""Candidates of each kind of site in each search space."""

import pytest
from geometries import make_geometry

from ntaa_tf.layers.search_space import CANDIDATES
from ntaa_tf.layers.search_space import list_candidates
from ntaa_tf.layers.search_space import make_candidate

PAPER = ("max_pool", "avg_pool", "globalization", "identity", "noise")


@pytest.mark.parametrize(
    ("space", "kind", "kernel", "convolutions"),
    [
        ("ntaa", "dense", (3, 3), ("conv5x5", "conv1x1")),
        ("ntaa", "dense", (7, 7), ("conv5x5", "conv3x3", "conv1x1")),
        ("ntaa", "dense", (1, 7), ("conv5x5", "conv3x3", "conv1x1")),
        ("ntaa", "pointwise", (1, 1), ("separable5x5", "separable3x3")),
        ("ntaa", "depthwise", (5, 5), ("conv3x3", "conv1x1")),
        ("ntaa_dense", "pointwise", (1, 1), ("conv5x5", "conv3x3")),
        ("ntaa_depthwise", "depthwise", (3, 3), ("conv5x5", "conv1x1")),
    ],
)
def test_spaces_hold_the_paper_s_eight_at_every_kind(
    space, kind, kernel, convolutions
):
    names = list_candidates(space, make_geometry(kind, kernel))
    assert names == ("source", *convolutions, *PAPER)


def test_kernels_keep_the_orientation_of_the_source():
    geometry = make_geometry(kernel=(1, 7))
    assert make_candidate("conv5x5", geometry).kernel_size == (1, 5)
    assert make_candidate("dilated3x3", geometry).dilation == (1, 2)
    upright = make_geometry(kernel=(7, 1))
    assert make_candidate("conv3x3", upright).kernel_size == (3, 1)


def test_repetitions_of_the_source_are_left_out():
    geometry = make_geometry(kernel=(3, 3), dilation=2)
    names = list_candidates("conv3x3,dilated3x3", geometry)
    assert names == ("source", "conv3x3")


@pytest.mark.parametrize(
    ("kind", "kernel", "size", "channels", "convolutions"),
    [
        ("dense", (3, 3), (2, 2), (4, 4), ("conv1x1",)),
        ("dense", (5, 5), (2, 2), (4, 4), ("conv3x3", "conv1x1")),
        ("dense", (3, 3), (1, 1), (4, 4), ("conv1x1",)),
        ("dense", (3, 3), (3, 3), (4, 4), ("conv5x5", "conv1x1")),
        ("pointwise", (1, 1), (2, 2), (4, 4), ("separable3x3",)),
        ("pointwise", (1, 1), (1, 1), (4, 4), ()),
        ("depthwise", (3, 3), (2, 2), (4, 4), ("conv1x1",)),
    ],
)
def test_taps_that_never_touch_a_small_image_make_no_candidate(
    kind, kernel, size, channels, convolutions
):
    geometry = make_geometry(kind, kernel, size=size, channels=channels)
    assert list_candidates("ntaa", geometry) == (
        "source",
        *convolutions,
        *PAPER,
    )


def test_a_depthwise_kernel_behind_strides_needs_more_than_one_pixel():
    geometry = make_geometry(
        "pointwise", (1, 1), stride=4, size=(4, 4), channels=(8, 4)
    )
    assert list_candidates("separable3x3,identity", geometry) == (
        "source",
        "identity",
    )


def test_dilation_is_left_out_where_keras_can_not_stride_it():
    assert list_candidates("dilated3x3", make_geometry(stride=2)) == ("source",)


def test_repetitions_count_once():
    names = list_candidates("identity,identity", make_geometry())
    assert names == ("source", "identity")


@pytest.mark.parametrize("name", CANDIDATES)
def test_every_candidate_can_be_made(name, rng):
    geometry = make_geometry(channels=(4, 8))
    candidate = make_candidate(name, geometry)
    images = rng.normal(size=(2, 8, 8, 4)).astype("float32")
    assert candidate(images).shape == (2, 8, 8, 8)


def test_unknown_candidates_are_named():
    with pytest.raises(ValueError, match=r"`candidates`.*\['conv9x9'\]"):
        list_candidates("identity,conv9x9", make_geometry())
