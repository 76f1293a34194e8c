"""What ConvNeXt, EfficientNet and EfficientNetV2 give a search to choose."""

import collections
import subprocess
import sys

import keras
import numpy as np
import pytest
from search.small_models import make_convnext
from search.small_models import make_efficientnet
from search.small_models import make_efficientnet_v2

from ntaa_tf import collapse
from ntaa_tf import insert_mixed_ops
from ntaa_tf.graph.rewrite import flatten
from ntaa_tf.graph.select import find_convolutions
from ntaa_tf.graph.select import select_sites
from ntaa_tf.layers.search_space import list_candidates
from ntaa_tf.training.batch_norm_calibration import Recalibration

PAPER = ("max_pool", "avg_pool", "globalization", "identity", "noise")
SEPARABLE = ("pointwise", 1), ("separable5x5", "separable3x3")
DEPTHWISE_3 = ("depthwise", 3), ("conv5x5", "conv1x1")
DEPTHWISE_5 = ("depthwise", 5), ("conv3x3", "conv1x1")
DEPTHWISE_7 = ("depthwise", 7), ("conv5x5", "conv3x3", "conv1x1")
FUSED = ("dense", 3), ("conv5x5", "conv1x1")

# For each network: the number of sites of each kind with their convolutional
# candidates; then the roles of the convolutions that are no sites (stem, 2×2
# reductions, squeeze-and-excitation).
TABLES = {
    "ConvNeXtTiny": ({DEPTHWISE_7: 18}, {"stem": 1, "main": 3}),
    "ConvNeXtSmall": ({DEPTHWISE_7: 36}, {"stem": 1, "main": 3}),
    "EfficientNetB4": (
        {SEPARABLE: 63, DEPTHWISE_3: 14, DEPTHWISE_5: 18},
        {"stem": 1, "gate": 64},
    ),
    "EfficientNetV2B0": (
        {FUSED: 5, SEPARABLE: 37, DEPTHWISE_3: 16},
        {"stem": 1, "gate": 32},
    ),
    "EfficientNetV2S": (
        {FUSED: 10, SEPARABLE: 69, DEPTHWISE_3: 30},
        {"stem": 1, "gate": 60},
    ),
}
SMALL = {
    "convnext": make_convnext,
    "efficientnet": make_efficientnet,
    "efficientnet_v2": make_efficientnet_v2,
}
REOPEN = """
import sys
import keras
import numpy as np
file, images, outputs = sys.argv[1:]
model = keras.models.load_model(file)
np.save(outputs, model.predict(np.load(images), verbose=0))
assert "ntaa_tf" not in sys.modules
"""


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(
            name, marks=() if name == "ConvNeXtTiny" else pytest.mark.long
        )
        for name in TABLES
    ],
)
def test_sites_of_the_real_networks_and_their_candidates(name):
    network = getattr(keras.applications, name)(
        weights=None, include_top=False, input_shape=(224, 224, 3)
    )
    convolutions = find_convolutions(flatten(network))
    sites = select_sites(convolutions)
    table = collections.Counter()
    for site in sites:
        source, *names = list_candidates("ntaa", site.geometry)
        assert source == "source"
        assert tuple(names[-len(PAPER) :]) == PAPER
        kind = site.geometry.kind, site.geometry.kernel_size[0]
        table[kind, tuple(names[: -len(PAPER)])] += 1
    others = collections.Counter(
        conv.role for conv in convolutions if conv not in sites
    )
    assert (table, others) == TABLES[name]


@pytest.fixture(scope="module")
def convnext():
    """A small ConvNeXt, which no test changes."""
    return make_convnext()


@pytest.fixture(scope="module", params=SMALL)
def adapted(request):
    """A source with signal in all its layers, its supernet, and images."""
    keras.utils.set_random_seed(0)
    source = SMALL[request.param]()
    rng = np.random.default_rng(0)
    images = rng.uniform(0, 255, (8, *source.input_shape[1:]))
    images = images.astype("float32")
    Recalibration(source)([images])
    return source, insert_mixed_ops(source), images


