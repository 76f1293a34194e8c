"""The geometry read from a graph predicts what Keras computes."""

import itertools

import keras
import numpy as np
import pytest
from keras import layers

from ntaa_tf.graph.geometry import UnsupportedConvolutionError
from ntaa_tf.graph.geometry import absorb_padding
from ntaa_tf.graph.geometry import measure_convolution

KERNELS = ((1, 1), (3, 3), (7, 7), (1, 7))
LAYERS = (layers.Conv2D, layers.DepthwiseConv2D, layers.SeparableConv2D)
SIZES = ((15, 16), (16, 15))
ZEROS = {
    "none": (),
    "uneven": (((0, 1), (0, 1)),),
    "twice": (1, ((2, 0), (0, 3))),
}
# Keras has no strided convolution that is dilated.
STEPS = ((1, 1), (2, 1), (3, 1), (1, 2))


def make_layer(kind, kernel_size, **arguments):
    filters = () if kind is layers.DepthwiseConv2D else (3,)
    return kind(*filters, kernel_size, use_bias=False, **arguments)


def build(layer, size, zeros=()):
    """Return the convolution's geometry, and a model of the convolution."""
    images = keras.Input((*size, 2))
    padded = images
    for padding in zeros:
        padded = layers.ZeroPadding2D(padding)(padded)
    model = keras.Model(images, layer(padded))
    return measure_convolution(layer, padded), model


def make_integers(shape):
    """Small integers, so that float sums are exact."""
    return np.random.default_rng(0).integers(-4, 5, shape).astype("float32")


def pad(images, padding):
    """Pad, or crop where the padding is negative."""
    images = np.pad(
        images,
        [(0, 0), *((max(b, 0), max(a, 0)) for b, a in padding), (0, 0)],
    )
    (top, bottom), (left, right) = (
        (max(-before, 0), min(after, 0) or None) for before, after in padding
    )
    return images[:, top:bottom, left:right]


def spread(kernel, dilation, extent):
    """Put the taps of a kernel into the middle of a larger one of zeros."""
    larger = np.zeros((*extent, *kernel.shape[2:]), "float32")
    down, right = (
        slice((wide - step * (taps - 1)) // 2, None, step)
        for wide, taps, step in zip(
            extent, kernel.shape[:2], dilation, strict=True
        )
    )
    larger[down, right][: kernel.shape[0], : kernel.shape[1]] = kernel
    return larger


def check_on_grid(layer, model, geometry, more):
    """Check that a larger, zero-padded kernel gives the layer's output."""
    images = make_integers((1, *geometry.input_size, 2))
    kernel = make_integers(layer.weights[0].shape)
    layer.weights[0].assign(kernel)
    extent = tuple(pixels + more for pixels in geometry.extent)
    convolve = keras.ops.depthwise_conv
    if isinstance(layer, layers.Conv2D):
        convolve = keras.ops.conv
    outputs = convolve(
        pad(images, geometry.padding_for(extent)),
        spread(kernel, geometry.dilation, extent),
        geometry.strides,
    )
    np.testing.assert_array_equal(outputs, model(images))


@pytest.mark.parametrize("zeros", ZEROS)
@pytest.mark.parametrize("padding", ["same", "valid"])
@pytest.mark.parametrize("kernel_size", KERNELS)
def test_larger_kernels_stay_on_the_grid(kernel_size, padding, zeros):
    """Over strides, dilation, odd and even sizes, dense and depthwise."""
    for (kind, size), (stride, dilation) in itertools.product(
        zip(LAYERS, SIZES, strict=False), STEPS
    ):
        layer = make_layer(
            kind,
            kernel_size,
            strides=stride,
            padding=padding,
            dilation_rate=dilation,
        )
        geometry, model = build(layer, size, ZEROS[zeros])
        assert geometry.output_size == model.output_shape[1:3]
        assert geometry.input_size == size
        assert geometry.out_channels == model.output_shape[-1]
        if padding == "same" and zeros == "none":
            assert geometry.is_same(geometry.extent)
        check_on_grid(layer, model, geometry, more=0)
        check_on_grid(layer, model, geometry, more=4)


def test_a_separable_convolution_has_the_geometry_of_its_depthwise_part():
    layer = layers.SeparableConv2D(5, 3, strides=2, padding="same")
    geometry, model = build(layer, (15, 16))
    assert geometry.kind == "depthwise"
    assert geometry.out_channels == geometry.in_channels == 2
    assert geometry.output_size == model.output_shape[1:3]


@pytest.mark.parametrize(
    ("layer", "kind"),
    [
        (layers.Conv2D(3, 3), "dense"),
        (layers.Conv2D(3, (1, 3)), "dense"),
        (layers.Conv2D(3, 1, strides=2), "pointwise"),
        (layers.Conv2D(2, 3, groups=2), "depthwise"),
        (layers.DepthwiseConv2D(3), "depthwise"),
        (layers.DepthwiseConv2D(1), "depthwise"),
        (layers.SeparableConv2D(3, 3), "depthwise"),
    ],
)
def test_kinds(layer, kind):
    geometry, _ = build(layer, (8, 8))
    assert geometry.kind == kind


def test_padding_is_absorbed_from_all_layers_before_it():
    images = keras.Input((8, 8, 2))
    once = layers.ZeroPadding2D(((1, 2), (3, 4)))(images)
    twice = layers.ZeroPadding2D(1)(once)
    source, padding = absorb_padding(twice)
    assert source is images
    assert padding == ((2, 3), (4, 5))


def test_padding_behind_another_operation_is_not_absorbed():
    images = keras.Input((8, 8, 2))
    relu = layers.ReLU()(layers.ZeroPadding2D(1)(images))
    source, padding = absorb_padding(relu)
    assert source is relu
    assert padding == ((0, 0), (0, 0))


def test_a_convolution_of_one_channel_is_dense():
    layer = layers.Conv2D(1, 3)
    assert measure_convolution(layer, keras.Input((8, 8, 1))).kind == "dense"


@pytest.mark.parametrize(
    ("layer", "reason"),
    [
        (layers.Conv2D(4, 2), "even kernel 2×2 has no centre"),
        (layers.Conv2D(4, (3, 4)), "even kernel 3×4 has no centre"),
        (layers.Conv2D(4, 3, groups=2), "2 groups of 4 channels"),
        (layers.Conv2D(8, 3, groups=4), "4 groups of 4 channels"),
        (
            layers.Conv2D(4, 3, strides=(1, 2)),
            r"unequal strides \(1, 2\)",
        ),
        (
            layers.DepthwiseConv2D(3, depth_multiplier=2),
            "depth multiplier 2",
        ),
        (
            layers.SeparableConv2D(4, 3, depth_multiplier=2),
            "depth multiplier 2",
        ),
        (
            layers.Conv2D(4, 3, data_format="channels_first"),
            "channels-first data format",
        ),
    ],
)
def test_what_no_candidate_fits_is_refused_with_a_reason(layer, reason):
    with pytest.raises(UnsupportedConvolutionError, match=f"^{reason}$"):
        measure_convolution(layer, keras.Input((8, 8, 4)))


@pytest.mark.parametrize("size", [(None, None), (8, None)])
def test_a_size_that_is_not_known_is_refused(size):
    tensor = keras.Input((*size, 3))
    reason = "^image size unknown before run time$"
    with pytest.raises(UnsupportedConvolutionError, match=reason):
        measure_convolution(layers.Conv2D(4, 3), tensor)
