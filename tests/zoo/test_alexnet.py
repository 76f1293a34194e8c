"""AlexNet equals torchvision's and can be searched like Keras's models."""

import keras
import numpy as np
import pytest

from ntaa_tf.graph.cost import measure_cost
from ntaa_tf.search.derive import collapse
from ntaa_tf.search.insert import insert_mixed_ops
from ntaa_tf.zoo import alexnet
from ntaa_tf.zoo import choose_image_size
from ntaa_tf.zoo import find_source
from ntaa_tf.zoo import load_source
from ntaa_tf.zoo.alexnet import build_alexnet

SIZE = (63, 63)


@pytest.fixture(scope="module")
def network():
    """AlexNet at its native size, which no test changes."""
    return build_alexnet((224, 224))


def test_it_has_the_parameters_of_the_published_network(network):
    """61,100,840 parameters, less 4,097,000 of the 1,000-class classifier."""
    assert network.count_params() == 61_100_840 - 4_097_000
    maps = [
        network.get_layer(name).output.shape[1:] for name in ("conv1", "pool5")
    ]
    assert maps == [(55, 55, 64), (6, 6, 256)]
    cost = measure_cost(network)
    assert cost.depth == 7
    assert cost.macs == 714_188_480 - 4_096_000


@pytest.fixture
def small_layers(monkeypatch):
    """AlexNet's dense layers, which hold most weights, are small."""
    monkeypatch.setattr(alexnet, "_UNITS", 64)


@pytest.mark.usefixtures("small_layers")
def test_weights_come_from_a_file(tmp_path):
    """They fit one size only, because of the dense layers."""
    trained = build_alexnet(SIZE)
    path = str(tmp_path / "alexnet.weights.h5")
    trained.save_weights(path)
    info = find_source("alexnet", path)
    assert choose_image_size(info, (32, 32)) == (224, 224)
    source = load_source(info, SIZE)
    np.testing.assert_array_equal(
        source.get_layer("fc7").kernel, trained.get_layer("fc7").kernel
    )
    with pytest.raises(ValueError, match=r"`weights`.*does not fit"):
        load_source(info, 128)


def test_there_are_no_weights_to_download():
    with pytest.raises(ValueError, match=r"`weights`: Keras has no ImageNet"):
        find_source("alexnet")


@pytest.mark.usefixtures("small_layers")
def test_images_too_small_for_its_pooling_are_refused():
    info = find_source("alexnet", "none")
    assert choose_image_size(info, (32, 32)) == SIZE
    load_source(info, SIZE, trained=False)
    with pytest.raises(ValueError, match=r"`image_size`: 62x62.*at least 63"):
        load_source(info, 62)


@pytest.mark.usefixtures("small_layers")
def test_it_is_searched_and_collapses_exactly():
    keras.utils.set_random_seed(0)
    source = load_source(find_source("alexnet", "none"), SIZE)
    supernet = insert_mixed_ops(source)
    # The first convolution is the stem.
    assert [choice.name for choice in supernet.choices] == [
        f"conv{index}" for index in range(2, 6)
    ]
    images = np.random.default_rng(0).uniform(0, 255, (2, *SIZE, 3))
    expected = source(images)
    np.testing.assert_allclose(supernet(images), expected, atol=1e-5)
    np.testing.assert_allclose(collapse(supernet)(images), expected, atol=1e-5)
