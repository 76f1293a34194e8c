"""AlexNet is torchvision's, and a source like those of Keras."""

import keras
import numpy as np
import pytest

from ntaa_tf.graph.cost import measure_cost
from ntaa_tf.search.derive import collapse
from ntaa_tf.search.insert import insert_mixed_ops
from ntaa_tf.zoo import choose_image_size
from ntaa_tf.zoo import find_source
from ntaa_tf.zoo import load_source
from ntaa_tf.zoo.alexnet import build_alexnet

# Small images make small dense layers.
SIZE = (63, 63)


def test_it_has_the_parameters_of_the_published_network():
    """61,100,840, without the 4,097,000 of a classifier of 1,000 classes."""
    model = build_alexnet((224, 224))
    assert model.count_params() == 61_100_840 - 4_097_000
    maps = [
        model.get_layer(name).output.shape[1:] for name in ("conv1", "pool5")
    ]
    assert maps == [(55, 55, 64), (6, 6, 256)]
    cost = measure_cost(model)
    assert cost.depth == 7
    assert cost.macs == 714_188_480 - 4_096_000


def test_weights_come_from_a_file(tmp_path):
    trained = build_alexnet((224, 224))
    path = str(tmp_path / "alexnet.weights.h5")
    trained.save_weights(path)
    info = find_source("alexnet", path)
    assert choose_image_size(info, (32, 32)) == (224, 224)
    source = load_source(info, 224)
    np.testing.assert_array_equal(
        source.get_layer("fc7").kernel, trained.get_layer("fc7").kernel
    )
    with pytest.raises(ValueError, match=r"`weights`.*does not fit"):
        load_source(info, 128)


def test_there_are_no_weights_to_download():
    with pytest.raises(ValueError, match=r"`weights`.*which Keras has no weig"):
        find_source("alexnet")


def test_images_too_small_for_its_pooling_are_refused():
    info = find_source("alexnet", "none")
    assert choose_image_size(info, (32, 32)) == SIZE
    load_source(info, SIZE, trained=False)
    with pytest.raises(
        ValueError, match=r"`image_size`\. Expected at least 63"
    ):
        load_source(info, 62)


def test_it_is_searched_and_collapses_exactly():
    keras.utils.set_random_seed(0)
    source = load_source(find_source("alexnet", "none"), SIZE)
    supernet = insert_mixed_ops(source)
    # The first is the stem.
    assert [choice.name for choice in supernet.choices] == [
        f"conv{index}" for index in range(2, 6)
    ]
    images = np.random.default_rng(0).uniform(0, 255, (2, *SIZE, 3))
    expected = source(images)
    np.testing.assert_allclose(supernet(images), expected, atol=1e-5)
    np.testing.assert_allclose(collapse(supernet)(images), expected, atol=1e-5)
