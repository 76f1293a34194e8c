"""The kernels that begin as deltas are found, before and after collapse."""

import keras
import numpy as np
import pytest

from ntaa_tf import collapse
from ntaa_tf import insert_mixed_ops
from ntaa_tf.architecture import Architecture
from ntaa_tf.architecture import SiteChoice
from ntaa_tf.search.spreading import list_collapsed_kernels
from ntaa_tf.search.spreading import list_spreading_kernels

SITES = ("widening", "narrowing", "spatial")


@pytest.fixture
def source():
    """Of these the stem and its own separable convolution are no deltas."""
    layers = keras.layers
    inputs = keras.Input((8, 8, 3))
    hidden = layers.Conv2D(4, 3, padding="same")(inputs)
    hidden = layers.SeparableConv2D(4, 3, padding="same", name="own")(hidden)
    hidden = layers.Conv2D(8, 1, name="widening")(hidden)
    hidden = layers.Conv2D(4, 1, name="narrowing")(hidden)
    return keras.Model(
        inputs, layers.Conv2D(4, 3, padding="same", name="spatial")(hidden)
    )


def is_delta(kernel):
    """Whether a depthwise kernel is 1 at its centre and 0 elsewhere."""
    values = keras.ops.convert_to_numpy(kernel)[..., 0]
    height, width = values.shape[:2]
    expected = np.zeros_like(values)
    expected[height // 2, width // 2] = 1
    return np.array_equal(values, expected)


def test_all_deltas_of_a_supernet_are_found(source):
    supernet = insert_mixed_ops(source)
    kernels = list_spreading_kernels(supernet)
    deltas = [
        weight
        for weight in supernet.trainable_weights
        if weight.name == "depthwise_kernel" and is_delta(weight)
    ]
    assert len(deltas) == 4  # 5×5 and 3×3 at two pointwise sites.
    assert {id(kernel) for kernel in kernels} == {id(d) for d in deltas}


@pytest.mark.parametrize("name", ["separable3x3", "separable5x5"])
def test_those_of_the_collapsed_model_are_found_by_its_architecture(
    source, name
):
    supernet = insert_mixed_ops(source, sites="widening|narrowing|spatial")
    chosen = dict(zip(SITES, (name, name, "conv5x5"), strict=True))
    architecture = Architecture(
        {site: SiteChoice(candidate) for site, candidate in chosen.items()}
    )
    collapsed = collapse(supernet, architecture)
    kernels = list_collapsed_kernels(collapsed, architecture, source)
    assert len(kernels) == 2
    assert all(map(is_delta, kernels))
    assert all(
        any(kernel is weight for weight in collapsed.trainable_weights)
        for kernel in kernels
    )


def test_where_nothing_became_separable_there_are_none(source):
    architecture = Architecture({site: SiteChoice("source") for site in SITES})
    assert list_collapsed_kernels(source, architecture, source) == []


def test_an_enlarged_depthwise_kernel_is_trained_and_no_delta():
    """What is called separable there is the source's own and taps around."""
    inputs = keras.Input((8, 8, 3))
    layer = keras.layers.DepthwiseConv2D(3, padding="same", name="own")
    source = keras.Model(inputs, layer(inputs))
    supernet = insert_mixed_ops(source, "separable5x5", "own")
    architecture = Architecture({"own": SiteChoice("separable5x5")})
    collapsed = collapse(supernet, architecture)
    assert collapsed.get_layer("own").kernel.shape[:2] == (5, 5)
    assert list_collapsed_kernels(collapsed, architecture, source) == []
    assert list_spreading_kernels(supernet) == []
