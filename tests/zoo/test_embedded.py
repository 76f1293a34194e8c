"""The embedded model learns, and touches no global random state."""

import random

import keras
import numpy as np
import pytest

from ntaa_tf.zoo import find_source
from ntaa_tf.zoo import load_source
from ntaa_tf.zoo import pretrain_digits
from ntaa_tf.zoo.embedded import load_digits


def _global_state():
    """What the random modules would draw next is decided by this."""
    return repr((random.getstate(), np.random.get_state()))


@pytest.fixture(scope="module")
def pretrained():
    """A pretrained classifier, and the global states around its training."""
    before = _global_state()
    return pretrain_digits(16, seed=3), before, _global_state()


def test_it_recognises_held_out_digits(pretrained):
    model, _, _ = pretrained
    training, held_out = load_digits(16, seed=3)
    logits = model.predict(held_out.images, verbose=0)
    assert np.mean(logits.argmax(axis=-1) == held_out.labels) > 0.97
    assert len(held_out.labels) * 4 <= len(training.labels)


def test_it_is_small(pretrained):
    assert 20_000 < pretrained[0].count_params() < 60_000


def test_global_random_states_are_left_alone(pretrained):
    assert pretrained[1] == pretrained[2]


def test_splits_share_no_image():
    training, held_out = load_digits(8, seed=0)
    train_set = {image.tobytes() for image in training.images}
    assert train_set.isdisjoint(image.tobytes() for image in held_out.images)


def test_images_are_raw_rgb():
    training, _ = load_digits(20, seed=0)
    assert training.images.shape[1:] == (20, 20, 3)
    assert training.images.min() == 0
    assert 250 < training.images.max() <= 255


def test_the_same_seed_gives_the_same_model(monkeypatch):
    monkeypatch.setattr("ntaa_tf.zoo.embedded._EPOCHS", 1)
    keras.utils.set_random_seed(1)
    first = pretrain_digits(8, seed=0)
    keras.utils.set_random_seed(2)
    second = pretrain_digits(8, seed=0)
    other = pretrain_digits(8, seed=1)
    for a, b in zip(first.get_weights(), second.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-3, atol=1e-4)
    kernels = first.get_weights()[0], other.get_weights()[0]
    assert np.abs(kernels[0] - kernels[1]).max() > 0.01


def test_it_loads_as_a_source_without_its_classifier(monkeypatch):
    monkeypatch.setattr("ntaa_tf.zoo.embedded._EPOCHS", 1)
    model = load_source(find_source("digits0to4"), 16)
    assert model.output_shape == (None, 4, 4, 48)
    assert "preprocess" in [layer.name for layer in model.layers]
