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


def test_the_source_again_is_left_out():
    geometry = make_geometry(kernel=(3, 3), dilation=2)
    names = list_candidates("conv3x3,dilated3x3", geometry)
    assert names == ("source", "conv3x3")


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
