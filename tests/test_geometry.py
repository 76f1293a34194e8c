"""Padding by a geometry keeps other kernels on its sampling grid."""

import json

import hypothesis
import hypothesis.strategies as st
import keras
import numpy as np
import pytest

from ntaa_tf.geometry import Geometry
from ntaa_tf.geometry import as_pair
from ntaa_tf.geometry import same_padding
from ntaa_tf.geometry import span

ODD = st.sampled_from([1, 3, 5, 7])
PADS = st.tuples(st.integers(0, 3), st.integers(0, 3))


@st.composite
def geometries(draw):
    """Geometries whose padded input holds their kernel."""
    return Geometry(
        kind="dense",
        kernel_size=draw(st.tuples(ODD, ODD)),
        strides=(draw(st.integers(1, 3)),) * 2,
        dilation=draw(st.tuples(st.integers(1, 2), st.integers(1, 2))),
        padding=draw(st.tuples(PADS, PADS)),
        input_size=draw(st.tuples(*[st.integers(13, 18)] * 2)),
        in_channels=1,
        out_channels=1,
    )


def pad(images, padding):
    """Pad, or crop where the padding is negative."""
    for axis, (before, after) in enumerate(padding, start=1):
        pads = [(0, 0)] * images.ndim
        pads[axis] = max(before, 0), max(after, 0)
        images = np.pad(images, pads)
        stop = images.shape[axis] + min(after, 0)
        images = images.take(range(max(-before, 0), stop), axis)
    return images


def embed(kernel, extent):
    """Put a kernel into the middle of a larger one of zeros."""
    return pad(
        kernel[None],
        [
            ((larger - own) // 2,) * 2
            for larger, own in zip(extent, kernel.shape[:2], strict=True)
        ],
    )[0]


def convolve(images, kernel, strides):
    kernel = kernel[..., None, None]
    return np.asarray(keras.ops.conv(images, kernel, strides))


def make_images(size):
    """Images of small integers, so that float sums are exact."""
    generator = np.random.default_rng(0)
    return generator.integers(-4, 5, (1, *size, 1)).astype("float32")


@hypothesis.settings(deadline=None, max_examples=60)
@hypothesis.given(geometries(), st.tuples(ODD, ODD))
def test_another_kernel_is_centred_on_the_same_pixels(geometry, extent):
    """The taps common to both kernels give exactly the same output."""
    common = np.minimum(extent, geometry.extent)
    kernel = np.arange(1.0, 1 + common.prod(), dtype="float32")
    kernel = kernel.reshape(common)
    images = make_images(geometry.input_size)
    own = convolve(
        pad(images, geometry.padding),
        embed(kernel, geometry.extent),
        geometry.strides,
    )
    other = convolve(
        pad(images, geometry.padding_for(extent)),
        embed(kernel, extent),
        geometry.strides,
    )
    assert own.shape[1:3] == geometry.output_size
    np.testing.assert_array_equal(other, own)


@hypothesis.settings(deadline=None, max_examples=100)
@hypothesis.given(geometries(), st.tuples(ODD, ODD))
def test_is_same_where_keras_pads_alike(geometry, extent):
    images = make_images(geometry.input_size)
    kernel = np.ones((*extent, 1, 1), "float32")
    same = np.asarray(
        keras.ops.conv(images, kernel, geometry.strides, padding="same")
    )
    explicit = convolve(
        pad(images, geometry.padding_for(extent)),
        kernel[..., 0, 0],
        geometry.strides,
    )
    if geometry.is_same(extent):
        np.testing.assert_array_equal(explicit, same)
    else:
        assert explicit.shape != same.shape or (explicit != same).any()


@pytest.mark.parametrize("size", [7, 8, 9])
@pytest.mark.parametrize("kernel", [1, 3, 5])
@pytest.mark.parametrize("stride", [1, 2, 3])
def test_same_padding_is_that_of_keras(size, kernel, stride):
    """Including the uneven zeros of stride 2 on even sizes."""
    images = make_images((size, size))
    taps = np.arange(1.0, 1 + kernel**2, dtype="float32")
    taps = taps.reshape(kernel, kernel)
    pads = same_padding(size, kernel, stride)
    np.testing.assert_array_equal(
        convolve(pad(images, (pads, pads)), taps, stride),
        keras.ops.conv(images, taps[..., None, None], stride, padding="same"),
    )


def test_the_grid_of_a_stride_two_convolution_depends_on_its_padding():
    """Keras's `same` starts at pixel 1 of even images, ResNets' at pixel 0."""
    common = {
        "kind": "dense",
        "kernel_size": (3, 3),
        "strides": (2, 2),
        "dilation": (1, 1),
        "input_size": (8, 8),
        "in_channels": 1,
        "out_channels": 1,
    }
    same = Geometry(padding=((0, 1), (0, 1)), **common)
    padded = Geometry(padding=((1, 1), (1, 1)), **common)
    assert (same.offset, padded.offset) == ((1, 1), (0, 0))
    assert same.output_size == padded.output_size == (4, 4)
    assert same.padding_for((1, 1)) == ((-1, 0), (-1, 0))
    assert padded.padding_for((1, 1)) == ((0, 0), (0, 0))
    assert same.is_same((3, 3))
    assert not padded.is_same((3, 3))
    assert padded.is_same((1, 1))


@hypothesis.given(geometries())
def test_a_geometry_survives_json(geometry):
    config = json.loads(json.dumps(geometry.get_config()))
    read = Geometry.from_config(config)
    assert read == geometry
    assert hash(read) == hash(geometry)


def test_a_dilated_kernel_spans_the_pixels_between_its_taps():
    assert span((3, 5), (2, 1)) == (5, 5)
    assert span((1, 7), (3, 1)) == (1, 7)


def test_a_pair_has_two_sizes():
    assert as_pair([1, 2]) == (1, 2)
    with pytest.raises(ValueError, match="unpack"):
        as_pair([1, 2, 3])


@pytest.mark.parametrize(
    ("kind", "changes", "summary"),
    [
        ("dense", {}, "conv3x3"),
        ("dense", {"strides": (2, 2)}, "conv3x3 /2"),
        ("dense", {"kernel_size": (1, 7)}, "conv1x7"),
        ("dense", {"dilation": (2, 2)}, "dilated conv3x3"),
        ("depthwise", {"strides": (2, 1)}, "depthwise3x3 /2"),
    ],
)
def test_a_summary_tells_kind_kernel_and_strides(kind, changes, summary):
    common = {
        "kernel_size": (3, 3),
        "strides": (1, 1),
        "dilation": (1, 1),
        "padding": ((1, 1), (1, 1)),
        "input_size": (8, 8),
        "in_channels": 4,
        "out_channels": 4,
    }
    assert Geometry(kind=kind, **(common | changes)).summary == summary