def test_the_supernet_starts_as_the_source(adapted):
    source, supernet, images = adapted
    expected = np.array(source(images))
    assert np.ptp(expected) > 0.1
    difference = np.abs(supernet(images) - expected).max()
    assert difference <= 1e-5 * np.ptp(expected)


@pytest.mark.parametrize("place", [0, 1, 2, -2])
def test_a_collapsed_network_is_the_supernet(adapted, place):
    """The last option but one is the identity, the others are convolutions."""
    _, supernet, images = adapted
    for choice in supernet.choices:
        choice.choose(choice.options[place])
    expected = np.array(supernet(images))
    np.testing.assert_allclose(
        collapse(supernet)(images),
        expected,
        atol=1e-5 * max(1, np.abs(expected).max()),
        rtol=0,
    )


@pytest.mark.long
def test_convnext_opens_where_the_package_is_not_known(convnext, tmp_path):
    """LayerScale and StochasticDepth are layers that Keras finds itself."""
    supernet = insert_mixed_ops(convnext)
    for choice in supernet.choices:
        choice.choose(choice.options[1])
    adapted = collapse(supernet)
    images = np.random.default_rng(0).uniform(0, 255, (2, 32, 32, 3))
    files = [tmp_path / name for name in ("a.keras", "in.npy", "out.npy")]
    adapted.save(files[0])
    np.save(files[1], images)
    subprocess.run([sys.executable, "-c", REOPEN, *files], check=True)
    expected = adapted.predict(images, verbose=0)
    np.testing.assert_allclose(np.load(files[2]), expected, atol=1e-5)


@pytest.mark.parametrize("size", [7, 5, 3, 1])
def test_smaller_kernels_of_convnext_are_the_centre_of_its_own(convnext, size):
    """Keras writes its depthwise convolution with groups, channels last."""
    source = convnext
    name = "convnext_stage_0_block_0_depthwise_conv"
    kernel = np.swapaxes(source.get_layer(name).get_weights()[0], 2, 3)
    supernet = insert_mixed_ops(source, sites=name)
    (choice,) = supernet.choices
    choice.choose("source" if size == 7 else f"conv{size}x{size}")
    layer = collapse(supernet).get_layer(name)
    assert type(layer) is keras.layers.DepthwiseConv2D
    border = (7 - size) // 2
    centre = kernel[border : 7 - border, border : 7 - border]
    np.testing.assert_array_equal(layer.get_weights()[0], centre)
    np.testing.assert_array_equal(
        layer.get_weights()[1], source.get_layer(name).bias
    )


def test_no_smaller_kernel_of_convnext_has_the_lead_of_its_own(convnext):
    """A smaller kernel lacks the source's border, so it starts differently."""
    (first, *_) = insert_mixed_ops(convnext, sites="last:2").choices
    logits = np.array(first.logits)
    assert logits[0] > 0
    assert not np.any(logits[1:])


def test_adapted_convnext_learns_in_every_kernel(convnext):
    """Also where a convolution with groups stays what it is."""
    supernet = insert_mixed_ops(convnext, sites="last:2")
    for choice in supernet.choices:
        choice.choose("conv3x3" if "conv3x3" in choice.options else "source")
    adapted = collapse(supernet)
    pooled = keras.layers.GlobalAveragePooling2D()(adapted.output)
    model = keras.Model(adapted.input, keras.layers.Dense(2)(pooled))
    model.compile("sgd", keras.losses.SparseCategoricalCrossentropy(True))
    kernels = [w for w in model.trainable_weights if "kernel" in w.path]
    before = [kernel.numpy() for kernel in kernels]
    images = np.random.default_rng(0).uniform(0, 255, (4, 32, 32, 3))
    model.fit(images, np.array([0, 1, 0, 1]), verbose=0)
    for kernel, old in zip(kernels, before, strict=True):
        assert np.any(kernel.numpy() != old), kernel.path
