"""The embedded model learns and leaves global random states alone."""

import random

import keras
import numpy as np
import pytest

from ntaa_tf.zoo import embedded
from ntaa_tf.zoo import find_source
from ntaa_tf.zoo import load_source
from ntaa_tf.zoo import pretrain_digits
from ntaa_tf.zoo.cutting import cut_classifier
from ntaa_tf.zoo.embedded import load_digits


def _global_state():
    """The states that decide the next random numbers."""
    return repr((random.getstate(), np.random.get_state()))


@pytest.fixture(scope="module")
def pretrained():
    """A pretrained classifier, and the global states before and after."""
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


def test_only_the_seed_decides_the_model(pretrained, monkeypatch):
    monkeypatch.setattr(embedded, "_EPOCHS", 1)
    monkeypatch.setattr(embedded, "_CHANNELS", (16,))  # One block is enough.
    keras.utils.set_random_seed(1)
    first = pretrain_digits(8, seed=0).get_weights()
    keras.utils.set_random_seed(2)
    second = pretrain_digits(8, seed=0).get_weights()
    for a, b in zip(first, second, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-3, atol=1e-4)
    assert np.abs(first[0] - pretrained[0].get_weights()[0]).max() > 0.1


def test_it_loads_as_a_source_without_its_classifier(pretrained, monkeypatch):
    model, _, _ = pretrained
    monkeypatch.setattr(embedded, "pretrain_digits", lambda _: model)
    source = load_source(find_source("digits0to4"), 16)
    _, held_out = load_digits(16, seed=3)
    logits = model.get_layer("logits")(
        keras.ops.mean(source(held_out.images), axis=(1, 2))
    )
    expected = model(held_out.images)
    np.testing.assert_allclose(logits, expected, rtol=0, atol=1e-3)


def test_untrained_it_is_the_same_network(pretrained, monkeypatch):
    def fail(_):
        raise AssertionError("trained")

    monkeypatch.setattr(embedded, "pretrain_digits", fail)
    source = load_source(find_source("digits0to4"), 16, trained=False)
    trained = cut_classifier(pretrained[0])
    names = [layer.name for layer in trained.layers]
    assert [layer.name for layer in source.layers] == names
    assert [weight.shape for weight in source.weights] == [
        weight.shape for weight in trained.weights
    ]
