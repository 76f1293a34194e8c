import keras
import numpy as np
import pytest
import tensorflow as tf
from benchmarks.setting import Setting
from benchmarks.variants import VARIANTS
from benchmarks.variants import enlarge_kernels

from ntaa_tf.layers.mixed_op import MixedOp


@pytest.fixture
def images(rng):
    return rng.normal(size=(2, 8, 8, 3)).astype("float32")


def list_sites(model):
    return {layer.name for layer in model.layers if isinstance(layer, MixedOp)}


def kernel_sizes(model):
    return {
        layer.name: layer.kernel_size
        for layer in model.layers
        if isinstance(layer, keras.layers.Conv2D)
    }


def count_convolutions(model, images):
    graph = tf.function(model).get_concrete_function(images).graph
    kinds = ("Conv2D", "DepthwiseConv2dNative")
    return sum(op.type in kinds for op in graph.get_operations())


@pytest.mark.parametrize("name", ["source", "floor"])
def test_plain_variants_have_only_stock_layers(source, name):
    layers = VARIANTS[name](source).layers
    assert all(type(layer).__module__.startswith("keras.") for layer in layers)


def test_the_sites_of_the_supernets(source):
    every = {"spatial", "large", "pointwise"}
    assert list_sites(VARIANTS["all_sites"](source)) == every
    assert list_sites(VARIANTS["literal"](source)) == every
    spatial = VARIANTS["spatial_sites"](source)
    assert list_sites(spatial) == every - {"pointwise"}


def test_the_floor_enlarges_small_spatial_kernels_alone(source):
    assert kernel_sizes(enlarge_kernels(source)) == {
        **kernel_sizes(source),
        "spatial": (5, 5),
    }


def test_the_floor_keeps_padding_activation_bias_and_shared_layers(rng):
    inputs = keras.Input((2, 2, 3))  # Smaller than any 5×5 kernel.
    hidden = keras.layers.Conv2D(4, 1)(inputs)
    hidden = keras.layers.DepthwiseConv2D(3, padding="same")(hidden)
    padded = keras.layers.ZeroPadding2D(1)(hidden)
    hidden = keras.layers.Conv2D(4, 3, activation="relu", strides=2)(padded)
    shared = keras.layers.Conv2D(4, 3, padding="same", name="shared")
    source = keras.Model(inputs, shared(shared(hidden)))
    for weight in source.trainable_weights:
        weight.assign(rng.normal(size=weight.shape))
    floor = enlarge_kernels(source)
    convolutions = [
        layer
        for layer in floor.layers
        if isinstance(layer, keras.layers.Conv2D | keras.layers.DepthwiseConv2D)
    ]
    sizes = [layer.kernel_size for layer in convolutions]
    assert sizes == [(1, 1), (5, 5), (5, 5), (5, 5)]
    images = rng.normal(size=(2, 2, 2, 3)).astype("float32")
    np.testing.assert_allclose(floor(images), source(images), rtol=1e-4)


@pytest.mark.parametrize("name", ["source", "floor"])
def test_plain_variants_compute_the_source(source, name, images):
    variant = VARIANTS[name](source)
    np.testing.assert_allclose(variant(images), source(images), atol=1e-5)


def test_the_literal_supernet_computes_the_merged_one(source, images):
    merged, literal = VARIANTS["all_sites"](source), VARIANTS["literal"](source)
    for network in (merged, literal):
        network.anneal()
        for index, logits in enumerate(network.logits):
            logits.assign(np.linspace(-1, 1 + index, logits.shape[0]))
    np.testing.assert_allclose(literal(images), merged(images), atol=1e-4)
    assert not np.allclose(merged(images), source(images), atol=1e-2)


def test_the_literal_supernet_convolves_for_each_candidate(source, images):
    merged, literal = (
        count_convolutions(VARIANTS[name](source), images)
        for name in ("all_sites", "literal")
    )
    assert literal >= merged + 5


def test_single_paths_are_sampled_and_the_others_mix(source):
    relaxations = {
        name: getattr(make(source), "relaxation", "none")
        for name, make in VARIANTS.items()
    }
    assert relaxations == {
        "source": "none",
        "all_sites": "expectation",
        "spatial_sites": "expectation",
        "literal": "expectation",
        "single_path": "single_path",
        "floor": "none",
    }


@pytest.mark.parametrize("name", sorted(VARIANTS))
def test_a_step_moves_the_variant_and_leaves_the_source(source_file, name):
    setting = Setting(source_file, 8, 4)
    source = setting.build_source()
    before = source.get_weights()
    variant = VARIANTS[name](source)
    kernel = variant.get_layer("stem").kernel
    at_first = kernel.numpy()
    setting.make_step(variant)()
    assert np.any(kernel != at_first)
    for now, then in zip(source.get_weights(), before, strict=True):
        np.testing.assert_array_equal(now, then)
    # A search is measured half-way, where every candidate counts.
    for choice in getattr(variant, "choices", []):
        assert float(choice.start_pull) == float(choice.end_pull) == 0
        if name != "single_path":
            assert np.all(choice.coefficients() > 0)
