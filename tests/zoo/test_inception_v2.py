"""Inception-V2 equals Caffe's BN-Inception and can be searched."""

import keras
import numpy as np
import pytest

from ntaa_tf.graph.cost import measure_cost
from ntaa_tf.graph.select import find_convolutions
from ntaa_tf.graph.select import select_sites
from ntaa_tf.search.derive import collapse
from ntaa_tf.search.insert import insert_mixed_ops
from ntaa_tf.training.batch_norm_calibration import Recalibration
from ntaa_tf.zoo import choose_image_size
from ntaa_tf.zoo import find_source
from ntaa_tf.zoo import load_source
from ntaa_tf.zoo.inception_v2 import build_inception_v2

CLASSIFIER = 1_000 * (1_024 + 1)


@pytest.fixture(scope="module")
def network():
    """The network at its native size, which no test changes."""
    keras.utils.set_random_seed(0)
    return build_inception_v2((224, 224))


@pytest.fixture(scope="module")
def path(network, tmp_path_factory):
    """A file of the network's weights."""
    path = str(tmp_path_factory.mktemp("weights") / "inception.weights.h5")
    network.save_weights(path)
    return path


@pytest.fixture(scope="module")
def source(path):
    """A source of the smallest possible image size with these weights."""
    return load_source(find_source("inception_v2", path), 32)


def _convolutions(model):
    return [
        layer
        for layer in model.layers
        if isinstance(layer, keras.layers.Conv2D)
    ]


def test_it_has_the_parameters_of_the_published_network(network):
    """11,295,240 with biases and without the moving statistics.

    That is the count of pretrained-models.pytorch and of imgclsmob.
    """
    channels = sum(layer.filters for layer in _convolutions(network))
    moving_statistics, biases = 2 * channels, channels
    assert network.count_params() == 10_280_256
    assert (
        network.count_params() - moving_statistics + biases + CLASSIFIER
    ) == 11_295_240


def test_it_has_the_maps_of_the_paper(network):
    maps = {
        "conv1": (112, 112, 64),
        "pool1": (56, 56, 64),
        "conv2": (56, 56, 192),
        "pool2": (28, 28, 192),
        "inception_3a_output": (28, 28, 256),
        "inception_3b_output": (28, 28, 320),
        "inception_3c_output": (14, 14, 576),
        "inception_4e_output": (7, 7, 1056),
        "inception_5b_output": (7, 7, 1024),
    }
    for name, expected in maps.items():
        assert network.get_layer(name).output.shape[1:] == expected


def test_it_costs_what_is_published(network):
    """imgclsmob publishes 2,048.06 M, which include more than MACs."""
    cost = measure_cost(network)
    assert cost.macs + CLASSIFIER == pytest.approx(2_048.06e6, rel=0.01)
    assert cost.depth == 1 + 2 + 10 * 3  # The longest branch: 1x1, 3x3, 3x3.


def test_the_smallest_image_gives_one_pixel(source):
    info = find_source("inception_v2", "none")
    assert choose_image_size(info, (20, 20)) == (32, 32)
    assert source(np.zeros((1, 32, 32, 3))).shape == (1, 1, 1, 1024)
    with pytest.raises(ValueError, match=r"`image_size`: 31x31.*at least 32"):
        load_source(info, 31)


def test_weights_come_from_a_file(network, path, source):
    info = find_source("inception_v2", path)
    assert choose_image_size(info, (32, 32)) == (128, 128)
    np.testing.assert_array_equal(
        source.get_layer("inception_5b_3x3").kernel,
        network.get_layer("inception_5b_3x3").kernel,
    )
    with pytest.raises(ValueError, match=r"`weights`: Keras has no ImageNet"):
        find_source("inception_v2")


def test_every_convolution_but_the_first_is_a_site(network):
    """No branch is mistaken for a shortcut or a gate."""
    sites = select_sites(find_convolutions(network))
    names = {layer.name for layer in _convolutions(network)}
    assert {site.name for site in sites} == names - {"conv1"}
    assert len(sites) == 68


@pytest.mark.long
def test_it_is_searched_and_collapses_exactly(source, rng):
    images = rng.uniform(0, 255, (4, 32, 32, 3)).astype("float32")
    Recalibration(source)([images])
    branches = "1x1|3x3|double_2|pool_projection"
    supernet = insert_mixed_ops(source, sites=f"inception_4a_({branches})")
    assert len(supernet.choices) == 4
    expected = np.array(source(images))
    bound = 1e-5 * np.ptp(expected)
    np.testing.assert_allclose(supernet(images), expected, atol=bound)
    np.testing.assert_allclose(collapse(supernet)(images), expected, atol=bound)
